#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-postfix: bounces a second through Postfix and bounce-milter into the database, held
# against the same Postfix with a milter that only discards, and without a milter, where it discards
# the mails itself. The three take turns. BOUNCES (600) is the size of a turn, ROUNDS (3) and
# SESSIONS (8) as they say. fsync is off, so that it shows the cost of the programs and not of the
# disk. Fails unless every bounce is recorded, as a hard one of its communication, and both milters
# and Postfix discarded every mail that they were given.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure);
use Bounce::Process;
use Bounce::SmtpClient;
use Bounce::Stage;
use Time::HiRes qw(time);

my $bounces  = $ENV{BOUNCES}  || 600;
my $rounds   = $ENV{ROUNDS}   || 3;
my $sessions = $ENV{SESSIONS} || 8;
my $pool     = $ENV{POOL}     || 4;      # what is shipped

$| = 1;
my $stage    = Bounce::Stage->new(name => "check-$$", daemon => daemon(), postfix => postfix());
my $instance = $stage->instance;
my %port     = map { ($_ => $instance->free_port) } qw(none discard);
start();
my @mails     = mails();
my %rate      = map { ($_ => []) } qw(none discard bounce);
my %processor = map { ($_ => []) } qw(discard milter database);

for my $round (0 .. $rounds) {
    my @turn   = splice @mails, 0, $bounces;
    my %before = used();
    my %now    = (
        none    => rate($port{none},       map { [ 'somebody@discard.test', $_->[1] ] } @turn),
        discard => rate($port{discard},    @turn),
        bounce  => rate($stage->mta->port, @turn));
    my %after = used();
    next if $round == 0;    # plans and caches
    push @{ $rate{$_} }, $now{$_} for keys %now;
    push @{ $processor{$_} }, ($after{$_} - $before{$_}) / $bounces * 1000 for keys %before;
}
check($bounces * ($rounds + 1));
show();
$instance->discard;

sub daemon { return { pool_size => $pool, log_level => 'warning' } }

sub postfix { return { main => { transport_maps => 'inline:{discard.test=discard:}' } } }

# Two more ports of the same Postfix.
sub start {
    my $socket = $instance->path('milter/discard');
    $stage->{postfix}{master} = <<"END";
127.0.0.1:$port{none} inet n - n - 100 smtpd
  -o smtpd_milters=
127.0.0.1:$port{discard} inet n - n - 100 smtpd
  -o smtpd_milters=unix:$socket
END
    $stage->start_database;
    # a thousand different people who do not exist would be an outage
    $stage->parameter($_ => 1_000_000) for qw(guard_minimum guard_minimum_overall);
    $stage->daemon->prepare;
    $instance->start(
        name    => 'discard-milter',
        user    => $instance->daemon_user,
        command => [ 'sh', '-c', 'umask 0; exec "$0" "$1"', program(), "unix:$socket" ]);
    $stage->start_servers;
    $instance->wait_for(60, sub { -S $socket }) or die "discard_milter did not start\n";
    return;
}

sub program { return Bounce::Instance::build_dir() . '/tests/bench/discard_milter' }

# [return path, report] of as many letters.
sub mails {
    $stage->db->sql(<<'END', count => $bounces * ($rounds + 1));
SELECT count(bounce.register_communication(process => 'invoice', recipients => ARRAY['r' || n ||
  '@customer.example'],
  message_id => 'bench-' || n || '.5c0e9f3a7b1d42e8@example.org', status => 'sent'))
    FROM generate_series(1, :count) AS n;
ANALYZE;
END
    my $rows = $stage->db->rows(<<'END');
SELECT r.address, c.message_id, bounce.return_path(r.id) AS return_path
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
END
    return map { [
        $_->{return_path},
        Bounce::Mail::render(
            'postfix-user-unknown', %$_,
            recipient => $_->{address},
            sender    => 'billing@example.org',
            subject   => 'Invoice'
        ) ] } @$rows;
}

