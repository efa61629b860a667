# SPDX-License-Identifier: BSD-2-Clause
# A real Postfix that refuses everybody, by each of its restrictions: at RCPT, as it does by default
# (smtpd_delay_reject = yes), or later: a fault of the configuration is no fault of any mail.
use Bounce::Delivery;
use Bounce::Test;

my $stage = stage();
my $db    = $stage->db;
my $mta   = $stage->mta;
$stage->parameter(delivery_probe_delay     => '1 second');
$stage->parameter(delivery_probe_max_delay => '1 second');
$stage->parameter(retry_initial_delay      => '1 second');
my $worker = Bounce::Delivery->new(
    $stage->instance, $db,
    server  => '127.0.0.1:' . $mta->port,
    workers => 1
);
$worker->_make_places;

my $number = 0;
for my $row (
    [
        'sender',
        { smtpd_sender_restrictions => 'check_sender_access static:REJECT' },
        qr/554 5\.7\.1 <b[^>]*>: Sender address rejected: Access denied/
    ],
    [
        'relay for good',
        { mynetworks => '192.0.2.1', smtpd_relay_restrictions => 'reject_unauth_destination' },
        qr/554 5\.7\.1 <[^>]*>: Relay access denied/
    ],
    [
        'relay for now',
        { mynetworks => '192.0.2.1', smtpd_relay_restrictions => 'defer_unauth_destination' },
        qr/454 4\.7\.1 <[^>]*>: Relay access denied/
    ],
    [
        'client',
        { smtpd_client_restrictions => 'check_client_access static:REJECT' },
        qr/554 5\.7\.1 <[^>]*>: Client host rejected: Access denied/
    ],
    [
        'helo',
        { smtpd_helo_restrictions => 'check_helo_access static:REJECT' },
        qr/554 5\.7\.1 <[^>]*>: Helo command rejected: Access denied/
    ],
    [
        'every recipient',
        { smtpd_recipient_restrictions => 'check_recipient_access static:REJECT' },
        qr/554 5\.7\.1 <[^>]*>: Recipient address rejected: Access denied/
    ],
    [
        'in words of its own',
        { smtpd_recipient_restrictions => 'check_recipient_access static:{550 5.0.0 go away}' },
        qr/550 5\.0\.0 <[^>]*>: Recipient address rejected: go away/
    ],
    [
        'a policy service that is away',
        { smtpd_recipient_restrictions => 'check_policy_service inet:127.0.0.1:1' },
        qr/451 4\.3\.5 <[^>]*>: Recipient address rejected: Server configuration problem/
    ],
    [
        'every recipient for now',
        { smtpd_relay_restrictions => 'defer' },
        qr/450 4\.\d\.\d <[^>]*>: Recipient address rejected: Try again later/
    ],
    [
        'DATA',
        { smtpd_data_restrictions => 'check_client_access static:REJECT' },
        qr/554 5\.7\.1 <[^>]*>: Client host rejected: Access denied/
    ],
    [
        'DATA, whoever it is',
        { smtpd_data_restrictions => 'reject' },
        qr/554 5\.7\.1 <DATA>: Data command rejected: Access denied/
    ],
    [
        'end of data',
        { smtpd_end_of_data_restrictions => 'check_client_access static:REJECT' },
        qr/554 5\.7\.1 <[^>]*>: Client host rejected: Access denied/
    ],
) {
    my ($name, $main, $words) = @$row;
    subtest $name => sub {
        $number++;
        $mta->stop;
        $mta->restart(main => { smtpd_delay_reject => 'yes', %$main });
        my @id = map { $worker->submit(to => [ "p$number-$_\@customer" . $_ % 7 . '.example' ]) }
            1 .. 14;
        $worker->start;
        is_soon(sub { $stage->open_tasks =~ $words ? 'known' : $stage->open_tasks },
            'known', 'it is known');
        is scalar(split /\n/, $stage->open_tasks), 1, 'by one task';
        like $stage->open_tasks, qr/^our mail server .*, 14 communications wait/m,
            'that says what is wrong, and how many wait';
        is $db->value('SELECT string_agg(DISTINCT d.attempts || \' \' || q.tries, \', \') FROM '
                . 'bounce.communication_delivery AS d JOIN bounce.recipient_delivery AS q '
                . "USING (communication_id) WHERE d.communication_id >= $id[0]"), '0 0',
            'nothing is counted';
        $mta->stop;
        $mta->restart(main => {});
        is_soon(sub { $worker->states(@id) },
            'SUCCESS 14', 'repaired: everything goes out by itself');
        is $stage->open_tasks,                                      '', 'and the task is closed';
        is $db->value('SELECT count(*) FROM bounce.address_block'), 0,  'nobody is blocked';
        ok $worker->stop, 'it stops by itself';
    };
}

# One after the other, each the only one of its claim: nothing tells yet whose fault it is.
subtest 'the first mail alone' => sub {
    $stage->parameter(retry_initial_delay => '20 seconds');
    $mta->stop;
    $mta->restart(
        main => { smtpd_recipient_restrictions => 'check_recipient_access static:REJECT' });
    $worker->start;
    my @id = $worker->submit(to => ['alone@customer1.example']);
    is_soon(sub { $worker->state($id[0])->{state} }, 'RETRY', 'it is tried again');
    push @id, map { $worker->submit(to => ["alone$_\@customer$_.example"]) } 2 .. 5;
    is_soon(sub { $stage->open_tasks =~ /Access denied/ ? 'known' : $stage->open_tasks },
        'known', 'the next ones, of other domains, show whose fault it is');
    $mta->stop;
    $mta->restart(main => {});
    is_soon(sub { $worker->states(@id) }, 'SUCCESS 5', 'repaired: none is lost');
    ok $worker->stop, 'it stops by itself';
};
finish();
