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
use POSIX ();

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $remote   = Bounce::SmtpServer->new($instance)->start;
my $path     = $instance->make_dir('lmtp') . '/socket';

my $rules = $stage->one_rule;
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

# One that is served: those before it may still be leaving.
sub client {
    my $client;
    $instance->wait_for(
        60,
        sub {
            my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
            $client = { socket => $socket };
            return hear($client) == 220;
        }) or die "no connection is served\n";
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
    is say_to($client,   'QUIT'), 221, 'QUIT';
    # young ones: an old one that has brought no mail makes room
    my ($first, $second, $third) = (client(), client(), IO::Socket::UNIX->new(Peer => $path));
    like scalar readline $third, qr/^421 /, 'too many connections';
    local $SIG{PIPE} = 'IGNORE';    # it may be gone before all is said
    print { $first->{socket} } 'x' x 10_000;
    is hear($first), 0, 'a command without an end';
};

# Says all of it without waiting for a reply, and then no more; the codes of the replies until the
# end, "250x3" for three.
sub pipelined {
    my ($said) = @_;
    $said = $said->() if ref $said;
    my $client = client();
    my $writer = fork // die "fork: $!\n";
    if ($writer == 0) {
        local $SIG{PIPE} = 'IGNORE';
        print { $client->{socket} } $said;
        $client->{socket}->flush;
        shutdown $client->{socket}, 1;
        POSIX::_exit(0);
    }
    my @runs = ([ 220, 1 ]);
    while (my $code = hear($client)) {
        if   ($runs[-1][0] == $code) { $runs[-1][1]++ }
        else                         { push @runs, [ $code, 1 ] }
    }
    waitpid $writer, 0;
    return join ' ', map { $_->[1] > 1 ? "$_->[0]x$_->[1]" : $_->[0] } @runs;
}

sub lines { return join '', map {"$_\r\n"} @_ }
my @begun = ('LHLO x', 'MAIL FROM:<>', 'RCPT TO:<a@b.example>');
my $mail  = lines(@begun, 'DATA', 'Subject: a', '', 'b');

my @hostile = (
    [ 'no LHLO',              lines(@begun[ 1, 2 ], 'DATA'),       '220 503x3' ],
    [ 'HELO and EHLO',        lines('HELO x', 'EHLO x'),           '220 500x2' ],
    [ 'RCPT before MAIL',     lines(@begun[ 0, 2 ]),               '220 250 503' ],
    [ 'MAIL twice',           lines(@begun[ 0, 1, 1 ]),            '220 250x2 503' ],
    [ 'no recipient',         lines(@begun[ 0, 1 ], 'DATA'),       '220 250x2 503' ],
    [ 'none that is good',    lines(@begun[ 0, 1 ], 'RCPT TO:<>', 'DATA'), '220 250x2 501 503' ],
    [ '5,000 recipients',     lines(@begun, ($begun[2]) x 4999, 'QUIT'),
        '220 250x102 452x4900 221' ],
    [ 'a size too large',
        lines($begun[0], 'MAIL FROM:<> BODY=8BITMIME size=33554433', $begun[2]),
        '220 250 552 503' ],
    [ 'the largest size',     lines($begun[0], 'MAIL FROM:<> SIZE=33554432'), '220 250x2' ],
    [ 'a NUL in a command',   "LHLO x\r\nNO\0OP\r\nNOOP\r\n",       '220 250' ],
    [ 'a command of 1 MB',    lines('LHLO x', 'x' x 1_000_000, 'NOOP'), '220 250' ],
    [ 'nothing but faults',   lines(('x') x 30),                   '220 500x20 421' ],
    [ 'BDAT, which is not offered', lines(@begun, 'BDAT 3 LAST', 'NOOP'), '220 250x3 500 250' ],
    [ 'an empty command',     "LHLO x\r\n\r\nNOOP\r\n",         '220 250 500 250' ],
    [ 'a line of 10 MB',      sub { $mail . 'x' x 10_000_000 },     '220 250x3 354' ],
    [ 'cut within a command', "LHLO x\r\nNOO",                     '220 250' ],
    [ 'cut within the mail',  $mail,                               '220 250x3 354' ],
    [ 'cut after the dot',    "$mail.",                            '220 250x3 354' ],
    [ 'cut after its CR',     "$mail.\r",                          '220 250x3 354' ],
    [ 'LF . LF',              "${mail}b\n.\nNOOP\r\n",             '220 250x3 354' ],
    [ 'LF . CRLF',            "${mail}b\n.\r\nNOOP\r\n",           '220 250x3 354' ],
    [ 'CRLF . LF',            "$mail.\nNOOP\r\n",                  '220 250x3 354' ],
    [ 'CR . CR',              "${mail}b\r.\rNOOP\r\n",             '220 250x3 354' ],
    [ 'CR . CRLF',            "${mail}b\r.\r\nNOOP\r\n",           '220 250x3 354' ],
    [ 'a mail too large', sub { $mail . "c\r\n" x 11_200_000 . lines('.', 'QUIT') },
        '220 250x3 354 552 221' ],
);

