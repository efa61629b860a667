#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-db: what record_report() costs with many communications in the table, against few. ROWS
# (1000000) and FEW (10000) set the sizes, REPORTS (30) how many of each kind a round records;
# rounds take turns, so that a busy machine is busy for both. The ratio is what counts; make
# bench-db ROWS=10000000 takes some minutes to fill the table.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;

use constant ROUNDS => 20;
use constant KINDS =>
    ('hard, by token', 'soft, by Message-ID', 'by address only', 'of no mail of ours');

my %rows    = (few => $ENV{FEW} || 10_000, many => $ENV{ROWS} || 1_000_000);
my $reports = $ENV{REPORTS} || 30;

$| = 1;
chdir Bounce::Instance::tree() or die "chdir: $!\n";
Bounce::Instance->prune('check-');
my $instance = Bounce::Instance->new(name => "check-$$");
my $db       = Bounce::Postgres->new($instance)->start;
# the tests' 32 MB would measure the cache
$db->sql("ALTER SYSTEM SET shared_buffers = '512MB';\n", dbname => 'postgres');
$db->stop;
$db->restart;
Bounce::Daemon->new($instance, $db)->init_database;

for my $size (qw(few many)) {
    print "  · filling in $rows{$size} communications\n";
    $db->sql("CREATE DATABASE $size TEMPLATE bounce;\n", dbname => 'postgres');
    $db->sql("\\i $FindBin::Bin/db.sql\n", dbname => $size, rows => $rows{$size});
}
print '  · ', ROUNDS * $reports, " reports of each kind\n";
for my $round (0 .. ROUNDS) {
    for my $size (qw(few many)) {
        $db->sql(join('', map { "CALL test.measure('$_', $reports, $rows{$size});\n" } KINDS),
            dbname => $size);
        $db->sql("TRUNCATE test.cost;\n", dbname => $size) if $round == 0;    # plans and caches
    }
}
my %cost = map { ($_ => median($_)) } qw(few many);
printf "%-22s %12s %12s %7s\n", 'median, microseconds', map({ "$rows{$_} rows" } qw(few many)),
    'ratio';
printf "%-22s %12.0f %12.0f %7.2f\n", $_, $cost{few}{$_}, $cost{many}{$_},
    $cost{many}{$_} / $cost{few}{$_}
    for KINDS, 'all';
$instance->discard;

# Microseconds of one report, by kind.
sub median {
    my ($size) = @_;
    my $rows = $db->rows(<<'END', dbname => $size);
SELECT coalesce(kind, 'all') AS kind, percentile_cont(0.5) WITHIN GROUP (ORDER BY microseconds) AS
  cost FROM test.cost GROUP BY ROLLUP (kind)
END
    return { map { ($_->{kind} => $_->{cost}) } @$rows };
}