# Seconds of processor so far, of both milters and of PostgreSQL's processes.
sub used {
    my $postmaster = $instance->pid('postgres');
    return (
        discard  => Bounce::Bench::processor($instance->pid('discard-milter')),
        milter   => Bounce::Bench::processor($instance->pid('bounce-milter')),
        database => Bounce::Bench::processor(Bounce::Bench::children($postmaster)));
}

# Mails a second when that many sessions share them; the queue is empty before and after.
sub rate {
    my ($port, @mails) = @_;
    my $begin = time;
    my @session;
    for my $session (0 .. $sessions - 1) {
        my @share = @mails[ grep { $_ % $sessions == $session } 0 .. $#mails ];
        push @session, sub { run_session($port, @share) };
    }
    my $failed = Bounce::Process::in_parallel(@session);
    die "$failed sessions failed\n" . $instance->log_tail if $failed;
    my $rate = @mails / (time - $begin);
    $instance->wait_for(120, sub { !queued() }) or die "Postfix does not empty its queue\n";
    return $rate;
}

sub queued {
    return
        scalar grep { -f } glob $instance->path('postfix/queue') . '/{incoming,active,deferred}/*';
}

sub run_session {
    my ($port, @mails) = @_;
    my $smtp = Bounce::SmtpClient->new(port => $port);
    $smtp->connect;
    for my $mail (@mails) {
        my ($code, $text)
            = $smtp->transaction(from => '', to => [ $mail->[0] ], mail => $mail->[1]);
        next if $code == 250;
        print STDERR "$code $text";
        return 0;
    }
    $smtp->quit;
    return 1;
}

sub check {
    my ($expected) = @_;
    my $hard = $stage->count(<<'END');
bounce.bounce AS b JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
WHERE b.class = 'hard' AND r.state = 'bounced'
END
    my $all = $stage->count('bounce.bounce');
    die "of $expected bounces $all were recorded, $hard as hard ones of their recipients\n"
        . $instance->log_tail
        if $hard != $expected || $all != $expected;
    check_log(2 * $expected, qr/ milter-discard: END-OF-MESSAGE /);
    check_log($expected,     qr{/discard\[\d+\]: .* to=<somebody\@discard\.test>, .* status=sent });
    return;
}

sub check_log {
    my ($expected, $line) = @_;
    my $count;
    $instance->wait_for(10, sub { ($count = () = $stage->mta->log_lines($line)) >= $expected });
    die "$count lines are like $line, not $expected\n" if $count != $expected;
    return;
}

sub show {
    my $count = @{ $rate{bounce} };
    figure(
        name   => "Postfix without a milter, $sessions sessions",
        unit   => 'mails/s',
        digits => 0,
        values => $rate{none});
    figure(
        name   => 'Postfix and a milter that discards',
        unit   => 'mails/s',
        digits => 0,
        values => $rate{discard});
    figure(
        name   => 'Postfix and bounce-milter, all recorded',
        unit   => 'bounces/s',
        digits => 0,
        values => $rate{bounce});
    figure(
        name   => 'ratio to the milter that discards',
        unit   => '',
        target => '>= 0.75',
        values => [ map { $rate{bounce}[$_] / $rate{discard}[$_] } 0 .. $count - 1 ]);
    figure(
        name   => 'ratio to no milter',
        unit   => '',
        target => '>= 0.6',
        values => [ map { $rate{bounce}[$_] / $rate{none}[$_] } 0 .. $count - 1 ]);
    figure(
        name   => 'processor of bounce-milter, a bounce',
        unit   => 'ms',
        target => '<= 0.3',
        values => $processor{milter});
    figure(
        name   => 'processor of the milter that discards, a bounce',
        unit   => 'ms',
        values => $processor{discard});
    figure(
        name   => 'processor of PostgreSQL, a bounce',
        unit   => 'ms',
        values => $processor{database});
    return;
}
