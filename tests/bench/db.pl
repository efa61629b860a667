#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-db: what record_report() costs, and record_reports() for each of 64 reports, against
# the bare statements of a hard bounce in the same session, in turns. The 64 together are held
# against the bare statements of 64 together, and against those of one alone, too. One database is
# new, without statistics, one has many communications, one knows many domains, one has an outage;
# and there are several sessions at once. Every report is looked up afterwards: one that did not do
# what it should ends the run. ROWS (1000000) sets the size of the large one, REPORTS (15) how many
# of each kind a round records. The ratios are what counts.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure);
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;
use Time::HiRes qw(time);

use constant { ROUNDS => 20, TOGETHER => 64, BURST => 1600, WARM_UP => 25, STEPS => 2_000_000,
    BARE_BURST => 8000 };

# What must have come of each report.
my %effect = (
    'hard, by token'     => 'hard token bounced blocked hard_bounce',
    'hard, together'     => 'hard token bounced blocked hard_bounce',
    'soft, by token'     => 'soft token bounced t',
    'refused, by token'  => 'technical token bounced delivery_problem',
    'automatic reply'    => 'auto_reply token sent',
    'the same again'     => 'duplicate',
    'by address only'    => 'hard address sent hard_bounce',
    'of no mail of ours' => 'hard address bounce_without_communication',
);
my @hard = ('hard, by token', 'hard, together');
my @all  = (@hard, grep { !/^hard/ } sort keys %effect);
my %case = (
    new     => { rows => 10_000,                  kinds => \@all },
    many    => { rows => $ENV{ROWS} || 1_000_000, kinds => \@all },
    domains => { rows => 10_000,                  kinds => \@hard, known => 50_000 },
    outage  => {
        rows    => 10_000,
        kinds   => \@hard,
        domains => 1,
        effect  => 'hard token bounced held outage',
    },
);
my @cases   = qw(new many domains outage);
my $reports = $ENV{REPORTS} || 15;

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

fill($_)    for @cases;
measure($_) for 0 .. ROUNDS;
my %ratio = map { ($_ => show($_)) } @cases;
for my $name (grep { $_ ne 'new' } @cases) {
    figure(
        name   => "hard, by token: $name against new",
        unit   => '',
        values => [ $ratio{$name} / $ratio{new} ],
        target => '<= 1.1'
    );
}
figure(
    name    => 'processor alone: eight sessions against one',
    unit    => '',
    values  => [ at_once('new', 1, compute(8)) / at_once('new', 8, compute(1)) ],
    against => 'what two cores could give at most'
);
figure(
    name    => 'bare statements: eight sessions against one',
    unit    => '',
    values  => [ at_once('new', 1, write_bare(1)) / at_once('new', 8, write_bare(8)) ],
    against => 'what PostgreSQL gains with as few rows as can be'
);
for my $name (qw(new outage)) {
    # one before and one after, so that what grows with each bounce is not taken for contention
    my ($before, $eight, $after) = map { rate($name, $_) } 1, 8, 1;
    my $one = ($before + $after) / 2;
    figure(
        name    => "$name: eight sessions against one",
        unit    => '',
        values  => [ $eight / $one ],
        against => sprintf('%.0f bounces/s by one, %.0f afterwards', $before, $after),
        target  => '>= 1.7'
    );
}
$instance->discard;

sub fill {
    my ($name) = @_;
    my $case = $case{$name};
    print "  · filling in $case->{rows} communications: $name\n";
    $db->sql("CREATE DATABASE \"$name\" TEMPLATE bounce;\n", dbname => 'postgres');
    $db->sql(
        "\\i $FindBin::Bin/db.sql\n",
        dbname  => $name,
        rows    => $case->{rows},
        days    => 0,
        age     => 0,
        known   => $case->{known}   || 400,
        domains => $case->{domains} || 400
    );
    # the new one is left without statistics
    $db->sql("VACUUM ANALYZE;\n", dbname => $name) if $name ne 'new';
    # what comes before the outage is noticed
    $db->sql(
        "INSERT INTO test.start VALUES (now());\n"
            . "CALL test.record_many(30, 0, $case->{rows});\nDELETE FROM test.start;\n",
        dbname => $name
    ) if $name eq 'outage';
    return;
}

# All databases in turns; the first round is for plans and caches.
sub measure {
    my ($round) = @_;
    for my $name (@cases) {
        my $case = $case{$name};
        $db->sql(
            join(
                '',
                (map { measure_kind($_, $case->{rows}, $round) } @{ $case->{kinds} }),
                "SELECT test.close_unproven();\n"
            ),
            dbname => $name
        );
    }
    return;
}

