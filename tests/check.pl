#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make check: one private PostgreSQL with the schema and pgTAP, then prove over all tests: the unit
# tests (UNIT_TESTS of the Makefile), the tree's own tests, the SQL tests, the end-to-end tests.
# Arguments are test files, or folders of them, to run instead of all. --no-server (make test)
# starts no server; its arguments are tests that need none.
use strict;
use warnings;
use File::Find ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;
use Bounce::Process;

use constant TEMPLATE => 'bounce';

chdir Bounce::Instance::tree() or die "chdir: $!\n";
$ENV{PATH} .= ':/usr/sbin:/sbin';    # postconf; an ordinary user of Debian has no sbin there
my $needs_server = !(@ARGV && $ARGV[0] eq '--no-server' && shift @ARGV);
my @tests        = map { files_of($_) } @ARGV ? @ARGV : all();
@tests or die "no tests\n";

my $instance;
if ($needs_server) {
    Bounce::Instance->prune('check-');
    $instance = prepare_database();
    $ENV{BOUNCE_UNRUN} = $instance->path('unrun');
    Bounce::Process::may_be_root();    # a password is asked now, not by a test
}
system 'prove', '-j2', '--exec', 'tests/run-one', @tests;
my $status = $? == -1 || $? & 127 ? 1 : $? >> 8;
$status ||= name_unrun() if $instance;
$instance->discard if $instance && $status == 0;
exit $status;

sub all { return (split(' ', $ENV{UNIT_TESTS} // ''), qw(tests/house tests/sql tests/e2e)) }

sub files_of {
    my ($path) = @_;
    return $path unless -d $path;
    my @file;
    File::Find::find({ no_chdir => 1, wanted => sub { push @file, $_ if /\.(?:sql|t)\z/ } }, $path);
    return sort @file;
}

# A test that could not run is no success: says which, and why.
sub name_unrun {
    my %unrun = map { ($_ => 1) } $instance->read_lines($ENV{BOUNCE_UNRUN}) or return 0;
    print "Not run, because they start Postfix, which needs root, and sudo lets us not:\n",
        map { "  $_" } sort keys %unrun;
    return 1;
}

sub prepare_database {
    my $instance = Bounce::Instance->new(name => "check-$$");
    my $db       = Bounce::Postgres->new($instance)->start;
    Bounce::Daemon->new($instance, $db)->init_database;
    $db->sql("CREATE EXTENSION pgtap;\n", dbname => TEMPLATE);
    my %environment = ($db->environment, BOUNCE_TEMPLATE => TEMPLATE);
    @ENV{ keys %environment } = values %environment;
    return $instance;
}
