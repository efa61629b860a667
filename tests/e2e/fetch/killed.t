# SPDX-License-Identifier: BSD-2-Clause
# bounce-fetch dies (SIGKILL) at each step of its work with a real Dovecot. Whatever the step: no
# mail has left INBOX that is not recorded, and the next start takes the rest, each recorded once.
# make check takes the steps that are marked; make check-mailbox, all.
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

# A sub for one side of the proxy that kills at a line; the line is passed on before or not at all.
sub kill_at {
    my ($pattern, $is_passed) = @_;
    return sub {
        my ($mitm, $line) = @_;
        return $line if $line !~ $pattern;
        $mitm->_write('server', $line) if $is_passed;
        return $mitm->kill_client;
    };
}

# Kills when the answer comes to a command, or to its first line, which is not passed on.
sub kill_at_answer {
    my ($command, $answer) = @_;
    my $is_asked = 0;
    return (
        client => sub { $is_asked = 1 if $_[1] =~ $command; return $_[1] },
        server => sub {
            my ($mitm, $line) = @_;
            $mitm->kill_client if $is_asked && $line =~ $answer;
            return $line;
        });
}

# A server that cannot MOVE, beside whatever else the proxy does.
sub without_move {
    my (%lie) = @_;
    my $server = $lie{server} // sub { return $_[1] };
    return (%lie, server => sub { $server->(@_) =~ s/ MOVE\b//r });
}

my $tagged = qr/^A\d+ OK/;
my %delete = (recorded => 'delete');
my %flag   = (recorded => 'flag');

# [step, protocol, keys of the mailbox, what the proxy does]; a step with a star is always taken
my @rows = (
    [ 'before SELECT',             'imaps', {}, client => kill_at(qr/ SELECT /) ],
    [ 'before FETCH',              'imaps', {}, client => kill_at(qr/ UID FETCH /) ],
    [ 'within the first mail *',     'imaps', {}, kill_at_answer(qr/UID FETCH/, qr/^Final-Rec/) ],
    [ 'when all were fetched',     'imaps', {}, kill_at_answer(qr/UID FETCH/, $tagged) ],
    [ 'after COMMIT, before MOVE *', 'imaps', {}, client => kill_at(qr/ UID MOVE /) ],
    [ 'after MOVE was said',       'imaps', {}, client => kill_at(qr/ UID MOVE /, 1) ],
    [ 'after MOVE was done *',       'imaps', {},
        kill_at_answer(qr/UID MOVE/, qr/COPYUID|$tagged/) ],
    [ 'before the folder is made', 'imaps', { recorded_folder => 'New' },
        client => kill_at(qr/ CREATE /) ],
    [ 'before the flag', 'imaps', \%flag, client => kill_at(qr/ UID STORE /) ],
    [ 'after the flag *',  'imaps', \%flag, kill_at_answer(qr/UID STORE/, $tagged) ],
    [ 'before \Deleted', 'imaps', \%delete, client => kill_at(qr/ UID STORE /) ],
    [ 'after \Deleted *',  'imaps', \%delete, kill_at_answer(qr/UID STORE/, $tagged) ],
    [ 'before EXPUNGE',  'imaps', \%delete, client => kill_at(qr/ UID EXPUNGE /) ],
    [ 'after EXPUNGE',   'imaps', \%delete, kill_at_answer(qr/UID EXPUNGE/, qr/EXPUNGE|$tagged/) ],
    [ 'in IDLE *',         'imaps', {},       server => kill_at(qr/^\+ idling/) ],
    [ 'before RETR',     'pop3s', {},       client => kill_at(qr/^RETR /) ],
    [ 'within RETR',     'pop3s', {}, kill_at_answer(qr/^RETR/, qr/^Final-Recipient/) ],
    [ 'after RETR, before DELE *', 'pop3s', {}, client => kill_at(qr/^DELE /) ],
    [ 'after a DELE *',            'pop3s', {}, client => kill_at(qr/^DELE 1/, 1) ],
    [ 'before QUIT',             'pop3s', {}, client => kill_at(qr/^QUIT/) ],
    [ 'after QUIT was said',     'pop3s', {}, client => kill_at(qr/^QUIT/, 1) ],
    [ 'after QUIT was done',     'pop3s', {}, kill_at_answer(qr/^QUIT/, qr/^\+OK/) ],
);

# The same where there is no MOVE: [step, how often both are copied, what the proxy does]
my @copying = (
    [ 'before COPY',      1, client => kill_at(qr/ UID COPY /) ],
    [ 'after COPY',       2, kill_at_answer(qr/UID COPY/, $tagged) ],
    [ 'before \Deleted',  2, client => kill_at(qr/ UID STORE /) ],
    [ 'after \Deleted *', 1, kill_at_answer(qr/UID STORE/, $tagged) ],
    [ 'before EXPUNGE',   1, client => kill_at(qr/ UID EXPUNGE /) ],
    [ 'after EXPUNGE',    1, kill_at_answer(qr/UID EXPUNGE/, qr/EXPUNGE|$tagged/) ],
);

@copying = grep { $_->[0] =~ /\*$/ } @copying unless $ENV{BOUNCE_MAILBOX_LONG};
@rows = grep { $_->[0] =~ /\*$/ } @rows unless $ENV{BOUNCE_MAILBOX_LONG};
for my $row (@rows) {
    my ($step, $protocol, $key, @lie) = @$row;
    subtest "$protocol, @{[ %$key ]}: $step" => sub {
        unlink map { $dovecot->mails($_) } qw(INBOX Recorded);
        my $before = $inbox->recorded;
        my @who    = $inbox->several(2);
        $fetch->mailbox_of($dovecot, %$key,
            protocol => $protocol,
            port     => $proxy->start($protocol, @lie));
        $instance->start(name => 'bounce-fetch', command => [ $fetch->command ]);
        ok $stage->wait_for(60, sub { !$instance->is_alive('bounce-fetch') }), 'killed';
        $fetch->kill;
        is_deeply [ $inbox->lost ], [], 'none is lost';
        $proxy->stop;
        $fetch->mailbox_of($dovecot, %$key, protocol => $protocol);
        my ($status, $said) = $fetch->once;
        is $status, 0, 'the next start takes the rest' or diag $said;
        is $inbox->recorded, $before + @who, 'each is recorded once';
        my %bounced = map { ($_ => 1) } $inbox->bounced;
        is scalar(grep { $bounced{$_} } @who), @who, 'as what it is';
        is $inbox->waiting, (($key->{recorded} // '') eq 'flag' ? @who : 0), 'where it belongs';
    };
}
for my $row (@copying) {
    my ($step, $copies, @lie) = @$row;
    subtest "imaps, no MOVE: $step" => sub {
        unlink map { $dovecot->mails($_) } qw(INBOX Recorded);
        my $before = $inbox->recorded;
        my @who    = $inbox->several(2);
        $fetch->mailbox_of($dovecot, port => $proxy->start('imaps', without_move(@lie)));
        $instance->start(name => 'bounce-fetch', command => [ $fetch->command ]);
        ok $stage->wait_for(60, sub { !$instance->is_alive('bounce-fetch') }), 'killed';
        $fetch->kill;
        is_deeply [ $inbox->lost ], [], 'none is lost';
        $fetch->mailbox_of($dovecot, port => $proxy->start('imaps', without_move()));
        my ($status, $said) = $fetch->once;
        is $status, 0, 'the next start takes the rest' or diag $said;
        is $inbox->recorded, $before + @who, 'each is recorded once';
        is $inbox->waiting, 0, 'none is left, marked or not';
        is $inbox->waiting('Recorded'), @who * $copies, 'and where it belongs';
        $proxy->stop;
    };
}
finish();
