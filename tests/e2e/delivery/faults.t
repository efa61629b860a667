# SPDX-License-Identifier: BSD-2-Clause
# Faults of the server, of the configuration and of ourselves: no attempt is counted, one task says
# so, and everything goes out when it is over. A worker is killed: once, or unknown.
use Bounce::Delivery;
use Bounce::SmtpServer;
use Bounce::Test;
use IO::Socket::INET;

my $stage  = stage(servers => 0);
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
my $server = '127.0.0.1:' . $remote->port;
$stage->parameter(delivery_probe_delay     => '1 second');
$stage->parameter(delivery_probe_max_delay => '1 second');
$stage->parameter(delivery_lease           => '5 seconds');

sub taken { my ($address) = @_; return $remote->taken($address) }

sub problem {
    return $stage->db->value(
        "SELECT coalesce(max(problem), '') FROM bounce.delivery_server WHERE name = '$server'");
}

sub tasks_of {
    my ($address) = @_;
    return $stage->db->value("SELECT coalesce(string_agg(kind, ' '), '') FROM bounce.task "
            . "WHERE status = 'open' AND address = :'address'", address => $address);
}

sub summary {
    return $stage->db->value("SELECT coalesce(max(summary), '') FROM bounce.task "
            . "WHERE dedup_key LIKE 'delivery_problem:server:%' AND status = 'open'");
}

# A fault begins, two mails wait, the fault ends, both go out with one attempt counted. One mail a
# claim: of two in one the repair may come between, and a sender refused beside one that is accepted
# may be to blame itself, so that its attempt counts.
sub heals {
    my ($name, $begin, $end, $words, %key) = @_;
    subtest $name => sub {
        my $number = ++$stage->{mails};
        my $worker = Bounce::Delivery->new(
            $stage->instance, $stage->db,
            server => $server,
            %key,
            batch => 1,
            name  => "worker-$number"
        );
        $begin->();
        $worker->start;
        my @id = map { $worker->submit(to => ["h$number$_\@customer.example"]) } 1, 2;
        $stage->wait_for(60, sub { problem() =~ $words && summary() =~ /, 2 / });
        like problem(), $words, 'the problem is known';
        like summary(), qr/since .*2 communications wait/,
            'one task: what, since when, how many wait';
        like $worker->state($id[0])->{state}, qr/^(PENDING|PROCESSING)$/, 'the mails wait';
        is $worker->state($id[0])->{attempts}, 0, 'no attempt is counted';
        $end->();
        is $worker->wait_for_state($_, 'SUCCESS')->{state}, 'SUCCESS',
            'repaired: it goes out by itself'
            for @id;
        is $worker->state($id[1])->{attempts}, 1,  'in one attempt';
        is problem(),                          '', 'no problem any more';
        is summary(),                          '', 'and its task is done';
        ok $worker->stop, 'it stops by itself';
    };
    return;
}

my %login = (
    username       => 'app',
    auth_cleartext => 'yes',
    password_file  => $stage->instance->write_file('password', "secret\n"));
my $offer   = [ '@offer', 'AUTH PLAIN LOGIN' ];
my $welcome = [ '@auth',  '235 2.7.0 welcome' ];

