# SPDX-License-Identifier: BSD-2-Clause
# LMTP: the MTA is told "accepted" for each recipient, and only after COMMIT; and what a client may
# not do.
use Bounce::Daemon;
use Bounce::Fetch;
use Bounce::Postfix;
use Bounce::SmtpClient;
use Bounce::SmtpServer;
use Bounce::Test;
use IO::Socket::UNIX;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $remote   = Bounce::SmtpServer->new($instance)->start;
my $path     = $instance->make_dir('lmtp') . '/socket';

# Which rule decides does not matter here.
my $rules = $instance->make_dir('few-rules');
$instance->write_file('few-rules/10.rules',
    "[a.b]\nreason = mailbox_full\nmatch = quota exceeded\nexample = Quota exceeded\n");
my $fetch = Bounce::Fetch->new(
    $stage,
    rules_dir         => $rules,
    server            => '127.0.0.1:' . $remote->port,
    lmtp              => "unix:$path",
    lmtp_mode         => 666,
    lmtp_sessions_max => 2
);
is + ($fetch->once('--check'))[0], 0, '--check, without any mailbox';
$fetch->start;

sub client {
    my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
    my $client = { socket => $socket };
    hear($client);
    return $client;
}

# The code of the next reply; its text is kept.
sub hear {
    my ($client) = @_;
    $client->{text} = '';
    my $line;
    do {
        $line = readline $client->{socket};
        return 0 if !defined $line;
        $client->{text} .= $line;
    } while $line =~ /^\d{3}-/;
    return substr $line, 0, 3;
}

sub say_to {
    my ($client, $line) = @_;
    print { $client->{socket} } "$line\r\n";
    $client->{socket}->flush;
    return hear($client);
}

# The codes of the replies after the end.
sub deliver {
    my ($client, $mail, @to) = @_;
    say_to($client, 'MAIL FROM:<> SIZE=1000');
    say_to($client, "RCPT TO:<$_>") for @to;
    say_to($client, 'DATA');
    $mail =~ s/\r?\n/\r\n/g;
    $mail =~ s/^\./../mg;
    print { $client->{socket} } $mail;
    my @code = say_to($client, '.');
    push @code, hear($client) for 2 .. @to;
    return join ' ', @code;
}

sub letter { return $stage->register(process => 'invoice', to => ["$_[0]\@customer.example"]) }
sub path_of { my ($letter) = @_; return $letter->{return_path}{ $letter->{to}[0] } }
sub recorded { return $stage->count('bounce.bounce_message') }

subtest 'two recipients' => sub {
    my $client = client();
    is say_to($client, 'LHLO mta.example.org'), 250, 'LHLO';
    like $client->{text}, qr/^250[- ]$_/m, $_ for qw(PIPELINING ENHANCEDSTATUSCODES SIZE);
    my $letter = letter('a');
    my $report = $stage->report('postfix-user-unknown', $letter);
    is deliver($client, $report, path_of($letter), 'x@bounces.example.org'), '250 250',
        'a reply for each';
    is $stage->recipient($letter)->{state}, 'bounced', 'recorded';
    is recorded(), 1, 'once';
    is $stage->db->value('SELECT source || own_mta FROM bounce.bounce_message'), 'lmtpfalse',
        'as what it is';
    is deliver($client, $report, path_of($letter)), 250, 'again, in the same session';
    is recorded(), 1, 'changes nothing';
    is say_to($client, 'QUIT'), 221, 'QUIT';
};

subtest 'what nobody can classify' => sub {
    my $client = client();
    say_to($client, 'LHLO x');
    my $letter = letter('b');
    my $report = $stage->report('nobody-can-tell', $letter) . "\n.a line with a dot\n";
    is deliver($client, $report, path_of($letter)), 250, 'accepted';
    my @mails = $remote->received;
    is @mails, 1, 'the operator has it';
    like $mails[0]{data}, qr/^\.a line with a dot\r$/m, 'as it came';
    $remote->answer('@mail', '451 later');
    is deliver($client, $report, path_of($letter)), 451, 'not while no copy can be sent';
    $remote->forget;
    $stage->parameter(operator_mailbox => '');
    is deliver($client, $report, path_of($letter)), 451, 'nor where nobody would get it';
    $stage->parameter(operator_mailbox => Bounce::Stage::OPERATOR);
};

