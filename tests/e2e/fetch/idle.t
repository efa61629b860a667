# SPDX-License-Identifier: BSD-2-Clause
# bounce-fetch waits with IDLE at a real Dovecot: hour after hour in one session (an hour is a
# second here), and it notices a server that has gone silent without closing the connection, or a
# folder that is no longer there. Whatever a server does to one that waits: the next mail is read,
# once, nothing grows, and SIGTERM ends it. make check takes the attacks that are marked; make
# check-mailbox, all.
use Bounce::Daemon;
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Inbox;
use Bounce::LyingProxy;
use Bounce::Test;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $dovecot  = Bounce::Dovecot->start($instance);
my $inbox    = Bounce::Inbox->new($stage, $dovecot);
my $fetch    = Bounce::Fetch->new($stage, rules_dir => $stage->one_rule);

my $count = 0;

sub reads {
    my ($what, $folder) = @_;
    my $before = $inbox->recorded;
    $inbox->arrives('i' . ++$count, folder => $folder);
    ok $stage->wait_for(60, sub { $inbox->recorded == $before + 1 }), $what;
    return;
}

sub logins {
    return scalar grep {/imap-login: Info: (?:Login|Logged in):/}
        $instance->read_lines($instance->path('log/dovecot.log'));
}

# The processes of Dovecot that serve a session.
sub sessions {
    my $master = $instance->pid('dovecot');
    return grep {
        my ($stat) = $instance->read_lines("/proc/$_/stat");
        ($stat // '') =~ /^\d+ \(imap\) \S \Q$master\E /
    } map {m{^/proc/(\d+)$}} glob '/proc/[0-9]*';
}

$fetch->mailbox_of($dovecot, reply_wait => 10);
$fetch->start;
reads('a mail that is there at the start');

subtest 'three hours' => sub {
    my $before = logins();
    sleep 3;
    reads('read after them');
    is logins(), $before, 'in the same session';
    is scalar(my @faults = $fetch->log_lines(qr/warning|error/)), 0, 'and nothing went wrong';
};

subtest 'a server that goes silent' => sub {
    my @silent = sessions();
    cmp_ok scalar @silent, '>=', 1, 'a process serves the session';
    kill STOP => @silent;
    reads('another connection reads on');
    ok scalar(my @told = $fetch->log_lines(qr/no whole answer in time/)), 'and the log says why';
    kill KILL => @silent;
};

ok $fetch->stop, 'stopped';

subtest 'the folder is deleted meanwhile' => sub {
    $dovecot->make_folder('Bounces');
    $fetch->mailbox_of($dovecot, folders => 'Bounces, INBOX');
    $fetch->start;
    reads('from the folder that is watched', 'Bounces');
    # at once: the server still writes into it
    rename $dovecot->folder('Bounces'), $instance->path('gone') or die "cannot rename: $!\n";
    ok $stage->wait_for(60, sub { $fetch->log_lines(qr/cannot read the folder Bounces/) }), 'told';
    reads('from the other one', 'INBOX');
    $dovecot->make_folder('Bounces');
    reads('from a new one of that name', 'Bounces');
    ok $fetch->stop, 'stopped';
};

# --- a server that attacks ----------------------------------------------------------------

my $exists  = "* 5 EXISTS\r\n";
my $chatter = "* OK still here\r\n";
my $foreign = "* 1 FETCH (UID 1 BODY[] {3000}\r\n" . 'x' x 3000 . ")\r\n";

sub says  { my ($text) = @_; return sub { $_[0]->say($text) } }
sub hangs { my ($text) = @_; return sub { $_[0]->say($text); $_[0]->hang } }
sub floods { my (@flood) = @_; return sub { $_[0]->flood(@flood) } }

# Whatever has come, it ends in the middle of a line.
my $chats = sub { $_[0]->say('* OK '); $_[0]->flood("still here\r\n* OK ") };
my $mumbles = sub { $_[0]->say('* '); $_[0]->drip([("OK still here\r\n* ") x 400], .3) };

# [what it does in IDLE, what is logged of it or undef, the sub]; with a star: always taken
my @attacks = (
    [ 'never answers DONE',               'no whole answer in time',   hangs('') ],
    [ 'speaks of mails without end',      'does not end|no whole',     floods($exists) ],
    [ 'chats without end *',              'does not end|no whole',     $chats ],
    [ 'begins one line more each time *', 'no whole answer in time',   $mumbles ],
    [ 'gives mails without end',          'does not end|no whole',     floods($foreign) ],
    [ '900,000 EXISTS, and goes on',      undef,                       floods($exists, 900) ],
    [ '900,000 EXPUNGE, and goes on',     undef, floods("* 1 EXPUNGE\r\n", 900) ],
    [ '900,000 lines about nothing, and goes on', undef, floods($chatter, 900) ],
    [ '30,000 mails nobody asked for, and goes on', undef, floods($foreign, 30) ],
    [ 'counts that lie', undef,
        says("* 0 EXISTS\r\n* 4294967296 EXISTS\r\n* -1 EXISTS\r\n* 1${\('0' x 30)} EXPUNGE\r\n") ],
    [ 'says BYE, and closes *',           'says: go home',
        sub { $_[0]->say("* BYE go home\r\n"); $_[0]->cut } ],
    [ 'says BYE, and stays',              'says: go home',             hangs("* BYE go home\r\n") ],
    [ 'closes',                           'connection was closed',     sub { $_[0]->cut } ],
    [ 'ends TLS, and stays',              'connection was closed',
        sub { $_[0]->end_tls; $_[0]->hang } ],
    [ 'goes on in the clear',             'connection was closed',
        sub { $_[0]->say_in_the_clear($exists x 50); $_[0]->hang } ],
    [ 'half a line *',                    'no whole answer in time',   hangs('* 5 EX') ],
    [ 'a line, byte by byte',             'no whole answer in time',
        sub { $_[0]->drip('* OK ' . 'x' x 1000, .05) } ],
    [ 'a word without end',               'word of the answer does not end',
        sub { $_[0]->say('* '); $_[0]->flood('x' x 100) } ],
    [ 'a line without end',               'does not end|no whole',
        sub { $_[0]->say('* OK '); $_[0]->flood('x ' x 100) } ],
    [ 'a literal of 2^63',                'without measure',
        hangs("* LIST {9223372036854775808}\r\n") ],
    [ 'a literal of -1',                  'cannot be read',            hangs("* LIST {-1}\r\n") ],
    [ 'a literal of nothing',             'cannot be read',            hangs("* LIST {}\r\n") ],
    [ 'a literal that does not come',     'no whole answer in time',
        hangs("* LIST {900}\r\nx") ],
    [ 'ends what is not its command',     'spoke out of turn',         hangs("A1 OK ended\r\n") ],
    [ 'says "+" once more',               'spoke out of turn',         hangs("+ idling\r\n") ],
    [ 'says what is no line',             'cannot be read',            hangs("\r\n\r\n") ],
    [ 'changes UIDVALIDITY',              'changed the UIDVALIDITY',
        hangs("* OK [UIDVALIDITY 7] new\r\n") ],
);
@attacks = grep { $_->[0] =~ /\*$/ } @attacks unless $ENV{BOUNCE_MAILBOX_LONG};

my $next = $instance->make_dir('attack') . '/next';

sub attack {
    my ($name) = @_;
    rename $instance->write_file('attack/new', $name), $next or die "$next: $!\n";
    return $stage->wait_for(60, sub { !-e $next });
}

# The sub of an attack that was ordered, once, when IDLE has begun.
sub on_idling {
    my ($mitm, $line, %sub) = @_;
    my ($name) = $line =~ /^\+ idling/ ? $instance->read_lines($next) : ();
    return $line unless defined $name;
    $mitm->say($line);
    unlink $next;
    return $sub{$name}->($mitm);
}

# Kilobytes of memory, and open files.
sub size {
    my $pid = $instance->pid('bounce-fetch');
    my ($resident) = map {/^VmRSS:\s+(\d+)/} $instance->read_lines("/proc/$pid/status");
    return ($resident, scalar(my @files = glob "/proc/$pid/fd/*"));
}

sub start_behind_proxy {
    my (%lie) = @_;
    my $proxy = Bounce::LyingProxy->new($instance, $dovecot);
    $fetch->mailbox_of($dovecot, reply_wait => 2, port => $proxy->start('imaps', %lie));
    return $fetch->start;
}

subtest 'attacks' => sub {
    my %sub = (
        (map { ($_->[0] => $_->[2]) } @attacks),
        'chats on' => $chats,
        'no IDLE'  => says("* CAPABILITY IMAP4rev1 MOVE\r\n")
    );
    start_behind_proxy(server => sub { on_idling(@_, %sub) });
    reads('a mail before them');
    my ($memory, $files) = size();
    for my $row (@attacks) {
        my ($name, $told) = @$row;
        my $before = my @before = $fetch->log_lines(qr/warning/);
        ok attack($name), "IDLE: $name" or last;
        reads('and a mail is read');
        my @after = $fetch->log_lines(qr/warning/);
        my $log   = join '', @after[ $before .. $#after ];
        defined $told ? like($log, qr/$told/, 'told') : is($log, '', 'in the same session');
    }
    my ($memory_after) = size();
SKIP: {
        skip 'a sanitizer needs memory of its own', 1 if Bounce::Daemon->is_sanitized;
        cmp_ok $memory_after - $memory, '<', 4096, 'kilobytes of memory more';
    }
    is_soon(sub { (size())[1] }, $files, 'as many files open');
    is_soon(sub { $inbox->waiting }, 0, 'all are gone');
    ok attack('chats on') && $fetch->stop, 'stopped while the server chats';
    return if !$ENV{BOUNCE_MAILBOX_LONG};
    $fetch->start;
    attack('no IDLE');
    reads('what IDLE does not tell is found by looking');
    ok $fetch->stop, 'stopped';
};

subtest 'a server that closes whenever we wait' => sub {
    my $grown = $ENV{BOUNCE_MAILBOX_LONG} ? 8 : 2;
    start_behind_proxy(client => sub { $_[0]->cut if $_[1] =~ /IDLE/; $_[1] });
    ok $stage->wait_for(60, sub { $fetch->log_lines(qr/closed; next try in $grown s/) }),
        'pauses grow, although it lets us in and look';
    my $before = $inbox->recorded;
    my $told   = my @told = $fetch->log_lines(qr/closed; next/);
    $inbox->arrives('i' . ++$count);
    $fetch->signal('HUP');
    is_soon(sub { $inbox->recorded }, $before + 1, 'a mail is read when a signal ends the pause');
    my $short = sub {
        my @line = $fetch->log_lines(qr/closed; next/);
        return grep {/ in 1 s/} @line[ $told .. $#line ];
    };
    ok $stage->wait_for(60, $short), 'and they are short again';
    ok $fetch->stop, 'stopped';
};
is $inbox->recorded, $count, 'and each is recorded once';

finish();
