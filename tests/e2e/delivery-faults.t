# SPDX-License-Identifier: BSD-2-Clause
# Faults of the server, of the configuration and of ourselves: no attempt is counted, one task says so, and
# everything goes out when it is over. A worker is killed: once, or unknown.
use Bounce::Delivery;
use Bounce::SmtpServer;
use Bounce::Test;
use Time::HiRes qw(sleep);

my $stage  = stage(servers => 0);
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
my $server = '127.0.0.1:' . $remote->port;
my %wait   = (reply_wait => 2, data_wait => 2, envelope_wait => 2, greeting_wait => 2);
$stage->parameter(delivery_probe_delay     => '1 second');
$stage->parameter(delivery_probe_max_delay => '1 second');
$stage->parameter(delivery_lease           => '5 seconds');

sub taken { my ($address) = @_; return scalar grep { grep { $_ eq $address } @{ $_->{recipients} } } $remote->received }
sub problem { return $stage->db->value("SELECT coalesce(max(problem), '') FROM bounce.delivery_server WHERE name = '$server'") }
sub summary { return $stage->db->value("SELECT coalesce(max(summary), '') FROM bounce.task WHERE dedup_key LIKE 'delivery_problem:server:%' AND status = 'open'") }

# A fault begins, two mails wait, the fault ends, both go out with one attempt counted.
sub heals {
    my ($name, $begin, $end, $words, %key) = @_;
    subtest $name => sub {
        my $number = ++$stage->{mails};
        my $worker = Bounce::Delivery->new($stage->instance, $stage->db, server => $server, %wait, %key, name => "worker-$number");
        $begin->();
        $worker->start;
        my @id = map { $worker->submit(to => ["h$number$_\@customer.example"]) } 1, 2;
        $stage->wait_for(15, sub { problem() =~ $words && summary() =~ /, 2 / });
        like problem(), $words, 'the problem is known';
        like summary(), qr/since .*2 communications wait/, 'one task: what, since when, how many wait';
        like $worker->state($id[0])->{state}, qr/^(PENDING|PROCESSING)$/, 'the mails wait';
        is $worker->state($id[0])->{attempts}, 0, 'no attempt is counted';
        $end->();
        is $worker->wait_for_state($_, 'SUCCESS')->{state}, 'SUCCESS', 'repaired: it goes out by itself' for @id;
        is $worker->state($id[1])->{attempts}, 1, 'in one attempt';
        is problem(), '', 'no problem any more';
        is summary(), '', 'and its task is done';
        ok $worker->stop, 'it stops by itself';
    };
    return;
}

heals('greeting', sub { $remote->answer('@greeting', '554 5.3.2 no service today') }, sub { $remote->answer('@greeting', undef) }, qr/no service today/);
heals('silence', sub { $remote->answer('@greeting', 'silence') }, sub { $remote->answer('@greeting', undef) }, qr/cannot reach it/);
heals('sender refused for all', sub { $remote->answer('@mail', '553 5.1.8 sender domain not found') }, sub { $remote->answer('@mail', undef) }, qr/sender domain not found/);
heals('a login that is refused', sub { $remote->answer('@offer', 'AUTH PLAIN LOGIN'); $remote->answer('@auth', '535 5.7.8 bad credentials') },
    sub { $remote->answer('@auth', '235 2.7.0 welcome') }, qr/login as app refused: .*535/,
    username => 'app', auth_cleartext => 'yes', password_file => $stage->instance->write_file('password', "secret\n"));
$remote->answer('@offer', undef);
heals('no login offered', sub { }, sub { $remote->answer('@offer', 'AUTH PLAIN LOGIN') }, qr/login as app refused/,
    username => 'app', auth_cleartext => 'yes', password_file => $stage->instance->path('password'));
$remote->answer('@offer', undef);

subtest 'encryption that cannot be had' => sub {
    my %rule = ('no STARTTLS' => [], 'STARTTLS refused' => [ '@starttls' => '454 4.7.0 TLS not available' ], 'no handshake' => [ '@starttls' => '220 go' ]);
    for my $name (sort keys %rule) {
        $remote->answer('@offer', @{ $rule{$name} } ? 'STARTTLS' : undef);
        $remote->answer(@{ $rule{$name} }) if @{ $rule{$name} };
        my $worker = Bounce::Delivery->new($stage->instance, $stage->db, server => $server, %wait, starttls => 'verify', name => 'tls-' . ++$stage->{mails})->start;
        my $id = $worker->submit(to => ["tls\@customer.example"]);
        $stage->wait_for(15, sub { problem() ne '' });
        like problem(), qr/TLS|STARTTLS/, "$name: " . problem();
        is $worker->state($id)->{attempts}, 0, 'no attempt is counted';
        $stage->db->sql("SELECT bounce.hold_communication($id), bounce.release_claim((SELECT claim_id FROM bounce.communication WHERE id = $id), '');\n");
        ok $worker->stop, 'stopped';
        $stage->db->sql("SELECT bounce.cancel_communication($id); SELECT bounce.server_works('$server');\n");
    }
    $remote->answer('@offer', undef);
    is taken('tls@customer.example'), 0, 'nothing went out in the clear';
};