sub measure_kind {
    my ($kind, $rows, $round) = @_;
    return $kind eq 'hard, together'
        ? 'CALL test.measure_together(' . TOGETHER . ", $rows, $round);\n"
        : "CALL test.measure('$kind', $reports, $rows, $round);\n";
}

# Prints the rows of a database, after having seen that every report did what it should; the ratio
# of a hard bounce.
sub show {
    my ($name) = @_;
    my %row = map { ($_->{what} => $_) } @{ $db->rows(<<'END', dbname => $name) };
SELECT c.what, sum(c.n) AS n, string_agg(DISTINCT c.effects, ' | ') AS effects,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY c.bare) FILTER (WHERE c.round > 0) AS bare,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY c.recorded) FILTER (WHERE c.round > 0)
         AS recorded,
       percentile_cont(0.25) WITHIN GROUP (ORDER BY c.recorded / c.bare) FILTER (WHERE c.round > 0)
         AS low,
       percentile_cont(0.75) WITHIN GROUP (ORDER BY c.recorded / c.bare) FILTER (WHERE c.round > 0)
         AS high
FROM (SELECT q.what, q.round, count(*) AS n, string_agg(DISTINCT q.effect, ' | ') AS effects,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY q.bare) AS bare,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY q.recorded) AS recorded
      FROM test.cost AS q GROUP BY q.what, q.round) AS c
GROUP BY c.what
END
    for my $kind (@{ $case{$name}{kinds} }) {
        my $row    = $row{$kind}          || { n => 0, effects => 'nothing' };
        my $wanted = $case{$name}{effect} || $effect{$kind};
        die "$name, $kind: $row->{n} reports, $row->{effects} instead of $wanted\n"
            if $row->{n} != ($kind eq 'hard, together' ? TOGETHER : $reports) * (ROUNDS + 1)
            || $row->{effects} ne $wanted;
        figure(
            name    => "$name: $kind",
            unit    => '',
            values  => [ $row->{low}, $row->{recorded} / $row->{bare}, $row->{high} ],
            against => sprintf('bare statements, %.0f us; quartiles', $row->{bare}),
            $kind =~ /^hard/ ? (target => '<= 4') : ());
    }
    my ($alone, $together) = @row{@hard};
    figure(
        name    => "$name: hard, together, against one alone",
        unit    => '',
        values  => [ $together->{recorded} / $alone->{bare} ],
        against => sprintf('bare statements of one bounce, %.0f us', $alone->{bare}),
        target  => '<= 4'
    );
    return $alone->{recorded} / $alone->{bare};
}

sub compute {
    my ($share) = @_;
    return 'CALL test.compute_only(' . $share * STEPS / 8 . ');';
}

sub write_bare {
    my ($sessions) = @_;
    return 'CALL test.write_only(' . WARM_UP . ', ' . BARE_BURST / $sessions . ');';
}

# Hard bounces a second, by several sessions that have recorded before, as those of a pool have.
sub rate {
    my ($name, $sessions) = @_;
    my $each    = BURST / $sessions;
    my $before  = recorded($name);
    my $seconds = at_once($name, $sessions,
        'CALL test.record_many(' . WARM_UP . ", $each, $case{$name}{rows});");
    my $done     = recorded($name) - $before;
    my $expected = BURST + $sessions * WARM_UP;
    die "$name: $done reports were recorded by $sessions sessions, not $expected\n"
        if $done != $expected;
    return BURST / $seconds;
}

# Seconds from the start until the last of the sessions is done.
sub at_once {
    my ($name, $sessions, $statement) = @_;
    $db->sql("TRUNCATE test.line, test.start;\n", dbname => $name);
    my @children = map { session($name, $statement) } 1 .. $sessions;
    $instance->wait_for(120,
        sub { $db->value("SELECT count(*) FROM test.line", dbname => $name) == $sessions })
        or die "$name: not all of $sessions sessions began\n";
    my $began = time;
    $db->sql("INSERT INTO test.start VALUES (now());\n", dbname => $name);
    for my $pid (@children) {
        waitpid $pid, 0;
        die "$name: a session of $sessions failed\n" if $?;
    }
    return time - $began;
}

sub session {
    my ($name, $statement) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    $db->sql("$statement\n", dbname => $name);
    require POSIX;
    return POSIX::_exit(0);
}

sub recorded {
    my ($name) = @_;
    return $db->rows("SELECT count(*) AS n FROM bounce.bounce WHERE class = 'hard'",
        dbname => $name)->[0]{n};
}
