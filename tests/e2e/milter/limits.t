# SPDX-License-Identifier: BSD-2-Clause
# Beyond the bounds the answer is "try again": sessions, connections, the time a statement may take.
use Bounce::Test;
use IO::Socket::INET;

system('prlimit', '--pid', $$, '--nofile=512:') == 0 or die "prlimit: $?\n";    # the soft one
my $stage = stage(daemon => { sessions_max => 1, pool_size => 1, pool_wait => 1, query_wait => 2 });

sub recorded { my ($letter) = @_; return scalar $stage->bounces($letter) }

sub say_to {
    my ($socket, $line) = @_;
    print $socket "$line\r\n";
    while (defined(my $reply = <$socket>)) { return $reply if $reply =~ /^\d{3} / }
    return '';
}

# A client that holds the one place there is.
sub hold_the_place {
    my $slow = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $stage->mta->port) or die;
    my $greeting = <$slow>;
    like say_to($slow, $_->[0]), $_->[1], $_->[0]
        for [ 'EHLO slow.test', qr/^250/ ], [ 'MAIL FROM:<>', qr/^250/ ],
        [ 'RCPT TO:<' . Bounce::Stage::BOUNCE_MAILBOX . '>', qr/^250/ ];
    return $slow;
}

subtest 'open files' => sub {
    my $pid = $stage->instance->pid('bounce-milter');
    my ($limit) = grep { /^Max open files/ } $stage->instance->read_lines("/proc/$pid/limits");
    my ($soft, $hard) = $limit =~ /(\d+)\s+(\d+)/;
    cmp_ok $hard, '>', 512, 'there is something to raise';
    is $soft, $hard, 'the soft limit is raised to the hard one';
};

subtest 'sessions_max' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
    my $slow   = hold_the_place();
    my @send   = (
        from => '',
        to   => [ $letter->{return_path}{'anna@customer.example'} ],
        mail => $stage->report('postfix-user-unknown', $letter));
    my ($code, $text) = $stage->smtp->send(@send);
    is $code, 451, 'one bounce more than may be received at once' or diag $text;
    is code_of($stage->smtp->send(
        from => 'a@example.org',
        to   => ['b@elsewhere.test'],
        mail => "Subject: lunch\n\nnow?\n"
        )),
        250, 'mail of others passes meanwhile';
    close $slow;
    my $answer;
    $stage->wait_for(60, sub { ($answer) = $stage->smtp->send(@send); $answer == 250 });
    is $answer,           250, 'when the first has gone there is room';
    is recorded($letter), 1,   'recorded once';
};

# At RCPT Postfix would log "milter-reject: RCPT" and "cleanup_service: configuration error".
subtest 'a report of our own Postfix beyond sessions_max' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['gone@remote.test']);
    my $slow   = hold_the_place();
    $stage->remote->answer('gone@remote.test', '550 5.1.1 <gone@remote.test>: User unknown');
    $stage->smtp->send(
        from => $letter->{return_path}{'gone@remote.test'},
        to   => $letter->{to},
        mail => "From: billing\@example.org\nMessage-ID: <$letter->{message_id}>\nSubject: x\n\nx\n"
    );
    my $refusals = sub { $stage->mta->log_lines(qr/milter-reject: END-OF-MESSAGE .*4\.3\.2/) };
    ok $stage->wait_for(60, sub { $refusals->() }), 'it is asked to come again, at its end';
    close $slow;
    is_soon(sub { $stage->status($letter) }, 'bounced', 'and recorded when there is room');
    is recorded($letter), 1, 'once';
    my @complaints
        = $stage->mta->log_lines(
        qr{postfix/(?:bounce-)?cleanup.*milter-reject: RCPT|configuration error});
    is "@complaints", '', 'Postfix has seen no fault of its configuration';
};

subtest 'a statement that waits too long' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['ben@customer.example']);
    my @send   = (
        from => '',
        to   => [ $letter->{return_path}{'ben@customer.example'} ],
        mail => $stage->report('postfix-user-unknown', $letter));
    my $lock
        = "pg_locks WHERE relation = 'bounce.report_key'::regclass "
        . "AND mode = 'AccessExclusiveLock' AND granted";
    my @psql = (qw(psql -Xq -d), $stage->db->conninfo);
    $stage->instance->start(
        name    => 'lock',
        command => [
            @psql,
            map { ('-c', $_) } 'BEGIN',
            'LOCK TABLE bounce.report_key',
            'SELECT pg_sleep(300)'
        ]);
    $stage->wait_for(60, sub { $stage->count($lock) });
    my ($code, $text) = $stage->smtp->send(@send);
    is $code, 451, 'the answer is "try again"' or diag $text;
    is $stage->count($lock), 1, 'before the lock is given up';
    $stage->db->sql("SELECT pg_terminate_backend(pid) FROM $lock;\n");
    my $answer;
    $stage->wait_for(60, sub { ($answer) = $stage->smtp->send(@send); $answer == 250 });
    is $answer,           250, 'afterwards it is taken';
    is recorded($letter), 1,   'and recorded once, whatever became of the first';
    is $stage->count('bounce.task WHERE communication_id = :id AND count > 1', id => $letter->{id}),
        0, 'counted once';
};

subtest 'the connections of the pool are cut' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['carl@customer.example']);
    my @send   = (
        from => '',
        to   => [ $letter->{return_path}{'carl@customer.example'} ],
        mail => $stage->report('postfix-user-unknown', $letter));
    $stage->db->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            . "WHERE usename = '@{[Bounce::Daemon::ACCOUNT]}';\n");
    my $answer;
    $stage->wait_for(60, sub { ($answer) = $stage->smtp->send(@send); $answer == 250 });
    is $answer,           250, 'it connects again by itself';
    is recorded($letter), 1,   'recorded once';
};

finish();
