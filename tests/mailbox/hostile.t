# SPDX-License-Identifier: BSD-2-Clause
# A server that lies, to bounce-fetch, about a mailbox that a real Dovecot keeps. Whatever it says:
# no mail is gone that is not recorded, the run ends, and an honest server afterwards finds
# each mail recorded once.
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Inbox;
use Bounce::LyingProxy;
use Bounce::Test;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $dovecot  = Bounce::Dovecot->start($instance);
my $proxy    = Bounce::LyingProxy->new($instance, $dovecot);
my $inbox    = Bounce::Inbox->new($stage, $dovecot);
my $fetch    = Bounce::Fetch->new($stage, rules_dir => $stage->one_rule);

# Lies of the server: a line for another; one before or behind it; nothing for it; only once.
# The text may name what was found by $1.
sub swap {
    my ($from, $to) = @_;
    return (server => sub {
        $_[1] =~ s{$from}{my $found = $1 // ""; $to =~ s/\$1/$found/r}er;
    });
}
sub before { my ($at, $more) = @_; return (server => sub { ($_[1] =~ $at ? $more : '') . $_[1] }) }
sub drops  { my ($what) = @_; return (server => sub { $_[1] =~ $what ? '' : $_[1] }) }
sub cuts   { my ($at) = @_; return (client => sub { $_[0]->cut if $_[1] =~ $at; $_[1] }) }

# The command never comes to the Dovecot; the server answers this instead.
sub answers {
    my ($command, $answer) = @_;
    return (client => sub {
        my ($mitm, $line) = @_;
        my ($tag) = $line =~ /^(\w+) $command/ or return $line;
        return $mitm->say("$tag $answer\r\n");
    });
}
sub pop_answers {
    my ($command, $answer) = @_;
    return (client => sub { $_[1] =~ $command ? $_[0]->say("$answer\r\n") : $_[1] });
}

# It says goodbye instead of an answer.
sub leaves {
    my ($at) = @_;
    return (client => sub {
        my ($mitm, $line) = @_;
        return $line if $line !~ $at;
        $mitm->say("* BYE tired\r\n");
        return $mitm->cut;
    });
}

sub mail_of { my ($uid) = @_; return "* 9 FETCH (UID $uid BODY[] {10}\r\nSubject: x)\r\n" }
sub to_search { my ($found) = @_; return swap(qr/^\* SEARCH( \d+)+/, $found) }

# [what it does, keys of the mailbox, status or undef, what is said, the lie]
my %imap = (
    'greets with BYE' => [ {}, 75, 'greeting: the server says: go', swap(qr/^\* OK/, '* BYE go') ],
    'speaks SMTP'       => [ {}, 75, 'greeting:', swap(qr/^\* OK.*/, '220 mx ESMTP') ],
    'greets PREAUTH'    => [ {}, 75, 'greeting:', swap(qr/^\* OK \[/, '* PREAUTH [') ],
    'says half a line'  => [ {}, 75, 'no whole answer in time',
        server => sub { $_[0]->say(substr $_[1], 0, 9); $_[0]->hang } ],
    'says it slowly' => [ {}, 75, 'no whole answer in time',
        server => sub { $_[0]->drip($_[1], .3) } ],
    'refuses the login' => [ {}, 75, 'login as .* refused: .*AUTH',
        answers(qr/AUTHENTICATE/, 'NO [AUTHENTICATIONFAILED] no') ],
    'is at its limit' => [ {}, 75, 'login: the server says: .LIMIT',
        answers(qr/AUTHENTICATE/, 'NO [LIMIT] later') ],
    'says BYE'        => [ {}, 75, 'says: tired', before(qr/^\* SEARCH/, "* BYE tired\r\n") ],
    'has another tag' => [ {}, 75, 'cannot be read', swap(qr/^A(\d+) OK .*Search/, 'B$1 OK') ],
    'gives no UIDVALIDITY' => [ {}, 75, 'no names of mails', drops(qr/UIDVALIDITY/) ],
    'changes UIDVALIDITY'  => [ {}, 75, 'changed the UIDVALIDITY',
        before(qr/^\* SEARCH/, "* OK [UIDVALIDITY 7] new\r\n") ],
    'names mails twice'     => [ {}, 0, '2 recorded, 0 failed',
        server => sub { $_[1] =~ s/^\* SEARCH(( \d+)+)/* SEARCH$1$1$1/r } ],
    'names mails backwards' => [ {}, 0, '2 recorded, 0 failed',
        server => sub { $_[1] =~ s/^\* SEARCH (\d+) (\d+)/* SEARCH $2 $1/r } ],
    'names numbers that are none' => [ {}, 0, '2 recorded, 0 failed',
        server => sub { $_[1] =~ s/^\* SEARCH/* SEARCH 0 -1 4294967296 99999999999999999999/r } ],
    'names mails that are not there' => [ {}, 75, 'names mails that it does not give',
        to_search(join ' ', '* SEARCH', 900_000 .. 900_999) ],
    'gives other mails'  => [ {}, 75, 'did not give it', swap(qr/\(UID (\d+) /, '(UID 7000 ') ],
    'gives no names'     => [ {}, 75, 'did not give it', swap(qr/\(UID \d+ /, '(') ],
    'refuses the search' => [ {}, 75, 'SEARCH: the server says', answers(qr/UID SEARCH/, 'NO no') ],
    'refuses the folder' => [ {}, 75, 'cannot read the folder', answers(qr/SELECT/, 'BAD no') ],
    'is read-only'       => [ {}, 75, 'cannot read the folder',
        swap(qr/\[READ-WRITE\]/, '[READ-ONLY]') ],
    'refuses the fetch' => [ {}, 75, 'did not give it', answers(qr/UID FETCH/, 'NO no') ],
    (
        map { ("says a size of $_" => [ {}, 0, '2 recorded', swap(qr/SIZE \d+/, "SIZE $_") ]) }
            qw(0 1 4294967296 18446744073709551615 99999999999999999999 -5)
    ),
    (
        map { ("says a literal of $_" => [ {}, 75, 'without measure|cannot be read',
            swap(qr/\{\d+\}/, "{$_}") ]) } qw(-1 x 9223372036854775808 18446744073709551616), ''
    ),
    'says no literal' => [ {}, 75, 'cannot be read', swap(qr/ \{\d+\}/, '') ],
    'gives mails nobody asked for' => [ {}, 0, '2 recorded, 0 failed',
        before(qr/\(UID/, mail_of(7000) x 300) ],
    'gives each mail again, and it is another' => [ {}, 75, '2 mails stay .* the same name',
        server => sub {
            my ($mitm, $line) = @_;
            push @{ $mitm->{uid} }, $1 if $line =~ /\(UID (\d+) /;
            return $line if $line !~ /^A\d+ OK .*Fetch/ || !$mitm->{uid};
            return join('', map { mail_of($_) } @{ delete $mitm->{uid} }) . $line;
        } ],
    'says how many there are, and lies' => [ {}, 0, '2 recorded, 0 failed',
        swap(qr/^\* \d+ EXISTS/, '* 4294967296 EXISTS') ],
    'refuses the move' => [ {}, 75, '2 mails stay', answers(qr/UID MOVE/, 'NO no') ],
    'moves, and says not where to' => [ {}, 0, '2 recorded, 0 failed', drops(qr/COPYUID/) ],
    'says less than it gives' => [ {}, 75, 'cannot be read', swap(qr/\{\d+\}/, '{40}') ],
    'says more than it gives' => [ {}, 75, 'no whole answer', swap(qr/\{\d+\}/, '{900000}') ],
    'says more than can be'   => [ {}, 75, 'without measure', swap(qr/\{\d+\}/, '{4294967296}') ],
    'gives the mails slowly'  => [ {}, 75, 'no whole answer',
        server => sub { $_[1] =~ /^X-Postfix/ ? $_[0]->drip($_[1], .3) : $_[1] } ],
    'offers MOVE and has it not' => [ {}, 0, '2 recorded, 0 failed', answers(qr/UID MOVE/, 'BAD') ],
    'offers UIDPLUS and has it not' => [ { recorded => 'delete' }, 0, 'cannot expunge single',
        answers(qr/UID EXPUNGE/, 'BAD what') ],
    'says moved, and does not' => [ {}, 0, '2 recorded, 0 failed', answers(qr/UID MOVE/, 'OK') ],
    'says not moved, and does' => [ {}, 0, '2 recorded, 0 failed',
        swap(qr/^A(\d+) OK .*Move/, 'A$1 NO') ],
    'wants more of a command'  => [ {}, 75, 'more of a command that is whole',
        client => sub { $_[0]->say("+ more\r\n") if $_[1] =~ /UID FETCH/; $_[1] } ],
    'moves one by one only'    => [ {}, 0, '2 recorded, 0 failed',
        client => sub {
            $_[1] =~ /^(\w+) UID MOVE \d+[:,]/ ? $_[0]->say("$1 NO no\r\n") : $_[1];
        } ],
    'keeps no mark of deletion' => [ {}, 75, '2 mails stay .* does not keep the flag .Deleted',
        server => sub { $_[1] =~ s/ MOVE//r =~ s/(PERMANENTFLAGS \().*?\)/$1)/r } ],
    'offers no STARTTLS'   => [ { protocol => 'imap' }, 75, 'does not offer STARTTLS',
        swap(qr/ STARTTLS/, '') ],
    'refuses STARTTLS'     => [ { protocol => 'imap' }, 75, 'STARTTLS: the server says',
        answers(qr/STARTTLS/, 'NO no') ],
    'speaks before TLS' => [ { protocol => 'imap' }, 75, 'spoke before TLS',
        server => sub { $_[1] . ($_[1] =~ /OK Begin TLS/ ? "* CAPABILITY IMAP4rev1\r\n" : '') } ],
    'answers a former command' => [ {}, 75, 'cannot be read',
        server => sub { $_[1] =~ s/^A(\d+) (?=OK .*Fetch)/'A' . ($1 - 1) . ' '/er } ],
    'answers the next command' => [ {}, 75, '',
        server => sub {
            $_[1] =~ /^A(\d+) OK .*Fetch/ ? $_[1] . 'A' . ($1 + 1) . " OK moved\r\n" : $_[1];
        } ],
    'changes UIDVALIDITY amid the mails' => [ {}, 75, 'changed the UIDVALIDITY',
        before(qr/\(UID/, "* OK [UIDVALIDITY 7] new\r\n") ],
    'changes UIDVALIDITY amid the move' => [ {}, 75, 'changed the UIDVALIDITY',
        before(qr/^A\d+ OK .*Move/, "* OK [UIDVALIDITY 7] new\r\n") ],
    (
        map { ("says UIDVALIDITY $_" => [ {}, 75, 'no names of mails',
            swap(qr/UIDVALIDITY \d+/, "UIDVALIDITY $_") ]) } qw(0 -1 x 4294967297)
    ),
    'changes UIDVALIDITY by the end of an answer' => [ {}, 75, 'changed the UIDVALIDITY',
        swap(qr/^A(\d+) OK (?=.*Fetch)/, 'A$1 OK [UIDVALIDITY 7] ') ],
    'gives a mail two names' => [ {}, 75, 'two names',
        swap(qr/\(UID (\d+) /, '(UID 7000 UID $1 ') ],
    'gives a mail two bodies' => [ {}, 75, 'two bodies',
        swap(qr/ BODY\[\]<0> (?=\{)/, " BODY[]<0> {3}\r\nx\r\n BODY[]<0> ") ],
    'gives mails from their middle' => [ {}, 75, 'did not give it',
        swap(qr/BODY\[\]<0>/, 'BODY[]<7>') ],
    'gives mails without a byte' => [ {}, 75, 'without a byte',
        client => sub {
            my ($mitm, $line) = @_;
            my ($tag, $uid) = $line =~ /^(\w+) UID FETCH (\d+)/ or return $line;
            return $mitm->say("* 1 FETCH (UID $uid BODY[]<0> \"\")\r\n$tag OK\r\n");
        } ],
    'gives no mail, and says it has copied it' => [ { tries => 1 }, 75, 'where the copy is',
        server => sub { $_[1] =~ s/ MOVE//r },
        client => sub {
            my ($mitm, $line) = @_;
            my ($tag, $command) = $line =~ /^(\w+) UID (FETCH|COPY)/ or return $line;
            return $mitm->say($command eq 'FETCH' ? "$tag NO no\r\n" : "$tag OK copied\r\n");
        } ],
    'expunges amid the mails' => [ {}, 0, '2 recorded, 0 failed',
        before(qr/\(UID/, "* 1 EXPUNGE\r\n* 0 EXISTS\r\n* VANISHED 1:4294967295\r\n") ],
    'finds the last name there can be' => [ {}, 75, 'did not give it',
        to_search('* SEARCH 4294967295') ],
    (
        map { ("gives mails the name $_" => [ {}, 75, 'did not give it',
            swap(qr/\(UID (\d+) /, "(UID $_ ") ]) } qw(0 4294967295 4294967296 -1)
    ),
    'gives mails as something else' => [ {}, 75, 'did not give it',
        swap(qr/BODY\[\]\S* \{/, 'BODYSTRUCTURE {') ],
    'announces 1 GB' => [ {}, 75, 'no whole answer', swap(qr/\{\d+\}/, '{1073741824}') ],
    'announces 1 GB where nothing is wanted' => [ {}, 75, 'no whole answer',
        before(qr/\(UID/, "* 5 FETCH (FLAGS {1073741824}\r\n") ],
    'finds a literal' => [ {}, 75, 'cannot be read', to_search("* SEARCH {1073741824}\r\n1") ],
    'opens parentheses without end' => [ {}, 75, 'cannot be read',
        before(qr/\(UID/, '* 5 FETCH (X ' . '(' x 100_000 . "\r\n") ],
    'says a line of 10 MB' => [ {}, undef, '',
        before(qr/\(UID/, '* OK ' . 'x' x 10_000_000 . "\r\n") ],
    'finds mails without end' => [ {}, 75, 'no whole answer|does not end',
        server => sub { $_[1] =~ /^\* SEARCH/ ? $_[0]->flood($_[1]) : $_[1] } ],
    'speaks of nothing without end' => [ {}, 75, 'no whole answer|does not end',
        server => sub { $_[1] =~ /\(UID/ ? $_[0]->flood("* 1 EXPUNGE\r\n") : $_[1] } ],
    'wants more amid the mails' => [ {}, 75, 'more of a command that is whole',
        before(qr/\(UID/, "+ more\r\n") ],
    'refuses the move for want of a folder' => [ {}, 75, '2 mails stay .*TRYCREATE',
        answers(qr/UID MOVE/, 'NO [TRYCREATE] no such folder') ],
    'and makes no folder' => [ {}, 75, '2 mails stay .*TRYCREATE',
        client => sub {
            $_[1] =~ /^(\w+) (UID MOVE|CREATE)/ or return $_[1];
            return $_[0]->say("$1 NO [" . ($2 eq 'CREATE' ? 'CANNOT' : 'TRYCREATE') . "] no\r\n");
        } ],
    'can less after the login' => [ {}, 0, '2 recorded, 0 failed',
        server => sub { $_[1] =~ /^A|^\* CAP/ ? $_[1] =~ s/ (?:MOVE|UIDPLUS|IDLE)\b//gr : $_[1] } ],
    'can less with each answer' => [ {}, 0, '2 recorded, 0 failed',
        before(qr/^A\d+ OK .*Fetch/, "* CAPABILITY IMAP4rev1\r\n") ],
    'can everything after the login' => [ {}, 0, '2 recorded, 0 failed',
        before(qr/^\* SEARCH/, "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED MOVE UIDPLUS\r\n") ],
    'answers before TLS what is asked in it' => [ { protocol => 'imap' }, 75, 'spoke before TLS',
        server => sub {
            $_[1] . ($_[1] =~ /^A(\d+) OK Begin TLS/ ? 'A' . ($1 + 1) . " OK go on\r\n" : '');
        } ],
    (
        map { ("says BYE at $_" => [ {}, 75, 'says: tired', leaves(qr/^\w+ $_/) ]) }
            'CAPABILITY', 'AUTHENTICATE', 'SELECT', 'UID SEARCH', 'UID FETCH', 'UID MOVE'
    ),
    'says BYE at STARTTLS' => [ { protocol => 'imap' }, 75, 'says: tired',
        leaves(qr/STARTTLS/) ],
    map { ("cuts at $_" => [ {}, 75, 'connection was closed', cuts(qr/^\w+ $_/) ]) }
        'CAPABILITY', 'AUTHENTICATE', 'SELECT', 'UID SEARCH', 'UID FETCH', 'UID MOVE',
);

my %pop3 = (
    'greets with -ERR' => [ {}, 75, 'greeting: no',  swap(qr/^\+OK.*/, '-ERR no') ],
    'speaks IMAP'      => [ {}, 75, 'greeting:',     swap(qr/^\+OK.*/, '* OK x') ],
    'says half a line' => [ {}, 75, 'no whole answer in time',
        server => sub { $_[0]->say('+O'); $_[0]->hang } ],
    'refuses the login' => [ {}, 75, 'login as .* refused', pop_answers(qr/^PASS/, '-ERR no') ],
    'refuses UIDL'      => [ {}, 75, 'UIDL: the server says', pop_answers(qr/^UIDL/, '-ERR no') ],
    'numbers that are none' => [ {}, 0, '0 recorded',
        swap(qr/^\d+ ([0-9a-f]+\r)/, '4294967296 $1') ],
    'refuses a mail'  => [ {}, 75, '1 recorded, 1 failed', pop_answers(qr/^RETR 1/, '-ERR no') ],
    'refuses a DELE'  => [ {}, 75, 'DELE 1: the server says', pop_answers(qr/^DELE 1/, '-ERR no') ],
    'gives mails without a byte' => [ {}, 75, 'without a byte',
        pop_answers(qr/^RETR/, "+OK\r\n.") ],
    'says deleted, and does not' => [ {}, 0, '2 recorded', pop_answers(qr/^DELE/, '+OK') ],
    'says at the end that nothing is deleted' => [ {}, 75, 'QUIT: the server says: no',
        pop_answers(qr/^QUIT/, '-ERR no') ],
    'wants more of a command' => [ {}, 75, 'more of a command that is whole',
        client => sub { $_[0]->say("+ more\r\n") if $_[1] =~ /^RETR 1/; $_[1] } ],
    'refuses a mail, and gives it' => [ {}, 75, 'spoke out of turn',
        client => sub { $_[0]->say("-ERR no\r\n") if $_[1] =~ /^RETR 1/; $_[1] } ],
    'gives a mail without end'   => [ {}, 75, 'no whole answer', drops(qr/^\.\r/) ],
    'gives half a mail'          => [ {}, 75, 'connection was closed',
        server => sub { $_[0]->cut if $_[1] =~ /^Final-Rec/; $_[1] } ],
    'ends a mail by the dot of its writer, who goes on' => [ {}, 0, '2 recorded, 0 failed',
        server => sub {
            my ($mitm, $line) = @_;
            return $line if $line !~ /^Subject: Your/ || $mitm->{has_lied}++;
            return "x\n.\n+OK\r\n\r\nanother mail\n.\n" . "+OK\r\n" x 3 . $line;
        } ],
    'names of nothing' => [ {}, 75, 'Too many bad commands',
        server => sub {
            $_[1] =~ /^1 [0-9a-f]+\r/ ? join '', map {"$_ x$_\r\n"} 5000 .. 5999 : $_[1];
        } ],
    'names each mail twice' => [ {}, 0, '2 recorded',
        server => sub { $_[1] =~ /^\d+ [0-9a-f]+\r/ ? $_[1] x 2 : $_[1] } ],
    'gives each two names' => [ {}, undef, '',
        server => sub { $_[1] =~ /^(\d+) [0-9a-f]+\r/ ? "$_[1]$1 other$1\r\n" : $_[1] } ],
    'gives one the name of another' => [ {}, undef, '',
        server => sub { $_[1] =~ s/^(\d+) [0-9a-f]+\r/"$1 " . 9 x (3 - $1) . "\r"/er } ],
    'names more than there are' => [ {}, 75, '2 recorded, 1 failed',
        server => sub { $_[1] =~ /^2 [0-9a-f]+\r/ ? "$_[1]3 three\r\n" : $_[1] } ],
    'names mails without end' => [ {}, 75, 'no whole answer',
        server => sub { $_[1] =~ /^1 [0-9a-f]+\r/ ? $_[0]->flood($_[1]) : $_[1] } ],
    'gives a name of 1 MB' => [ {}, undef, '',
        swap(qr/^(\d+) [0-9a-f]+\r/, '$1 ' . 'x' x 1_000_000 . "\r") ],
    'is locked' => [ {}, 75, 'IN-USE', pop_answers(qr/^PASS/, '-ERR [IN-USE] locked') ],
    'answers +OK to what was not asked' => [ {}, 75, 'spoke out of turn',
        client => sub { $_[0]->say("+OK\r\n+OK\r\n") if $_[1] =~ /^DELE 1/; $_[1] } ],
    (
        map { ("is away at $_" => [ {}, 75, 'SYS/TEMP', pop_answers(qr/^$_/, '-ERR [SYS/TEMP] x') ])
        } qw(UIDL RETR DELE)
    ),
    map { ("cuts at $_" => [ {}, undef, '', cuts(qr/^$_/) ]) } qw(USER PASS UIDL RETR DELE QUIT),
);

sub mailbox {
    my ($port, %key) = @_;
    return $fetch->mailbox_of($dovecot, reply_wait => 2, transfer_wait => 2, %key,
        $port ? (port => $port) : ());
}

sub try {
    my ($protocol, $name, $row) = @_;
    my ($key, $status, $said, @lie) = @$row;
    my %key = (protocol => $protocol, %$key);
    subtest "$key{protocol}: $name" => sub {
        unlink grep {/:2,\w*T/} $dovecot->mails;    # done, and marked so
        $inbox->several(2 - $inbox->waiting);
        mailbox($proxy->start($key{protocol}, @lie), %key);
        my ($got, $text) = $fetch->once;
        is $got, $status, 'what is told' if defined $status;
        like $text, qr/$said/, 'and why';
        is_deeply [ $inbox->lost ], [], 'none is lost';
    };
    return;
}

try('imaps', $_, $imap{$_}) for sort keys %imap;
try('pop3s', $_, $pop3{$_}) for sort keys %pop3;

sub is_all_recorded {
    $proxy->stop;
    mailbox(0);
    my ($status, $said) = $fetch->once;
    is $status, 0, 'an honest server, then' or diag $said;
    is $inbox->waiting, 0, 'all are gone';
    return is $inbox->recorded, scalar(my @sent = $inbox->sent), 'and each is recorded once';
}
is_all_recorded();

# A server at which whatever comes next has the name 1.
my $base = 0;

sub first_is_one {
    my ($mitm, $line) = @_;
    $line =~ s/^(\* SEARCH) (\d+).*\r/$base = $2 - 1; "$1 1\r"/e;
    $line =~ s/\(UID \d+ /(UID 1 /;
    return $line;
}
sub one_is_first { my (undef, $line) = @_; return $line =~ s/(UID \w+) 1\b/"$1 " . ($base + 1)/er }

subtest 'the name of one mail given to the next' => sub {
    my $before = $inbox->recorded;
    $inbox->several(1);
    mailbox($proxy->start('imaps', server => \&first_is_one, client => \&one_is_first));
    $fetch->start;
    is_soon(sub { $inbox->recorded - $before . $inbox->waiting },
        '10', 'the first is recorded and moved');
    $inbox->several(1);
    is_soon(sub { $inbox->recorded - $before . $inbox->waiting }, '20', 'the second, too');
    is_deeply [ $inbox->lost ], [], 'none is lost';
    ok $fetch->stop, 'stopped';
};

subtest 'the name of one that was given up' => sub {
    my $before = $inbox->recorded;
    my $port   = $proxy->start('imaps',
        server => \&first_is_one,
        client => sub {
            my ($mitm, $line) = @_;
            return $mitm->say("$1 NO no\r\n") if $line =~ /^(\w+) UID FETCH/ && !$mitm->{no}++;
            return one_is_first(@_);
        });
    mailbox($port, tries => 1);
    $inbox->arrives('unread');
    $fetch->start;
    is_soon(sub { $inbox->waiting . $inbox->waiting('Failed') }, '01', 'the first is moved aside');
    $inbox->several(1);
    is_soon(sub { $inbox->recorded - $before . $inbox->waiting }, '10', 'the second is recorded');
    is $inbox->waiting('Failed'), 1, 'and is not moved aside';
    ok $fetch->stop, 'stopped';
    unlink $dovecot->mails('Failed');
};

subtest 'no MOVE, and nothing may be deleted' => sub {
    unlink map { $dovecot->mails($_) } qw(INBOX Recorded);
    my $before = $inbox->recorded;
    my $port = $proxy->start(
        'imaps',
        server => sub { $_[1] =~ s/ MOVE//r },
        client => sub {
            $_[1] =~ /^(\w+) UID STORE/ ? $_[0]->say("$1 NO no\r\n") : $_[1];
        });
    $inbox->several(2);
    mailbox($port);
    $fetch->start;
    ok $stage->wait_for(60, sub { $fetch->log_lines(qr/2 mails stay .* delete/) >= 3 }),
        'it is tried again';
    is $inbox->recorded, $before + 2, 'each is recorded once';
    is $inbox->waiting,             2, 'they stay';
    is $inbox->waiting('Recorded'), 2, 'and are copied once';
    ok $fetch->stop, 'stopped';
};

sub broken { return scalar $fetch->log_lines(qr/connection was closed; next/) }

subtest 'a mail at which it breaks off, whenever it is asked for' => sub {
    unlink $dovecot->mails;
    my $before = $inbox->recorded;
    my $port   = $proxy->start('imaps',
        server => sub { $_[0]->cut if $_[1] =~ /^Final-Recipient:.*breaks/; $_[1] });
    mailbox($port, tries => 2);
    $inbox->arrives('breaks');
    $fetch->start;
    for my $others (1 .. 3) {
        $inbox->several(1);
        is_soon(sub { $inbox->recorded - $before }, $others, 'another one is recorded');
        my $told = broken();
        $stage->wait_for(60, sub { broken() > $told || $inbox->waiting('Failed') });
    }
    is_soon(
        sub { join ' ', $inbox->recorded - $before, map { $inbox->waiting($_) } qw(INBOX Failed) },
        '3 0 1', 'it is moved aside, and keeps no other');
    ok $fetch->stop, 'stopped';
};

subtest 'pop3s: all mails have the same name' => sub {
    $inbox->several(30);
    my $port = $proxy->start('pop3s', swap(qr/^(\d+) [0-9a-f]+\r/, "\$1 same\r"));
    mailbox($port, protocol => 'pop3s', transfer_wait => 20);
    my (undef, $said) = $fetch->once;
    is_deeply [ $inbox->lost ], [], 'none is lost' or diag $said;
    is $inbox->waiting, 0, 'all are gone';
};
is_all_recorded();
finish();
