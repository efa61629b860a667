# SPDX-License-Identifier: BSD-2-Clause
# bounce-fetch reads a mailbox of a real Dovecot: by each protocol, with each way of settling what
# was recorded; what nobody can classify goes to the operator, and its original is kept.
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::LyingProxy;
use Bounce::SmtpServer;
use Bounce::Test;
use MIME::Base64 qw(encode_base64);

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $db       = $stage->db;
my $remote   = Bounce::SmtpServer->new($instance)->start;
my $dovecot  = Bounce::Dovecot->start($instance);

my $rules = $stage->one_rule;
my $fetch
    = Bounce::Fetch->new($stage, rules_dir => $rules, server => '127.0.0.1:' . $remote->port);

# A report about a new letter, as the provider's MTA puts it into the mailbox.
my $count = 0;

sub arrives {
    my ($template) = @_;
    my $name   = 'r' . ++$count;
    my $letter = $stage->register(process => 'invoice', to => ["$name\@customer.example"]);
    my $path   = $letter->{return_path}{ $letter->{to}[0] };
    $dovecot->put("Return-Path: <>\nDelivered-To: $path\n"
            . $stage->report($template // 'postfix-user-unknown', $letter));
    return $letter;
}
sub state_of { my ($letter) = @_; return $stage->recipient($letter)->{state} }
sub recorded { return $stage->count('bounce.bounce_message') }
sub count_in { my ($folder) = @_; my @mails = $dovecot->mails($folder); return scalar @mails }

# The mailbox of the tests; keys differ.
sub mailbox { return $fetch->mailbox_of($dovecot, @_) }

for my $protocol (qw(imaps imap pop3s)) {
    subtest $protocol => sub {
        mailbox(protocol => $protocol);
        my ($status, $said) = $fetch->once('--check');
        is $status, 0, '--check' or diag $said;
        my @letters = map { arrives() } 1 .. 3;
        my ($before, $moved) = (recorded(), count_in('Recorded'));
        ($status, $said) = $fetch->once;
        is $status, 0, 'taken' or diag $said;
        like $said, qr/^test: 3 recorded, 0 failed$/m, 'said';
        is_deeply [ map { state_of($_) } @letters ], [ ('bounced') x 3 ], 'what follows is done';
        is recorded(),      $before + 3, 'each is recorded once';
        is count_in(),      0,           'gone from INBOX';
        is count_in('Recorded'), $moved + ($protocol eq 'pop3s' ? 0 : 3), 'moved, or deleted';
        is $db->value('SELECT trust FROM bounce.bounce ORDER BY id DESC LIMIT 1'), 'token',
            'trusted as far as its token';
        is + ($fetch->once)[0], 0, 'nothing is no fault';
        is recorded(), $before + 3, 'and changes nothing';
    };
}

subtest 'progress on a terminal' => sub {
    mailbox();
    arrives() for 1 .. 3;
    my $line = join ' ', map {"'$_'"} $fetch->command('--once');
    my (undef, $shown) = $instance->run([ 'script', '-qec', $line, '/dev/null' ], may_fail => 1);
    like $shown, qr/\rmails: 3 of 3\e\[K.*\r\e\[Ktest: 3 recorded, 0 failed/s,
        'is shown, and taken away';
};

# [keys, where it is afterwards]
for my $row (
    [ { recorded => 'flag' },                             'INBOX' ],
    [ { recorded => 'flag', flag => '\Seen' },            'INBOX' ],
    [ { recorded => 'delete' },                           '' ],
    [ { recorded_folder => 'Zurück & "mehr"' }, 'Zur&APw-ck &- "mehr"' ],
) {
    my ($key, $folder) = @$row;
    subtest join(' ', map {"$_ = $key->{$_}"} sort keys %$key) => sub {
        mailbox(%$key);
        unlink $dovecot->mails;
        my $letter = arrives();
        my ($status, $said) = $fetch->once;
        is $status,           0,         'taken' or diag $said;
        is state_of($letter), 'bounced', 'recorded';
        is count_in(),        $folder eq 'INBOX' ? 1 : 0, 'in INBOX';
        is count_in($folder), 1, 'where it was to go' if $folder ne '';
        like(($fetch->once)[1], qr/: 0 recorded/, 'not read again');
    };
}

subtest 'what nobody can classify' => sub {
    for my $protocol (qw(imaps pop3s)) {
        mailbox(protocol => $protocol);
        unlink $dovecot->mails;
        arrives('nobody-can-tell');
        my @others = map { arrives() } 1 .. 2;
        is + ($fetch->once)[0], 0, "$protocol: taken";
        is count_in(), 0, 'gone from INBOX';
        is_deeply [ map { state_of($_) } @others ], [qw(bounced bounced)],
            'those that came with it are what they are';
    }
    is count_in('Unclassified'), 1, 'IMAP: the original is kept';
    my @grep = ('grep', '-l', '^Final-Recipient:', $dovecot->mails('Unclassified'));
    is + ($instance->run(\@grep, may_fail => 1))[1], '', 'and none that came with it';
    my @mails = $remote->received;
    is @mails, 2, 'the operator has a copy of each';
    like $mails[0]{data}, qr/^X-Bounce-Class: unclassified\r?$/m, 'with the verdict';
};

subtest 'a server for copies that is away' => sub {
    mailbox();
    unlink $dovecot->mails;
    my $letter = arrives('nobody-can-tell');
    $fetch->set(server => '127.0.0.1:1');
    my $before = recorded();
    is + ($fetch->once)[0], 75, 'to be tried again';
    is recorded(), $before + 1, 'recorded';
    is count_in(), 1, 'and in its place';
    $fetch->set(server => '127.0.0.1:' . $remote->port);
    is + ($fetch->once)[0], 0, 'the next time';
    is recorded(), $before + 1, 'it is recorded once';
    is count_in(), 0,           'and gone';
    is scalar(my @mails = $remote->received), 3, 'when the operator has it';
};

subtest 'what cannot be reached' => sub {
    unlink $dovecot->mails;
    arrives();
    my $before = recorded();
    mailbox(password => 'wrong');
    my ($status, $said) = $fetch->once;
    is $status, 75, 'a wrong password';
    like $said, qr/login as bounces\@example\.org refused: .*AUTHENTICATIONFAILED/, 'is named';
    mailbox(tls_ca_file => '');
    ($status, $said) = $fetch->once;
    is $status, 75, 'a certificate that nobody vouches for';
    like $said, qr/certificate: self.signed certificate/, 'is named';
    mailbox(host => '127.0.0.1');
    like(($fetch->once)[1], qr/certificate: IP address mismatch/, 'one for another name');
    mailbox(protocol => 'pop3s', password => 'wrong');
    like(($fetch->once)[1], qr/login as bounces\@example\.org refused/, 'POP3: a wrong password');
    mailbox(folders => 'Nowhere, INBOX');
    ($status, $said) = $fetch->once;
    is $status, 75, 'a folder that is not there';
    like $said, qr/cannot read the folder Nowhere/, 'is named';
    is count_in(), 0,           'and the others are read';
    is recorded(), $before + 1, 'once';
};

subtest 'a server that repeats the login' => sub {
    my $proxy = Bounce::LyingProxy->new($instance, $dovecot);
    my $plain = encode_base64(join("\0", '', Bounce::Dovecot::USER, Bounce::Dovecot::PASSWORD), '');

    my $login   = qr/^(\w+) (AUTHENTICATE PLAIN .*?)\r/;
    my $refused = qr/login as \S+ refused/;

    # [protocol, the command, the answer to it, how that is told]
    for my $row (
        [ 'imaps', $login,                '$tag BAD what is $line?',        $refused ],
        [ 'imaps', $login,                '$tag NO $line: of $password?',   $refused ],
        [ 'imaps', $login,                '* BYE what is $line?',           qr/the server says/ ],
        [ 'imaps', qr/^(\w+) (SELECT)/,   '$tag NO not with $password',     qr/the server says/ ],
        [ 'pop3s', qr/^()(PASS .*?)\r/,   '-ERR what is $line?',            $refused ],
        [ 'pop3s', qr/^()(PASS .*?)\r/,   "+OK\r\n-ERR what is \$line?",    qr/out of turn/ ],
        [ 'pop3s', qr/^()(UIDL)/,         '-ERR not with $password',        qr/the server says/ ],
    ) {
        my ($protocol, $command, $answer, $told) = @$row;
        my $port = $proxy->start($protocol,
            client => sub {
                my ($mitm, $line) = @_;
                my %said;
                @said{qw(tag line)} = $line =~ $command or return $line;
                $said{password} = Bounce::Dovecot::PASSWORD;
                return $mitm->say(($answer =~ s/\$(\w+)/$said{$1}/gr) . "\r\n");
            });
        mailbox(protocol => $protocol, port => $port);
        my ($status, $said) = $fetch->once;
        like $said, qr/$told: [^\n]*\*\*\*/, "$protocol: $answer: is named";
        my ($password) = map {quotemeta} Bounce::Dovecot::PASSWORD;
        unlike $said, qr/$password|\Q$plain\E/, 'without the password';
    }
    $proxy->stop;
};

subtest 'the database is away' => sub {
    mailbox();
    arrives();
    my $before = recorded();
    my $conninfo = $fetch->{key}{conninfo};
    $fetch->set(conninfo => 'host=/nonexistent');
    is + ($fetch->once)[0], 75, 'to be tried again';
    is count_in(), 1, 'it stays';
    $fetch->set(conninfo => $conninfo);
    is + ($fetch->once)[0], 0, 'the next time';
    is recorded(), $before + 1, 'it is recorded';
};

subtest 'a daemon' => sub {
    mailbox(poll_interval => 60);
    my @letters = arrives();
    $fetch->start;
    is_soon(sub { state_of($letters[0]) . count_in() }, 'bounced0', 'what was there');
    push @letters, arrives();
    is_soon(sub { state_of($letters[1]) . count_in() }, 'bounced0', 'IDLE tells of the next');
    $dovecot->stop;
    $dovecot->put('Return-Path: <>' . "\n\nhello\n");
    $dovecot->launch;
    is_soon(sub { count_in() }, 0, 'a server that was away is reached again');
    ok $fetch->stop, 'ends at once';
};

finish();