# what fills memory or sockets takes a while
my %at_length = map { ($_ => 1) } '5,000 recipients', 'a command of 1 MB', 'a line of 10 MB',
    'a mail too large';

subtest 'hostile clients' => sub {
    my $before = recorded();
    my @rows = grep { $ENV{BOUNCE_MAILBOX_LONG} || !$at_length{ $_->[0] } } @hostile;
    is pipelined($_->[1]), $_->[2], $_->[0] for @rows;
    is recorded(), $before, 'nothing of it is recorded';
    my @served = (client(), client());    # those of before have left
    my $left   = () = $fetch->log_lines(qr/makes room/);
    my @all    = map { IO::Socket::UNIX->new(Peer => $path) } 1 .. 498;
    my %greeted = (220 => 0);
    $greeted{ substr readline $_, 0, 3 }++ for @all;
    my $made_room = (() = $fetch->log_lines(qr/makes room/)) - $left;    # where it takes long
    is_deeply \%greeted, { 220 => $made_room, 421 => 498 - $made_room },
        '500 connections at once: two are served';
};

subtest 'slow clients have all sessions' => sub {
    my $before = recorded();
    my @slow   = (client(), client());
    say_to($slow[1], $_) for @begun, 'DATA';
    my ($letter, $answered) = (letter('slow'));
    my $report = $stage->report('postfix-user-unknown', $letter);
    ok $stage->wait_for(
        60,
        sub {
            local $SIG{PIPE} = 'IGNORE';
            for my $client (@slow) {    # a byte now and then
                print { $client->{socket} } 'N';
                $client->{socket}->flush;
            }
            my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
            my $client = { socket => $socket };
            return if hear($client) != 220;
            say_to($client, 'LHLO x');
            return $answered = deliver($client, $report, path_of($letter));
        }), 'another one is served';
    is $answered, 250, 'and told so';
    is recorded(), $before + 1, 'its mail is recorded';
    is hear($slow[0]), 421, 'the slowest one is told';
    like $slow[0]{text}, qr/others wait/, 'why';
};

# What each command of a session is answered, by RFC 2033 and RFC 5321 section 4.1.4: a function of
# the command that knows those before it.
sub model {
    my ($has_greeted, $has_sender, $recipients) = (0, 0, 0);
    my $forget = sub { ($has_sender, $recipients) = (0, 0); return 250 };
    my %reply  = (
        LHLO => sub { $has_greeted = 1; return $forget->() },
        MAIL => sub { return !$has_greeted || $has_sender++ ? 503 : 250 },
        RCPT => sub { return $has_sender ? ($recipients++, 250)[1] : 503 },
        DATA => sub {
            my @reply = $recipients ? (354, (250) x $recipients) : 503;
            $forget->() if $recipients;
            return @reply;
        },
        RSET => $forget,
        NOOP => sub { return 250 },
        VRFY => sub { return 252 },
        QUIT => sub { return 221 },
    );
    return sub { my ($verb) = @_; return $reply{$verb} ? $reply{$verb}->() : 500 };
}

# The commands up to the one that is answered otherwise, and how; nothing if none is.
sub first_wrong {
    my ($line, $report, @verb) = @_;
    my $client = client();
    my $model  = model();
    for my $verb (@verb, 'QUIT') {
        my @expected = $model->($verb);
        my @code     = say_to($client, $line->{$verb});
        push @code, say_to($client, "$report.") if $code[0] == 354;
        push @code, hear($client) for @code + 1 .. @expected;
        return "@verb: $verb: @code" if "@code" ne "@expected";
        last                         if $verb eq 'QUIT';
    }
    return hear($client) ? "@verb: more than was asked" : ();
}

