#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make check: one private PostgreSQL with the schema and pgTAP for the SQL tests, then prove over all tests:
# the C unit tests, the SQL tests, the end-to-end tests. Arguments are test files to run instead of all.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;

use constant TEMPLATE => 'bounce';

chdir Bounce::Instance::tree() or die "chdir: $!\n";
my $build = Bounce::Instance::build_dir();
my @tests = @ARGV ? @ARGV : (glob("$build/tests/unit/*"), glob('tests/sql/*.sql'), glob('tests/e2e/*.t'));
@tests = grep { -f && !/\.(?:d|o)$/ } @tests or die "no tests\n";

Bounce::Instance->prune('check-');
prepare_database();
system 'prove', '-j2', '--exec', 'tests/run-one', @tests;
exit($? == -1 || $? & 127 ? 1 : $? >> 8);

sub prepare_database {
    my $instance = Bounce::Instance->new(name => "check-$$");
    my $db = Bounce::Postgres->new($instance)->start;
    Bounce::Daemon->new($instance, $db)->init_database;
    $db->sql("CREATE EXTENSION pgtap;\n", dbname => TEMPLATE);
    my %environment = ($db->environment, BOUNCE_TEMPLATE => TEMPLATE);
    @ENV{ keys %environment } = values %environment;
    return;
}