# name, the server's rules while it is wrong, its rules when it is repaired, what the task says,
# keys of the configuration
for my $row (
    [
        'greeting refused',
        [ [ '@greeting', '554 5.3.2 no service today' ] ],
        [], qr/no service today/
    ],
    [ 'greeting puts off', [ [ '@greeting', '421 4.3.2 too busy' ] ], [], qr/too busy/ ],
    [ 'silence', [ [ '@greeting', 'silence' ] ], [], qr/cannot reach it/, greeting_wait => 2 ],
    [ 'hangs up at once',  [ [ '@greeting', 'disconnect' ] ],         [], qr/cannot reach it/ ],
    [ 'EHLO refused',      [ [ '@ehlo',     '550 5.7.1 go away' ] ],  [], qr/go away/ ],
    [
        'sender refused for all',
        [ [ '@mail', '553 5.1.8 sender domain not found' ] ],
        [], qr/sender domain not found/
    ],
    # what Postfix says at RCPT, by default
    [
        'sender refused at RCPT',
        [ [ '@rcpt', '553 5.7.1 <billing@example.org>: Sender address rejected: not owned' ] ],
        [], qr/Sender address rejected/
    ],
    [
        'client refused at RCPT',
        [ [ '@rcpt', '554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied' ] ],
        [], qr/Client host rejected/
    ],
    [
        'relaying refused at RCPT',
        [ [ '@rcpt', '454 4.7.1 <a@customer.example>: Relay access denied' ] ],
        [], qr/Relay access denied/
    ],
    [ 'sender put off for all', [ [ '@mail', '451 4.3.0 queue full' ] ], [], qr/queue full/ ],
    [
        'closes at the first MAIL',
        [ [ '@mail', '421 4.7.0 too many connections' ] ],
        [], qr/too many connections/
    ],
    [
        'login refused',
        [ $offer, [ '@auth', '535 5.7.8 bad credentials' ] ],
        [ $offer, $welcome ],
        qr/login as app refused: .*535/, %login
    ],
    [
        'login put off',
        [ $offer, [ '@auth', '454 4.7.0 directory away' ] ],
        [ $offer, $welcome ],
        qr/login as app refused: .*454/, %login
    ],
    [ 'no login offered', [], [ $offer, $welcome ], qr/login as app refused/, %login ],
    [
        'no login that is known',
        [ [ '@offer', 'AUTH GSSAPI' ] ],
        [ $offer, $welcome ],
        qr/login as app refused/,
        %login
    ],
) {
    my ($name, $wrong, $right, $words, %key) = @$row;
    heals(
        $name,
        sub { $remote->forget; $remote->answer(@$_) for @$wrong },
        sub { $remote->forget; $remote->answer(@$_) for @$right },
        $words, %key
    );
    $remote->forget;
}
# What is said of every recipient names him in one way or another.
subtest 'every recipient is refused' => sub {
    my @to = map { "every$_\@customer$_.example" } 1 .. 3;
    for my $words (
        'Service unavailable; Recipient address [%s] blocked using rhsbl.example',
        'relay not permitted: %s',
        '%s... not today',
    ) {
        my $worker = Bounce::Delivery->new(
            $stage->instance, $stage->db,
            server  => $server,
            workers => 1    # of two, one may claim a single mail, which is counted
        );
        $remote->answer($_, '554 5.7.1 ' . sprintf $words, $_) for @to;
        my @id = map { $worker->submit(to => [$_]) } @to;
        $worker->start;
        is_soon(sub { problem() =~ /^mail is refused: 554 5\.7\.1/ ? 'known' : problem() },
            'known', $words);
        is $stage->db->value('SELECT sum(attempts) FROM bounce.communication_delivery '
                . "WHERE communication_id >= $id[0]"), 0, 'no attempt is counted';
        ok $worker->stop, 'it stops by itself';
        $remote->forget;    # not within a claim, or who is refused beside others may be to blame
        $worker->start;
        is $worker->wait_for_state($_, 'SUCCESS')->{state}, 'SUCCESS', 'it goes out' for @id;
        $worker->stop;
    }
};
heals(
    'nobody listens',
    sub { $remote->stop },
    sub { $remote->start },
    qr/cannot reach it: Connection refused/
);

# A server whose queue of connections is full does not answer a SYN.
{
    my $full;
    my @waiting;
    heals(
        'connecting takes for ever',
        sub {
            $remote->stop;
            my $port = $remote->port;
            $full = IO::Socket::INET->new(
                LocalAddr => '127.0.0.1',
                LocalPort => $port,
                Listen    => 1,
                ReuseAddr => 1
            ) or die "listen: $!\n";
            push @waiting,
                IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Blocking => 0)
                for 1 .. 8;
        },
        sub { @waiting = (); close $full; $remote->start },
        qr/cannot reach it: no connection within 1 seconds/,
        connect_wait => 1
    );
}

