# SPDX-License-Identifier: BSD-2-Clause
package Outbound;

# The outbound side of the demo: bounce-delivery hands mails to the private Postfix. One bounces
# softly and is sent again, one is refused at once, and for one the server has to be waited for.

use strict;
use warnings;
use Bounce::Delivery;

use constant PROCESS => 'letter';
use constant REFUSED => 'never@refused.test';

# The submission server refuses one recipient itself.
sub postfix_options {
    my $access = 'check_recipient_access inline:{ { ' . REFUSED . ' = 550 5.1.1 User unknown } }';
    return { main => { smtpd_recipient_restrictions => "$access, permit_mynetworks, reject" } };
}

sub run {
    my ($stage, $progress) = @_;
    my $db = $stage->db;
    $db->sql("INSERT INTO bounce.process (name) VALUES ('letter');\n");
    $stage->parameter(resend_initial_delay => '1 second', PROCESS);
    $stage->parameter(delivery_probe_delay => '1 second');
    $progress->('starting bounce-delivery');
    my $worker
        = Bounce::Delivery->new($stage->instance, $db, server => '127.0.0.1:' . $stage->mta->port)
        ->start;
    my @row = (
        resent($stage, $worker, $progress),
        refused($stage, $worker),
        waited($stage, $worker, $progress));
    $worker->stop unless $ENV{KEEP};
    return @row;
}

sub submit {
    my ($worker, $reference, $to) = @_;
    return $worker->submit(
        process => PROCESS,
        ref     => $reference,
        to      => [$to],
        subject => "Letter $reference"
    );
}

# document, recipient, state, attempts, what the log says, how often it arrived
sub row {
    my ($stage, $worker, $id, $more) = @_;
    my ($row) = @{ $stage->db->rows(<<'END', id => $id) };
SELECT c.business_ref, r.address, (SELECT string_agg(l.event, ', ' ORDER BY l.id)
  FROM bounce.communication_log AS l WHERE l.communication_id = c.id) AS events
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
  WHERE c.id = :id
END
    my $state = $worker->state($id);
    return [ @$row{qw(business_ref address)}, @$state{qw(state attempts)},
        "$row->{events}; $more" ];
}

sub arrived {
    my ($stage, $address) = @_;
    my $count = sub {
        scalar grep { "@{ $_->{recipients} }" eq $address } $stage->remote->received;
    };
    $stage->wait_for(15, $count);
    return 'arrived ' . $count->();
}

# The remote mailbox is full until Postfix gives up and its bounce is here; then it has space.
sub resent {
    my ($stage, $worker, $progress) = @_;
    my $to = 'later@remote.test';
    $stage->remote->answer($to, '452 4.2.2 Mailbox full');
    my $id = submit($worker, 'L-4001', $to);
    $progress->('a letter to a full mailbox: waiting for its bounce and its resend');
    $stage->wait_for(
        30,
        sub {
            $stage->count(
                'bounce.communication_log WHERE communication_id = :id '
                    . 'AND event = \'resend_scheduled\'',
                id => $id
            );
        });
    $stage->remote->answer($to, undef);
    $worker->wait_for_state($id, 'SUCCESS', 20);
    my $arrived = arrived($stage, $to);
    return row($stage, $worker, $id, $arrived);
}

sub refused {
    my ($stage, $worker) = @_;
    my $id = submit($worker, 'L-4002', REFUSED);
    $worker->wait_for_state($id, 'ERROR');
    my $task
        = $stage->db->value(
        'SELECT kind FROM bounce.task WHERE status = \'open\' AND communication_id = :id',
        id => $id);
    return row($stage, $worker, $id, "task $task");
}

sub waited {
    my ($stage, $worker, $progress) = @_;
    my $task = q{FROM bounce.task WHERE dedup_key LIKE 'delivery_problem:server:%'};
    $progress->('the mail server is stopped; a letter waits; it is started again');
    $stage->mta->stop;
    my $id   = submit($worker, 'L-4003', 'patient@remote.test');
    my $seen = $stage->wait_for(20,
        sub { $stage->db->value("SELECT count(*) $task AND status = 'open'") });
    $stage->mta->restart;
    $worker->wait_for_state($id, 'SUCCESS', 20);
    my $status  = $stage->db->value("SELECT max(status) $task");
    my @problem = (
        'server', '', 'away', '',
        ($seen ? 'task delivery_problem' : 'no task') . ", $status when it was back"
    );
    my $arrived = arrived($stage, 'patient@remote.test');
    return (row($stage, $worker, $id, $arrived), \@problem);
}

1;