subtest 'the database is away' => sub {
    my $client = client();
    say_to($client, 'LHLO x');
    $stage->db->sql('ALTER ROLE ' . Bounce::Daemon::ACCOUNT . " NOLOGIN;\n");
    $stage->db->sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '
            . "'@{[ Bounce::Daemon::ACCOUNT ]}';\n");
    my $letter = letter('c');
    is deliver($client, $stage->report('postfix-user-unknown', $letter), path_of($letter)), 451,
        'try again';
    $stage->db->sql('ALTER ROLE ' . Bounce::Daemon::ACCOUNT . " LOGIN;\n");
    is deliver($client, $stage->report('postfix-user-unknown', $letter), path_of($letter)), 250,
        'the next time';
    is $stage->recipient($letter)->{state}, 'bounced', 'recorded';
};

subtest 'what a client may not do' => sub {
    my $client = client();
    is say_to($client, 'MAIL FROM:<>'), 503, 'MAIL before LHLO';
    is say_to($client, 'EHLO x'),       500, 'EHLO';
    is say_to($client, 'LHLO x'),       250, 'LHLO';
    is say_to($client, 'DATA'),         503, 'DATA without a recipient';
    is say_to($client, 'RCPT TO:<a@b.example>'), 503, 'RCPT before MAIL';
    is say_to($client, 'MAIL FROM: a'), 501, 'no address';
    is say_to($client, 'MAIL FROM:<>'), 250, 'MAIL';
    is say_to($client, 'RCPT TO:<>'),   501, 'no recipient';
    is say_to($client, 'RCPT TO:<"a>"@b.example> NOTIFY=NEVER'), 250, 'a quoted one';
    is say_to($client, 'RSET'), 250, 'RSET';
    is say_to($client, 'DATA'), 503, 'forgets it';
    my $smuggler = client();
    say_to($smuggler, 'LHLO x');
    say_to($smuggler, 'MAIL FROM:<>');
    say_to($smuggler, 'RCPT TO:<a@b.example>');
    say_to($smuggler, 'DATA');
    print { $smuggler->{socket} } "Subject: a\r\n\r\nb\n.\r\nRSET\r\n\n.\nNOOP\r\n";
    is say_to($smuggler, '.'), 250, 'a bare LF before a dot ends no mail';
    is say_to($smuggler, 'QUIT'), 221, 'and what follows was no command';
    my ($second, $third) = (client(), IO::Socket::UNIX->new(Peer => $path));
    like scalar readline $third, qr/^421 /, 'too many connections';
    local $SIG{PIPE} = 'IGNORE';    # it may be gone before all is said
    print { $client->{socket} } 'x' x 10_000;
    is hear($client), 0, 'a command without an end';
};

subtest 'Postfix' => sub {
    my $postfix = Bounce::Postfix->new(
        $instance,
        milter      => '',
        remote_port => $remote->port,
        main        => {
            smtpd_milters     => '',
            virtual_transport => "lmtp:unix:$path"
        })->start;
    my $letter = letter('d');
    my ($code) = Bounce::SmtpClient->new(port => $postfix->port)->send(
        from => '',
        to   => [ path_of($letter) ],
        mail => $stage->report('postfix-user-unknown', $letter));
    is $code, 250, 'takes a bounce';
    is_soon(sub { $stage->recipient($letter)->{state} }, 'bounced', 'and delivers it');
    is_soon(
        sub { scalar grep {/status=sent \(250 2\.0\.0 recorded/} $postfix->log_lines(qr/lmtp/) },
        1, 'and is told so');
    $postfix->stop;
};

ok $fetch->stop, 'ends at once';
ok !-e $path, 'without its socket';
finish();
