# SPDX-License-Identifier: BSD-2-Clause
# The milter protocol, spoken badly: every command in any order and any number of times, and
# packets that are none. The daemon lives on, says "accepted" only to what it was given, and takes
# a bounce afterwards as before.
use Bounce::Test;
use IO::Select;
use IO::Socket::UNIX;

use constant SEED          => 20_261_128;
use constant DIALOGUES     => 400;
use constant COMMANDS_MAX  => 25;
use constant REPLY_SECONDS => 20;

my $stage  = stage();
my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
my $return_path = $letter->{return_path}{'anna@customer.example'};
my $mailbox     = Bounce::Stage::BOUNCE_MAILBOX;

sub packet { my ($command, $data) = @_; return pack 'N a a*', 1 + length $data, $command, $data }

# What the MTA offers: no step left out, every reply wanted.
my $negotiate = packet('O', pack 'N3', 6, 0x1ff, 0);
# The same, and what the filter asks for: replies that are not sent.
my $negotiate_quiet = packet('O', pack 'N3', 6, 0x1ff, 0x1fffff);

my @commands = (
    packet('C', "client.test\0" . '4' . pack('n', 25) . "192.0.2.1\0"),
    packet('C', "client.test\0U"),
    packet('D', "M{daemon_name}\0bounce-internal\0"),
    packet('D', "Mi\0QUEUEID\0"),
    packet('H', "client.test\0"),
    packet('M', "<>\0"),
    packet('M', "<a\@example.org>\0SIZE=1\0"),
    packet('M', ''),
    packet('R', "<$mailbox>\0"),
    packet('R', "<$return_path>\0"),
    packet('R', "<b\@elsewhere.test>\0"),
    packet('R', "\0"),
    packet('R', ''),
    packet('T', ''),
    packet('L', "Subject\0 Undelivered\0"),
    packet('L', "\0\0"),
    packet('L', 'no end'),
    packet('N', ''),
    packet('B', "body\r\n" x 10),
    packet('B', ''),
    packet('E', ''),
    packet('E', "last words\r\n"),
    packet('A', ''),
    packet('K', ''),
    packet('U', "WHAT\0"),
    packet('O', pack 'N3', 6, 0x1ff, 0),
    packet('?', 'unknown'),
);

sub connect_filter {
    return IO::Socket::UNIX->new(Peer => $stage->daemon->milter_socket =~ s/^unix://r);
}

# Sends it all and closes; what the filter answered in between. An MTA that says nothing more
# gets its answers until the connection ends.
sub converse {
    my (@packet) = @_;
    my $socket = connect_filter() or return;
    local $SIG{PIPE} = 'IGNORE';
    my $answers = '';
    for my $packet (@packet) { last unless syswrite $socket, $packet }
    shutdown $socket, 1;
    my $select = IO::Select->new($socket);
    while ($select->can_read(REPLY_SECONDS)) {
        last unless sysread $socket, $answers, 65_536, length $answers;
    }
    return $answers;
}

# The commands of the answers.
sub kinds {
    my ($answers) = @_;
    my $kinds = '';
    while (length $answers >= 5) {
        my ($len, $kind) = unpack 'N a', $answers;
        $kinds .= $kind;
        $answers = length $answers >= 4 + $len ? substr $answers, 4 + $len : '';
    }
    return $kinds;
}

sub lives {
    my ($name) = @_;
    return ok $stage->daemon->is_listening, "$name: the daemon lives";
}

subtest 'each command alone, first of all, and twice' => sub {
    for my $hello ($negotiate, $negotiate_quiet, '') {
        for my $command (@commands) {
            converse($hello, $command);
            converse($hello, $command, $command);
        }
    }
    lives('alone');
};

subtest 'each command after each other one' => sub {
    for my $first (@commands) {
        converse($negotiate_quiet, $first, $_, packet('E', '')) for @commands;
    }
    lives('in pairs');
};

subtest 'nothing is accepted that was not begun' => sub {
    for my $command ('R', 'T', 'B', 'E') {
        my ($packet) = grep { substr($_, 4, 1) eq $command } @commands;
        my $kinds = kinds(converse($negotiate, $packet));
        unlike $kinds, qr/a/, "$command before MAIL: $kinds";
        lives($command);
    }
    my $kinds = kinds(
        converse(
            $negotiate,
            packet('M', "<>\0"),
            packet('R', "<$mailbox>\0"),
            packet('E', ''), packet('E', '')));
    unlike $kinds, qr/a.*[ac]/, "the end of the message a second time: $kinds";
    lives('ended twice');
};

subtest 'at random' => sub {
    srand SEED;
    for my $turn (1 .. DIALOGUES) {
        my @packet = map { $commands[ rand @commands ] } 1 .. 1 + rand COMMANDS_MAX;
        converse((rand() < .8 ? ($negotiate, $negotiate_quiet)[ rand 2 ] : ()), @packet);
        next if $stage->instance->is_alive('bounce-milter');
        fail "dialogue $turn: the daemon lives";
        diag join ' ', map { sprintf '%vd', $_ } @packet;
        last;
    }
    lives(sprintf 'seed %d', SEED);
};

subtest 'packets that are none' => sub {
    my @packet
        = ("\0", "\0\0\0\0", "\xff\xff\xff\xffM", pack('N a', 1_000_000, 'B'), 'GET / HTTP/1.0');
    converse($negotiate, $_) for @packet;
    converse($_)             for @packet;
    lives('no packets');
};

my ($code, $text) = $stage->smtp->send(
    from => '',
    to   => [$return_path],
    mail => $stage->report('postfix-user-unknown', $letter));
is $code, 250, 'a bounce is taken afterwards' or diag $text;
is $stage->recipient($letter)->{reason}, 'user_unknown', 'and recorded';

finish();
