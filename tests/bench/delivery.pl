#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-delivery: messages a second of bounce-delivery, one commit per message outcome, against
# Postfix's own smtp-source to the same server with as many connections, in turns in one run: as
# many bytes, each to another address. The server is a private Postfix that discards what it has
# taken. Medians of several rounds, and the processor time of ours, which a busy machine changes
# little. Fails unless every mail of either has come to that Postfix, once. Environment: MESSAGES
# (1000), WORKERS ("1 2 4"), ROUNDS (3).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure median);
use Bounce::Delivery;
use Bounce::Stage;
use Time::HiRes qw(time);

my $messages = $ENV{MESSAGES} // 1000;
my $rounds   = $ENV{ROUNDS}   // 3;
my $bytes    = 900;    # what a mail of ours has on the wire
my @workers  = split ' ', $ENV{WORKERS} // '1 2 4';
$| = 1;

my $stage = Bounce::Stage->new(
    name    => "bench-$$",
    postfix =>
        { main => { default_transport => 'discard', smtpd_milters => '', in_flow_delay => 0 } });
$stage->start_database;
$stage->start_servers;
my $port = $stage->mta->port;
printf "%d messages of about %d bytes to a private Postfix, each to another address; ours with a "
    . "signed return path\n\n",
    $messages, $bytes;
my %first;
my %sent = map { ($_ => 0) } qw(source delivery);
for my $workers (@workers) {
    my @round = map { round($workers) } 1 .. $rounds;
    for my $key (qw(source delivery)) {
        my $name = $key eq 'source' ? 'smtp-source' : 'bounce-delivery';
        my $rate = figure(
            name   => "$name, connections: $workers",
            unit   => 'mails/s',
            digits => 0,
            values => [ map { $_->{$key} } @round ]);
        $first{$key} //= $rate;
        figure(
            name   => '  grown from the first row by',
            unit   => '',
            values => [ $rate / $first{$key} ]) if $workers != $workers[0];
    }
    figure(
        name   => "ratio to smtp-source, connections: $workers",
        unit   => '',
        target => '>= 0.75',
        values => [ map { $_->{ratio} } @round ]);
    figure(
        name   => "processor of bounce-delivery, a mail, connections: $workers",
        unit   => 'ms',
        values => [ map { $_->{worker} } @round ]);
    figure(
        name   => "processor of PostgreSQL, a mail, connections: $workers",
        unit   => 'ms',
        values => [ map { $_->{database} } @round ]);
}
my $open = $stage->count("bounce.delivery WHERE state <> 'SUCCESS'");
$stage->instance->discard;
die "$open communications were not delivered\n" if $open > 0;
exit 0;

# One after the other, so that what else the machine does meets both.
sub round {
    my ($workers) = @_;
    my %rate = (source => source($workers));
    expect_arrived(source => qr/\d+anna/);
    submit($messages);
    my %ours = delivery($workers);
    expect_arrived(delivery => qr/c\d+/);
    return { %rate, %ours, ratio => $ours{delivery} / $rate{source} };
}

# The server delivers behind our back: each begins with an empty queue, and the server says what it
# was given.
sub expect_arrived {
    my ($from, $to) = @_;
    $stage->wait_for(
        120,
        sub {
            !grep { -f }
                glob $stage->instance->path('postfix/queue') . '/{incoming,active,maildrop}/*';
        });
    $sent{$from} += $messages;
    my $arrived;
    my $line = qr{/discard\[\d+\]: \w+: to=<$to\@customer\.example>, .* status=sent };
    $stage->wait_for(10, sub { ($arrived = () = $stage->mta->log_lines($line)) >= $sent{$from} });
    die "$arrived mails of $from arrived, $sent{$from} were sent\n" if $arrived != $sent{$from};
    return;
}

# Rate of smtp-source: -d keeps the connections.
sub source {
    my ($sessions) = @_;
    my $start = time;
    $stage->instance->run([
        'smtp-source', '-d', '-s', $sessions, '-m', $messages, '-l', $bytes, '-N', '-f',
        'bounce@bounces.example.org', '-t', 'anna@customer.example', "inet:127.0.0.1:$port"
    ]);
    return $messages / (time - $start);
}

sub submit {
    my ($count) = @_;
    $stage->db->sql(
        "SELECT count(bounce.submit_communication(process => 'invoice',
        recipients => ARRAY['c' || i || '\@customer.example'], sender => 'billing\@example.org',
        subject => 'Invoice ' || i, body_text => repeat('Dear customer, here it is. ', 8)))
        FROM generate_series(1, $count) AS i;\nANALYZE;\n"
    );
    return;
}

# Rate from the first claim to the last outcome, by the database's own times, and milliseconds of
# processor a mail of it and its connections to the database, from the start on.
sub delivery {
    my ($workers)  = @_;
    my $postmaster = $stage->instance->pid('postgres');
    my %other      = map { ($_ => 1) } Bounce::Bench::children($postmaster);
    my $worker     = Bounce::Delivery->new(
        $stage->instance, $stage->db,
        server    => "127.0.0.1:$port",
        workers   => $workers,
        log_level => 'info'
    )->start;
    # asked seldom: asking costs as well
    $stage->wait_for(
        300,
        sub {
            sleep 1;
            $stage->count("bounce.communication_delivery WHERE state IN ('PENDING', 'PROCESSING')")
                == 0;
        });
    my %used = (
        worker   => Bounce::Bench::processor($stage->instance->pid('bounce-delivery')),
        database => Bounce::Bench::processor(
            grep { !$other{$_} } Bounce::Bench::children($postmaster))
    );
    $worker->stop;
    my $rate = $messages / $stage->db->value(
        "SELECT extract(epoch FROM max(end_time) - min(start_time))
        FROM bounce.communication_delivery
        WHERE communication_id > (SELECT max(id) - $messages FROM bounce.communication)"
    );
    return (delivery => $rate, map { ($_ => $used{$_} * 1000 / $messages) } keys %used);
}