subtest 'one sender is refused, others are not: it is theirs' => sub {
    $stage->parameter(bounce_domain => '');
    $remote->answer('@mail bad@example.org', '550 5.7.1 sender not allowed');
    my $worker = Bounce::Delivery->new($stage->instance, $stage->db, server => $server, %wait, workers => 1, name => 'senders');
    $worker->_make_places;
    my $bad  = $worker->submit(to => ['s1@customer.example'], sender => 'bad@example.org');
    my $good = $worker->submit(to => [ 's2@customer.example', 's3@customer.example' ]);
    $worker->start;
    is $worker->wait_for_state($good, 'SUCCESS')->{state}, 'SUCCESS', 'the good one goes out';
    is $worker->wait_for_state($bad, 'ERROR')->{state}, 'ERROR', 'the bad one has failed';
    is $worker->recipients($bad)->{'s1@customer.example'}{class}, 'technical', 'a technical refusal';
    is problem(), '', 'and no problem of the server';
    my ($mail) = grep { $_->{recipients}[0] eq 's2@customer.example' } $remote->received;
    is "@{ $mail->{recipients} } $mail->{sender}", 's2@customer.example s3@customer.example billing@example.org',
        'without signed return paths one transaction has them all';
    ok $worker->stop, 'stopped';
    $stage->parameter(bounce_domain => 'bounces.example.org');
};

subtest 'workers are killed at random' => sub {
    my $count = 120;
    my @worker = map { Bounce::Delivery->new($stage->instance, $stage->db, server => $server, %wait, workers => 2, batch => 5, name => "killed-$_") } 1 .. 2;
    $_->start for @worker;
    $stage->db->sql("SELECT count(bounce.submit_communication('invoice', ARRAY['k' || i || '\@customer.example'], 'billing\@example.org', 'x', 'y')) FROM generate_series(1, $count) AS i;\n");
    for my $round (1 .. 6) {
        sleep 0.05 + rand 0.25;
        my $victim = $worker[ $round % 2 ];
        $victim->kill;
        $victim->start;
    }
    my $left = "bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id WHERE r.address LIKE 'k%' AND c.delivery_state IN ";
    $stage->wait_for(40, sub { $stage->count("$left ('PENDING', 'PROCESSING', 'RETRY')") == 0 });
    is $stage->count("$left ('PENDING', 'PROCESSING', 'RETRY')"), 0, 'nothing stays behind';
    my %sent;
    for my $mail ($remote->received) { $sent{$_}++ for grep { /^k\d/ } @{ $mail->{recipients} } }
    my $rows = $stage->db->rows("SELECT address, delivery FROM bounce.communication_recipient WHERE address LIKE 'k%'");
    my @twice   = grep { $sent{$_} > 1 } keys %sent;
    my @wrong   = grep { ($_->{delivery} eq 'accepted' && ($sent{ $_->{address} } // 0) != 1) || $_->{delivery} !~ /^(accepted|unknown)$/ } @$rows;
    my @unknown = grep { $_->{delivery} eq 'unknown' } @$rows;
    is "@twice", '', 'nothing is sent twice';
    is scalar(@wrong), 0, 'what is accepted was taken once; the rest is unknown';
    is scalar(@$rows), $count, 'the counts add up';
    note scalar(@unknown) . ' unknown';
    cmp_ok scalar(@unknown), '<=', 24, 'not more unknown than transactions that were open';
    ok $_->stop, 'stopped' for @worker;
};

subtest 'the database is restarted in the middle' => sub {
    my $count = 60;
    my $worker = Bounce::Delivery->new($stage->instance, $stage->db, server => $server, %wait, batch => 5, name => 'database')->start;
    $stage->db->sql("SELECT count(bounce.submit_communication('invoice', ARRAY['d' || i || '\@customer.example'], 'billing\@example.org', 'x', 'y')) FROM generate_series(1, $count) AS i;\n");
    sleep 0.2;
    $stage->db->stop;
    sleep 1;
    $stage->db->restart;
    my $done = "bounce.communication_recipient WHERE address LIKE 'd%' AND delivery IN ('accepted', 'unknown')";
    $stage->wait_for(40, sub { $stage->count($done) == $count });
    is $stage->count($done), $count, 'all are done';
    my %sent;
    for my $mail ($remote->received) { $sent{$_}++ for grep { /^d\d/ } @{ $mail->{recipients} } }
    is scalar(grep { $_ > 1 } values %sent), 0, 'none twice';
    ok $worker->stop, 'stopped';
};

finish();