subtest 'encryption that cannot be had' => sub {
    my %rule = (
        'no STARTTLS'      => [],
        'STARTTLS refused' => [ '@starttls' => '454 4.7.0 TLS not available' ],
        'no handshake'     => [ '@starttls' => '220 go' ],
        'bytes behind 220' =>
            [ '@starttls' => '220 go\r\n250 mx\r\n250 ok\r\n550 5.1.1 User unknown' ]);
    for my $name (sort keys %rule) {
        $remote->answer('@offer', @{ $rule{$name} } ? 'STARTTLS' : undef);
        $remote->answer(@{ $rule{$name} }) if @{ $rule{$name} };
        my $worker = Bounce::Delivery->new(
            $stage->instance, $stage->db,
            server        => $server,
            envelope_wait => 10,        # for a handshake that does not come
            starttls      => 'verify',
            name     => 'tls-' . ++$stage->{mails})->start;
        my $id = $worker->submit(to => ["tls\@customer.example"]);
        $stage->wait_for(60, sub { problem() ne '' });
        like problem(), qr/TLS|STARTTLS/, "$name: " . problem();
        is $worker->state($id)->{attempts}, 0, 'no attempt is counted';
        $stage->db->sql(
                  "SELECT bounce.hold_communication($id), bounce.release_claim((SELECT claim_id "
                . "FROM bounce.communication_delivery WHERE communication_id = $id), '');\n");
        ok $worker->stop, 'stopped';
        $stage->db->sql("SELECT bounce.cancel_communication($id); SELECT "
                . "bounce_internal.server_works('$server');\n");
    }
    $remote->answer('@offer', undef);
    is taken('tls@customer.example'), 0, 'nothing went out in the clear';
    is $stage->count("bounce.address_block WHERE address_key = 'tls\@customer.example'"), 0,
        'and nobody is blocked by what was injected';
};

subtest 'one sender is refused, others are not: it is theirs' => sub {
    $stage->parameter(bounce_domain => '');
    $stage->parameter(retry_initial_delay => '1 second');
    $stage->parameter(retry_max_attempts  => 3);
    $remote->answer('@mail bad@example.org', '550 5.7.1 sender not allowed');
    my $worker = Bounce::Delivery->new(
        $stage->instance, $stage->db,
        server  => $server,
        workers => 1,
        name    => 'senders'
    );
    $worker->_make_places;
    my $bad  = $worker->submit(to => ['s1@customer.example'], sender => 'bad@example.org');
    my $good = $worker->submit(to => [ 's2@customer.example', 's3@customer.example' ]);
    $worker->start;
    is $worker->wait_for_state($good, 'SUCCESS')->{state}, 'SUCCESS', 'the good one goes out';
    is $worker->wait_for_state($bad, 'ERROR', 60)->{attempts}, 3,
        'the bad one is tried again, for it may have been mended in between; it comes to its end';
    is scalar $worker->log_lines(qr{submission server .*refused}), 0,
        'refused alone and in the same words, it is no news of the server';
    is tasks_of('s1@customer.example'), 'resend_exhausted', 'with a task';
    is problem(), '', 'and the server works';
    my ($mail) = grep { $_->{recipients}[0] eq 's2@customer.example' } $remote->received;
    is "@{ $mail->{recipients} } $mail->{sender}",
        's2@customer.example s3@customer.example billing@example.org',
        'without signed return paths one transaction has them all';
    ok $worker->stop, 'stopped';
    $stage->parameter(bounce_domain      => 'bounces.example.org');
    $stage->parameter(retry_max_attempts => 12);
};

subtest 'another server is configured' => sub {
    $remote->answer('@greeting', '554 5.3.2 no service today');
    my $worker = Bounce::Delivery->new(
        $stage->instance, $stage->db,
        server => $server,
        name   => 'old'
    )->start;
    my $id = $worker->submit(to => ['moved@customer.example']);
    $stage->wait_for(60, sub { problem() ne '' });
    ok $worker->stop, 'stopped';
    $remote->forget;
    my $name = 'localhost:' . $remote->port;    # the same one under another name
    $worker
        = Bounce::Delivery->new($stage->instance, $stage->db, server => $name, name => 'new')
        ->start;
    is $worker->wait_for_state($id, 'SUCCESS')->{attempts}, 1, 'it goes out over the other';
    is_soon(sub { problem() }, '', 'the problem of the old one is over');
    is summary(), '', 'and its task is closed';
    ok $worker->stop, 'stopped';
};

