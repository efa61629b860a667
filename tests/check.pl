#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make check: one private PostgreSQL with the schema and pgTAP for the SQL tests, then prove over all tests:
# the C unit tests (UNIT_TESTS of the Makefile), the SQL tests, the end-to-end tests. Arguments are test files to
# run instead of all.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;

use constant TEMPLATE => 'bounce';

chdir Bounce::Instance::tree() or die "chdir: $!\n";
my @tests = @ARGV ? @ARGV : (split(' ', $ENV{UNIT_TESTS} // ''), glob('tests/house/*.t'),
    glob('tests/sql/*.sql'), glob('tests/e2e/*.t'));
@tests or die "no tests\n";

Bounce::Instance->prune('check-');
my $instance = prepare_database();
system 'prove', '-j2', '--exec', 'tests/run-one', @tests;
my $status = $? == -1 || $? & 127 ? 1 : $? >> 8;
$instance->discard if $status == 0;
exit $status;

sub prepare_database {
    my $instance = Bounce::Instance->new(name => "check-$$");
    my $db       = Bounce::Postgres->new($instance)->start;
    Bounce::Daemon->new($instance, $db)->init_database;
    $db->sql("CREATE EXTENSION pgtap;\n", dbname => TEMPLATE);
    my %environment = ($db->environment, BOUNCE_TEMPLATE => TEMPLATE);
    @ENV{ keys %environment } = values %environment;
    return $instance;
}
