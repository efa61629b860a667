# SPDX-License-Identifier: BSD-2-Clause
# Direct sending: the outcome now, by the exit status; the same path and records as any other mail;
# once, whoever else is at work.
use Bounce::Ctl;
use Bounce::Delivery;
use Bounce::SmtpServer;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
my $worker = Bounce::Delivery->new_for(
    $stage, $remote,
    poll_interval => 3600,
    reply_wait    => 15)->start;    # long enough to see two that wait on a busy machine
my $ctl    = Bounce::Ctl->new($stage, role => 'bounce_operator');
my $letter = $stage->instance->write_file('letter.eml',
    "From: Billing <billing\@example.org>\nSubject: Your letter\n\nDear customer,\n");

sub send_now {
    my ($to, @more) = @_;
    return $ctl->run('send', $letter, '--process', 'invoice', '--sender', 'billing@example.org',
        '--to', $to, '--now', @more);
}
sub state { my ($id) = @_; return $worker->state($id) }

# nothing of the queue goes out: it is night
$stage->parameter(delivery_quiet_hours => '00:00-24:00');
$stage->parameter(delivery_probe_delay => '1 second');

subtest 'accepted' => sub {
    my $waiting = $worker->submit(to => ['queued@customer.example']);
    my ($status, $said) = send_now('anna@customer.example', '--ref', 'L-1');
    is $status, 0, 'exit 0';
    like $said, qr/^(\d+): sent to anna\@customer\.example: 250 /, 'to whom, and the reply';
    my ($id) = $said =~ /^(\d+)/;
    my ($mail) = $remote->received;
    like $mail->{sender}, qr/^b[^@]*\@/, 'with a signed return path';
    is_deeply [ map { $_->{event} } @{ $db->rows(<<"END") } ], [qw(requeued sent)], 'in the story';
SELECT event FROM bounce.communication_log WHERE communication_id = $id ORDER BY id
END
    is $db->value("SELECT attempts FROM bounce.communication_recipient
        WHERE communication_id = $id"), 1, 'a send like any other';
    is state($waiting)->{state}, 'PENDING', 'the queue waits';
    is((send_now('anna@customer.example', '--id', $id))[0], 64, 'either a file or an id');
    my ($again, $why) = $ctl->run('send', '--now', '--id', $id);
    is $again, 1, 'what was sent is not sent again';
    like $why, qr/communication $id was sent already/, 'it says so';
    is $remote->taken('anna@customer.example'), 1, 'it went out once';
    ($status) = $ctl->run('send', '--now', '--id', $waiting);
    is $status, 0, 'one that waits can be sent now';
};

subtest 'refused' => sub {
    $remote->answer('gone@customer.example', '550 5.1.1 <gone@customer.example>: User unknown');
    my ($status, $said) = send_now('gone@customer.example');
    is $status, 1, 'for good: exit 1';
    like $said, qr/not sent: gone\@customer\.example: 550 5\.1\.1 .*User unknown/, 'why';
    ok $stage->is_blocked('gone@customer.example'), 'it has the same consequences';
    ($status, $said) = send_now('gone@customer.example');
    is $status, 1, 'a blocked address';
    like $said, qr/the address is blocked/, 'is named';
    ($status, $said) = send_now('gone@customer.example', '--to', 'ben@customer.example');
    is $status, 1, 'one of two';
    like $said, qr/sent to ben\@customer\.example, not to all: gone\@/, 'which';
    $remote->answer('busy@customer.example', '451 4.2.0 not now');
    ($status, $said) = send_now('busy@customer.example');
    is $status, 75, 'for now: exit 75';
    my ($id) = $said =~ /^(\d+): not sent yet, it is tried again: busy\@\S+ 451 4\.2\.0 not now/;
    is state($id)->{state}, 'RETRY', 'it stays in the queue';
    ($status, $said) = $ctl->run('send', $letter, '--process', 'invoice', '--now');
    is $status, 64, 'who to?';
    like $said, qr/: to whom\? --to ADDRESS\n/, 'is asked for';
    like + ($ctl->run('send', '--process', 'invoice'))[1], qr/FILE is missing: "-" is/,
        'and the letter';
};

subtest 'as SQL' => sub {
    my $said = $db->sql(<<'END');
SET ROLE bounce_application;
CALL bounce.send_and_wait(bounce.submit_communication('invoice', '{cleo@customer.example}',
  'billing@example.org', 'Now', 'text'));
END
    like $said, qr/^SUCCESS\|\|250 /m, 'one call: state, no error, the reply';
    is $remote->taken('cleo@customer.example'), 1, 'sent';
};

subtest 'while all workers are busy, and asked twice' => sub {
    $stage->parameter(delivery_quiet_hours => '');
    $remote->answer('@end slow@customer.example', 'silence');
    $worker->submit(to => ['slow@customer.example']) for 1 .. 2;
    is_soon(sub { $db->value("SELECT count(*) FROM bounce.delivery WHERE state = 'PROCESSING'") },
        2, 'both workers wait for a reply');
    my ($status) = send_now('dora@customer.example');
    is $status, 0, 'it is sent meanwhile';
    my $id = $worker->submit(to => ['emil@customer.example']);
    my @asking = map {
        my $pid = fork // die;
        if (!$pid) { POSIX::_exit(($ctl->run('send', '--now', '--id', $id))[0]) }
        $pid;
    } 1 .. 3;
    waitpid $_, 0 for @asking;
    is state($id)->{state}, 'SUCCESS', 'three ask for one';
    is $remote->taken('emil@customer.example'), 1, 'it is sent once';
};

subtest 'no server, no worker' => sub {
    $remote->stop;
    my ($status, $said) = send_now('fred@customer.example');
    is $status, 75, 'no server: exit 75';
    like $said, qr/not sent yet.*cannot reach it/, 'why';
    $worker->stop;
    ($status, $said) = send_now('gert@customer.example', '--wait', 1);
    is $status, 75, 'no worker: exit 75';
    like $said, qr/no worker has taken it, does bounce-delivery run\?/, 'it asks the question';
    $remote->start;
    $worker->start;
    is_soon(sub { $remote->taken('gert@customer.example') }, 1, 'it was not lost');
    is_soon(sub { $remote->taken('fred@customer.example') }, 1, 'nor the other one');
};
ok $worker->stop, 'it stops by itself';
finish();
