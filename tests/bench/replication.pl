#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-replication: what a COMMIT that waits for a standby costs. The same standby follows all
# the time; waiting for it and not waiting take turns, in one session by synchronous_commit: a bare
# row, one bounce, 64 bounces together; and SESSIONS (8) sessions that record at once. Both servers
# are on this machine and its one disk, with fsync: there is no network in the figures. ROUNDS (6)
# and TURNS (10, of a round) set its length. Fails unless the standby had every bounce for which a
# COMMIT waited, and has all of them in the end.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure median);
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;
use Bounce::Process;
use POSIX       ();
use Time::HiRes qw(time);

use constant { MAILS => 50_000, WARM_UP => 10, PATIENCE => 120, TOGETHER => 64, EACH => 40 };
use constant EFFECT => 'hard token bounced blocked hard_bounce';
my $rounds   = $ENV{ROUNDS}   || 6;
my $turns    = $ENV{TURNS}    || 10;
my $sessions = $ENV{SESSIONS} || 8;
my @commit = ([ 'a bare row', 0 ], [ 'a bounce', 1 ], [ TOGETHER . ' bounces together', TOGETHER ]);

$| = 1;
chdir Bounce::Instance::tree() or die "chdir: $!\n";
Bounce::Instance->prune('check-');
my $instance = Bounce::Instance->new(name => "check-$$");
my $db       = Bounce::Postgres->new($instance)->start;
# as on a machine that may lose its power, and with more memory than the tests have
my %setting = (fsync => 'on', full_page_writes => 'on', shared_buffers => '512MB');
$db->sql(join('', map { "ALTER SYSTEM SET $_ = '$setting{$_}';\n" } sort keys %setting),
    dbname => 'postgres');
$db->stop;
$db->restart;
Bounce::Daemon->new($instance, $db)->init_database;
my %size = (rows => MAILS, days => 0, age => 0, known => 400, domains => 400);
$db->sql("\\i $FindBin::Bin/$_.sql\n", %size) for qw(db replication);
$db->sql("VACUUM ANALYZE;\n");
my $standby = Bounce::Postgres->standby($db);
$instance->wait_for(PATIENCE,
    sub { $db->value('SELECT sync_state FROM pg_stat_replication') eq 'sync' })
    or die "the standby does not become synchronous\n";
$_->value('SHOW fsync') eq 'on' or die "fsync is off\n" for $db, $standby;

take_turns($_) for 0 .. $rounds;    # the first one is for caches
check_turns();
show_commits(@$_) for @commit;
show_sessions();
$instance->discard;

sub take_turns {
    my ($round) = @_;
    my %variable = (turns => $turns, round => $round, total => MAILS);
    for my $commit (@commit) {
        my ($what, $bounces) = @$commit;
        $db->sql(
            "CALL test.take_turns(:'what', :bounces, :turns, :round, :total);\n",
            %variable,
            what    => $what,
            bounces => $bounces
        );
    }
    return;
}

sub check_turns {
    my $late = $db->value("SELECT count(*) FROM test.turn_taken WHERE how = 'on' AND NOT is_there");
    $late == 0 or die "$late COMMITs did not wait for the standby\n";
    $db->value("SELECT count(*) FROM test.turn_taken WHERE how = 'local' AND NOT is_there") > 0
        or die "every COMMIT waited for the standby\n";
    my $other = $db->value('SELECT count(*) FROM test.turn_taken WHERE message_id IS NOT NULL '
            . "AND test.effect(message_id) IS DISTINCT FROM '${\EFFECT}'");
    $other == 0 or die "$other bounces were not recorded as they should\n";
    my $expected = ($rounds + 1) * $turns * 2 * (1 + TOGETHER);
    is_on_both($expected);
    return;
}

sub is_on_both {
    my ($expected) = @_;
    for my $server ($db, $standby) {
        $instance->wait_for(PATIENCE, sub { recorded($server) == $expected })
            or die recorded($server) . " bounces are recorded instead of $expected\n";
    }
    return;
}

sub recorded {
    my ($server) = @_;
    return $server->value("SELECT count(*) FROM bounce.bounce WHERE class = 'hard'");
}

# Of each round the middle one of its turns.
sub of_rounds {
    my ($what, $how) = @_;
    my $rows = $db->rows(<<'SQL', what => $what, how => $how);
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY us) AS us FROM test.turn_taken
WHERE what = :'what' AND how = :'how' AND round > 0 GROUP BY round ORDER BY round
SQL
    return map { $_->{us} / 1000 } @$rows;
}

sub show_commits {
    my ($what, $bounces) = @_;
    my @local = of_rounds($what, 'local');
    my @on    = of_rounds($what, 'on');
    figure(name => "$what, own disk",           unit => 'ms', values => \@local);
    figure(name => "$what, standby's disk too", unit => 'ms', values => \@on);
    show_ratio($what, \@on, \@local);
    return;
}

sub show_ratio {
    my ($what, $with, $without) = @_;
    figure(
        name   => "$what: waiting against not waiting",
        unit   => '',
        values => [ map { $with->[$_] / $without->[$_] } 0 .. $#$with ]);
    return;
}

sub show_sessions {
    my %rate;
    for my $round (0 .. $rounds) {
        my @how = $round % 2 ? qw(local on) : qw(on local);
        for my $how (@how) {
            my $rate = rate($how);
            push @{ $rate{$how} }, $rate if $round > 0;
        }
    }
    my $what = "$sessions sessions, a bounce a COMMIT";
    figure(name => "$what, own disk", unit => 'bounces/s', values => $rate{local}, digits => 0);
    figure(
        name   => "$what, standby's too",
        unit   => 'bounces/s',
        values => $rate{on},
        digits => 0
    );
    show_ratio($what, @rate{qw(on local)});
    return;
}

# Bounces a second of all sessions, from the moment when all of them are warm.
sub rate {
    my ($how) = @_;
    my $before = recorded($db);
    my $call
        = "SET synchronous_commit = '$how';\n"
        . 'CALL test.record_many('
        . join(', ', WARM_UP, EACH, MAILS) . ");\n";
    $db->sql("TRUNCATE test.line, test.start;\n");
    my @child = map {
        Bounce::Process::in_child(sub { $db->sql($call); POSIX::_exit(0) })
    } 1 .. $sessions;
    $instance->wait_for(PATIENCE, sub { $db->value('SELECT count(*) FROM test.line') == $sessions })
        or die "not all of $sessions sessions began\n";
    my $began = time;
    $db->sql("INSERT INTO test.start VALUES (now());\n");
    die "a session failed\n" if grep { waitpid $_, 0; $? } @child;
    my $seconds = time - $began;
    is_on_both($before + $sessions * (WARM_UP + EACH));
    return $sessions * EACH / $seconds;
}