subtest 'workers are killed in the middle' => sub {
    my $count  = 120;
    my @worker = map {
        Bounce::Delivery->new(
            $stage->instance, $stage->db,
            server  => $server,
            workers => 2,
            batch   => 5,
            name    => "killed-$_"
        )
    } 1 .. 2;
    $_->start for @worker;
    $stage->db->sql("SELECT count(bounce.submit_communication('invoice', "
            . "ARRAY['k' || i || '\@customer.example'], 'billing\@example.org', 'x', 'y')) "
            . "FROM generate_series(1, $count) AS i;\n");
    for my $round (1 .. 6) {
        $stage->wait_for(
            60,
            sub {
                (grep { "@{ $_->{recipients} }" =~ /^k\d/ } $remote->received) >= 15 * $round;
            });
        my $victim = $worker[ $round % 2 ];
        $victim->kill;
        $victim->start;
    }
    my $left
        = "bounce.delivery AS d JOIN bounce.communication_recipient AS r USING (communication_id) "
        . "WHERE r.address LIKE 'k%' AND d.state IN ";
    $stage->wait_for(60, sub { $stage->count("$left ('PENDING', 'PROCESSING', 'RETRY')") == 0 });
    is $stage->count("$left ('PENDING', 'PROCESSING', 'RETRY')"), 0, 'nothing stays behind';
    my %sent;
    for my $mail ($remote->received) {
        $sent{$_}++ for grep { /^k\d/ } @{ $mail->{recipients} };
    }
    my $rows = $stage->db->rows(
        "SELECT r.address, q.state AS delivery FROM bounce.communication_recipient AS r
        JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id WHERE r.address LIKE 'k%'"
    );
    my @twice = grep { $sent{$_} > 1 } keys %sent;
    my @wrong = grep {
        ($_->{delivery} eq 'accepted' && ($sent{ $_->{address} } // 0) != 1)
            || $_->{delivery} !~ /^(accepted|unknown)$/
    } @$rows;
    my @unknown = grep { $_->{delivery} eq 'unknown' } @$rows;
    is "@twice",       '',     'nothing is sent twice';
    is scalar(@wrong), 0,      'what is accepted was taken once; the rest is unknown';
    is scalar(@$rows), $count, 'the counts add up';
    note scalar(@unknown) . ' unknown';
    cmp_ok scalar(@unknown), '<=', 24, 'not more unknown than transactions that were open';
    ok $_->stop, 'stopped' for @worker;
};

subtest 'the database is restarted in the middle' => sub {
    my $count  = 60;
    my $worker = Bounce::Delivery->new(
        $stage->instance, $stage->db,
        server => $server,
        batch => 5,
        name  => 'database'
    )->start;
    $stage->db->sql("SELECT count(bounce.submit_communication('invoice', "
            . "ARRAY['d' || i || '\@customer.example'], 'billing\@example.org', 'x', 'y')) "
            . "FROM generate_series(1, $count) AS i;\n");
    $stage->wait_for(
        60,
        sub {
            grep { "@{ $_->{recipients} }" =~ /^d\d/ } $remote->received;
        });
    $stage->db->stop;
    ok $stage->wait_for(60, sub { $worker->log_lines(qr/(?:settle|next try|swept|renewed):?/) }),
        'the worker misses it';
    $stage->db->restart;
    my $done
        = "bounce.communication_recipient AS r JOIN bounce.recipient_delivery AS q "
        . "ON q.recipient_id = r.id WHERE r.address LIKE 'd%' "
        . "AND q.state IN ('accepted', 'unknown')";
    $stage->wait_for(60, sub { $stage->count($done) == $count });
    is $stage->count($done), $count, 'all are done';
    my %sent;
    for my $mail ($remote->received) {
        $sent{$_}++ for grep { /^d\d/ } @{ $mail->{recipients} };
    }
    is scalar(grep { $_ > 1 } values %sent), 0, 'none twice';
    ok $worker->stop, 'stopped';
};

finish();
