#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-memory: resident memory of bounce-milter, bouncectl intake and bounce-delivery after
# few and after many mails, that of PostgreSQL's backends, and what a bounce takes on disk. FEW
# (1000) and MANY (3000; LONG=1: 100000, which takes an hour) are the mails that each has had by
# then. Fails unless each mail had its effect.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure);
use Bounce::Delivery;
use Bounce::Mail;
use Bounce::Process;
use Bounce::SmtpClient;
use Bounce::Stage;

my $few      = $ENV{FEW}  || 1000;
my $many     = $ENV{MANY} || ($ENV{LONG} ? 100_000 : 3000);
my $sessions = 8;

$| = 1;
my $stage = Bounce::Stage->new(
    name    => "check-$$",
    daemon  => { pool_size => $sessions, log_level => 'warning' },
    postfix => { main      => { default_transport => 'discard' } });
my $instance = $stage->instance;
$stage->start_database;
# so many different people who do not exist would be an outage
$stage->parameter($_ => 1_000_000) for qw(guard_minimum guard_minimum_overall);
$stage->start_servers;
my $size = database_size();
my %done = map { ($_ => 0) } qw(milter intake delivery);
for my $count ($few, $many) {
    figure(
        name   => "bounce-milter after $count bounces",
        unit   => 'MB',
        digits => 0,
        values => [ through_milter($count) ]);
    figure(
        name   => "PostgreSQL's backends then, each, own memory",
        unit   => 'MB',
        digits => 1,
        values => [ backends() ]);
    if ($count == $many) {
        figure(
            name   => 'database, a bounce and its communication',
            unit   => 'kB',
            digits => 1,
            values => [ (database_size() - $size) / $done{milter} / 1024 ]);
    }
}
for my $count ($few, $many) {
    figure(
        name   => "bouncectl intake, peak, an mbox of $count bounces",
        unit   => 'MB',
        digits => 0,
        values => [ through_intake($count) ]);
}
my $worker;
for my $count ($few, $many) {
    figure(
        name   => "bounce-delivery after $count messages",
        unit   => 'MB',
        digits => 0,
        values => [ through_delivery($count) ]);
}
$worker->stop;
$instance->discard;

sub database_size { return $stage->db->value('SELECT pg_database_size(current_database())') }

sub megabytes {
    my ($server) = @_;
    return Bounce::Bench::resident_memory($instance->pid($server)) / 1024;
}

# Of the backends that bounce-milter has.
sub backends {
    my @pid = map { $_->{pid} } @{ $stage->db->rows(<<'END') };
SELECT pid FROM pg_stat_activity WHERE usename = 'bounce_daemon' AND query LIKE '%record_report%'
END
    @pid or die "bounce-milter has no backend\n";
    return map { Bounce::Bench::own_memory($_) / 1024 } @pid;
}

# Registers letters and returns [return path, report] of each.
sub mails {
    my ($count, $prefix) = @_;
    $stage->db->sql(<<'END', count => $count, prefix => $prefix);
SELECT count(bounce.register_communication(process => 'invoice', status => 'sent',
  recipients => ARRAY[:'prefix' || n || '@customer.example'],
  message_id => :'prefix' || n || '@example.org'))
FROM generate_series(1, :count) AS n;
END
    my $rows = $stage->db->rows(<<'END', prefix => $prefix);
SELECT r.address, c.message_id, bounce.return_path(r.id) AS return_path
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
WHERE c.message_id LIKE :'prefix' || '%'
END
    return map { [ $_->{return_path}, report($_) ] } @$rows;
}

sub report {
    my ($row) = @_;
    return Bounce::Mail::render(
        'postfix-user-unknown', %$row,
        recipient => $row->{address},
        sender    => 'billing@example.org',
        subject   => 'Invoice'
    );
}

# Sends what is missing until it has had so many. Resident megabytes then.
sub through_milter {
    my ($count) = @_;
    my @mails = mails($count - $done{milter}, "m$count-");
    my @session;
    for my $session (0 .. $sessions - 1) {
        my @share = @mails[ grep { $_ % $sessions == $session } 0 .. $#mails ];
        push @session, sub { send_all(@share) };
    }
    my $failed = Bounce::Process::in_parallel(@session);
    die "$failed sessions failed\n" . $instance->log_tail if $failed;
    $stage->expect_recorded("m$count-", scalar @mails);
    $done{milter} = $count;
    return megabytes('bounce-milter');
}

sub send_all {
    my (@mails) = @_;
    my $smtp = Bounce::SmtpClient->new(port => $stage->mta->port);
    $smtp->connect;
    for my $mail (@mails) {
        return 0
            if ($smtp->transaction(from => '', to => [ $mail->[0] ], mail => $mail->[1]))[0] != 250;
    }
    $smtp->quit;
    return 1;
}

# Peak megabytes of one run over so many.
sub through_intake {
    my ($count) = @_;
    my $prefix  = "i$count-";
    my @mails   = mails($count, $prefix);
    my $mbox    = $instance->write_file(
        "$prefix.mbox",
        join '',
        map { "From MAILER-DAEMON Sat Nov 28 00:00:00 2026\nDelivered-To: $_->[0]\n$_->[1]\n" }
            @mails
    );
    my $run = Bounce::Bench::run_timed(
        $instance->path('log/intake.log'),
        $stage->daemon->program('bouncectl'),
        'intake', $mbox, '--conninfo', $stage->db->conninfo
    );
    $stage->expect_recorded($prefix, $count);
    return $run->{peak} / 1024;
}

sub through_delivery {
    my ($count) = @_;
    my $more = $count - $done{delivery};
    $stage->db->sql(<<'END', count => $more);
SELECT count(bounce.submit_communication(process => 'invoice',
  recipients => ARRAY['d' || i || '@remote.example'], sender => 'billing@example.org',
  subject => 'Invoice ' || i, body_text => repeat('Dear customer, here it is. ', 8)))
FROM generate_series(1, :count) AS i;
END
    $worker //= Bounce::Delivery->new(
        $instance, $stage->db,
        server    => '127.0.0.1:' . $stage->mta->port,
        workers   => 2,
        log_level => 'info'
    )->start;
    $instance->wait_for(3600,
        sub { $stage->count("bounce.delivery WHERE state = 'SUCCESS'") == $count })
        or die "not all of $count messages were sent\n" . $instance->log_tail;
    $done{delivery} = $count;
    return megabytes('bounce-delivery');
}