subtest 'commands in every order' => sub {
    my %line = (
        (map { ($_ => $_) } qw(DATA RSET NOOP QUIT BDAT)),
        LHLO => 'LHLO x',
        EHLO => 'EHLO x',
        MAIL => 'MAIL FROM:<>',
        VRFY => 'VRFY a',
    );
    my $letter = letter('order');
    my $report = $stage->report('postfix-user-unknown', $letter) =~ s/\r?\n/\r\n/gr;
    $line{RCPT} = 'RCPT TO:<' . path_of($letter) . '>';
    my $before = recorded();
    my @end    = [];
    @end = map {
        my $before = $_;
        map { [ @$before, $_ ] } sort keys %line
    } @end for 1 .. ($ENV{BOUNCE_MAILBOX_LONG} ? 3 : 2);
    my @wrong;
    for my $begun ([], [qw(LHLO MAIL)], [qw(LHLO MAIL RCPT RCPT)]) {
        push @wrong, map { first_wrong(\%line, $report, @$begun, @$_) } @end;
    }
    # and longer ones at random, the same each time
    srand 2033;
    my @verb = sort keys %line;
    for (1 .. ($ENV{BOUNCE_MAILBOX_LONG} ? 3000 : 50)) {
        push @wrong, first_wrong(\%line, $report, map { $verb[ rand @verb ] } 0 .. rand 16);
    }
    is_deeply \@wrong, [], 'each is answered as the RFCs say';
    is recorded(), $before + 1, 'and the mail that all of them brought is recorded once';
};

subtest 'strange mails' => sub {
    my %strange = (
        'as it should be'            => '',
        'a NUL'                      => "a\0b\r\n",
        'a line of 1 MB'             => 'x' x 1_000_000 . "\r\n",
        'a line of dots'             => "....\r\n..\r\n",
        'bare LF and CR'             => "a\nb\rc\r\n",
        'a dot and CR within a line' => "..\rd\r\n",
    );
    my @people = map {"e$_\@customer.example"} 1 .. keys %strange;
    my $letter = $stage->register(process => 'invoice', to => \@people);
    for my $what (sort keys %strange) {
        my $who    = pop @people;
        my $to     = "RCPT TO:<$letter->{return_path}{$who}>";
        my $report = $stage->report('postfix-user-unknown', $letter, recipient => $who);
        $report =~ s/\r?\n/\r\n/g;
        my $before = recorded();
        is pipelined(lines(@begun[ 0, 1 ], $to, $to, 'DATA')
                . "$report$strange{$what}"
                . lines('.', 'QUIT')), '220 250x4 354 250x2 221', "$what: a reply for each";
        is recorded(), $before + 1, 'recorded once';
        is $stage->recipient($letter, $who)->{state}, 'bounced', 'as what it is';
    }
};

# The lines that doc/install.md wants in main.cf, with the socket of here.
sub recipe {
    my $text = join '', $instance->read_lines(Bounce::Instance::tree() . '/doc/install.md');
    my ($lines) = $text =~ /^    # main\.cf, with the domain in no other class\n((?:    .*\n)+)/m
        or die "the recipe is not there\n";
    $lines =~ s{lmtp:unix:bounce-fetch/socket}{lmtp:unix:$path} or die "it has no socket\n";
    return map {/^ +(\w+) = (.*)/} split /\n/, $lines;
}

subtest 'Postfix, by the recipe' => sub {
    my $postfix = Bounce::Postfix->new(
        $instance,
        milter      => '',
        remote_port => $remote->port,
        main        => {
            smtpd_milters            => '',
            mynetworks               => '192.0.2.0/24',                # who sends is a stranger
            smtpd_relay_restrictions => 'reject_unauth_destination',
            virtual_mailbox_domains  => 'example.org',
            recipe()
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

my ($in_command, $in_mail) = (client(), client());
say_to($in_mail, $_) for @begun, 'DATA';
for my $client ([ $in_command, 'NOO' ], [ $in_mail, "Subject: a\r\n\r\nb\r\n." ]) {
    print { $client->[0]{socket} } $client->[1];
    $client->[0]{socket}->flush;
}
ok $fetch->stop, 'ends at once';
is hear($in_command), 421, 'told to one that is silent within a command';
is hear($in_mail),    421, 'and within a mail';
ok !-e $path, 'without its socket';
finish();
