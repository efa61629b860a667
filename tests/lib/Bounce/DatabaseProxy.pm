# SPDX-License-Identifier: BSD-2-Clause
package Bounce::DatabaseProxy;

=head1 NAME

Bounce::DatabaseProxy - between a daemon and PostgreSQL, to kill it at one statement, or to lose
answers

=head1 SYNOPSIS

    my $proxy = Bounce::DatabaseProxy->new($instance, $db)->start;
    my $worker = Bounce::Delivery->new($instance, $db, conninfo => $proxy->conninfo);
    $proxy->kill_at('settle+begin', 'after', $worker->pid);
    $proxy->kill_at('listen', 'before', 'client');       # whoever says it

=head1 PROMISES

C<before>: the statement never reaches the server. C<after>: the server has said that it is ready
again, so it is committed, and the worker never hears of it. Either way the process is killed there
and then, and the connection is closed. The statements: C<listen plan prepare claim begin
settle+begin settle release problem renew sweep next>.

It is a unix socket, served with the rights of the daemon's user, so that the server's peer
authentication holds. It looks at the messages' bounds (PostgreSQL manual, "Message Formats") and
changes nothing.

=cut

use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use POSIX  ();
use Socket qw(SOL_SOCKET SOMAXCONN SO_PEERCRED);

use constant READ_BYTES => 65536;

# What the text of a query or of a prepared statement says.
my @STATEMENT = (
    [ listen  => qr/LISTEN / ],
    [ plan    => qr/SET plan_cache_mode/ ],
    [ claim   => qr/claim_deliveries/ ],
    [ prepare => qr/settle_and_begin/ ],
    [ release => qr/release_claim/ ],
    [ problem => qr/delivery_problem/ ],
    [ renew   => qr/renew_leases/ ],
    [ sweep   => qr/sweep_deliveries/ ],
    [ next    => qr/next_due/ ],
);

sub new {
    my ($class, $instance, $db) = @_;
    return bless { instance => $instance, db => $db }, $class;
}

sub start {
    my ($self) = @_;
    my $instance = $self->{instance};
    $self->{dir} = $instance->make_dir('proxy', user => $instance->daemon_user);
    ($self->{behind}) = $self->{db}->conninfo =~ /host=(\S+)/;
    ($self->{port})   = $self->{db}->conninfo =~ /port=(\d+)/;
    $self->{rule} = $instance->write_file('proxy-rule', '');
    $instance->start(
        name => 'proxy',
        code => sub { $self->_serve },
        user => $instance->daemon_user
    );
    $instance->wait_for(60, sub { -S "$self->{dir}/.s.PGSQL.$self->{port}" })
        or die "the proxy did not start\n";
    return $self;
}

sub conninfo {
    my ($self) = @_;
    my $text = $self->{db}->conninfo(user => 'bounce_daemon');
    $text =~ s/host=\S+/host=$self->{dir}/;
    return $text;
}

# From now on one of so many answers is lost, and its connection with it: the server has done what
# it was asked.
sub lose_one_of { my ($self, $answers) = @_; return $self->kill_at('any', 'lose', $answers) }

# From now on; no argument: nobody is killed.
sub kill_at {
    my ($self, @rule) = @_;
    my $new = $self->{instance}->write_file('proxy-rule.new', join "\t", @rule);
    rename $new, $self->{rule} or die "rename: $!\n";
    return;
}

# --- in the child --------------------------------------------------------------------

sub _serve {
    my ($self) = @_;
    $SIG{CHLD} = 'IGNORE';
    my $listen
        = IO::Socket::UNIX->new(Local => "$self->{dir}/.s.PGSQL.$self->{port}", Listen => SOMAXCONN)
        or die "cannot listen: $!\n";
    while (1) {
        my $client = $listen->accept or next;
        my $pid    = fork // next;
        next if $pid;
        srand;    # each connection its own chances
        ($self->{client}) = unpack 'i', getsockopt $client, SOL_SOCKET, SO_PEERCRED;
        $self->_connection($client);
        POSIX::_exit(0);
    }
    return;
}

sub _connection {
    my ($self, $client) = @_;
    my $server = IO::Socket::UNIX->new(Peer => "$self->{behind}/.s.PGSQL.$self->{port}") or return;
    my $select = IO::Select->new($client, $server);
    my ($from_client, $from_server) = ('', '');
    while (1) {
        for my $ready ($select->can_read) {
            my $is_client = $ready == $client;
            my $buffer    = $is_client ? \$from_client : \$from_server;
            sysread $ready, $$buffer, READ_BYTES, length $$buffer or return;
            if ($is_client) { $self->_ask($buffer, $server) }
            else            { $self->_answer($buffer, $client) }
        }
    }
    return;
}

# Whole messages to the server. One statement is Parse, Bind, Describe, Execute, Sync.
sub _ask {
    my ($self, $buffer, $server) = @_;
    while (my ($type, $body, $whole) = $self->_message($buffer)) {
        $self->{statement} = _statement($type, $body) // $self->{statement};
        $self->_kill('before');
        _write($server, $whole);
    }
    return;
}

sub _answer {
    my ($self, $buffer, $client) = @_;
    $self->{is_started} = 1;
    while (my ($type, $body, $whole) = $self->_message($buffer)) {
        $self->{held} .= $whole;
        next unless $type eq 'Z' || !defined $self->{statement};
        $self->_kill('after'), $self->_lose if $type eq 'Z';
        _write($client, $self->{held});
        $self->{held}      = '';
        $self->{statement} = undef if $type eq 'Z';
    }
    return;
}

# (type, body, bytes) of the first whole message, which is taken out of the buffer. The first of all
# has no type.
sub _message {
    my ($self, $buffer) = @_;
    my $head = $self->{is_started} ? 1 : 0;
    return unless length $$buffer >= $head + 4;
    my $length = $head + unpack 'N', substr $$buffer, $head, 4;
    return unless length $$buffer >= $length;
    my $whole = substr $$buffer, 0, $length, '';
    return ($head ? substr($whole, 0, 1) : '', substr($whole, $head + 4), $whole);
}

# The name of the statement that begins with this message, or undef.
sub _statement {
    my ($type, $body) = @_;
    return _step($body) if $type eq 'B' && $body =~ /^\0step\0/;
    return undef unless $type eq 'P' || $type eq 'Q';
    my ($found) = grep { $body =~ $_->[1] } @STATEMENT;
    return $found ? $found->[0] : 'other';
}

# Bind: which halves of settle_and_begin() are there; the parameters 1 and 4.
sub _step {
    my ($body) = @_;
    my (undef, undef, $rest) = split /\0/, $body, 3;
    my $formats = unpack 'n', $rest;
    my $at      = 2 + 2 * $formats + 2;
    my @is_null;
    for (1 .. 5) {
        my $length = unpack 'l>', substr $rest, $at, 4;
        push @is_null, $length < 0;
        $at += 4 + ($length > 0 ? $length : 0);
    }
    return $is_null[0] ? 'begin' : $is_null[3] ? 'settle' : 'settle+begin';
}

sub _rule {
    my ($self) = @_;
    return split /\t/, join '', $self->{instance}->read_lines($self->{rule});
}

sub _lose {
    my ($self) = @_;
    my (undef, $wanted, $answers) = $self->_rule;
    POSIX::_exit(0)
        if ($wanted // '') eq 'lose' && defined $self->{statement} && rand $answers < 1;
    return;
}

sub _kill {
    my ($self, $when) = @_;
    my ($statement, $wanted, $pid) = $self->_rule;
    return
           unless defined $pid
        && defined $self->{statement}
        && $statement eq $self->{statement}
        && $wanted eq $when;
    kill KILL => $pid eq 'client' ? $self->{client} : $pid;
    POSIX::_exit(0);
}

sub _write {
    my ($to, $bytes) = @_;
    while (length $bytes) {
        my $written = syswrite $to, $bytes or POSIX::_exit(0);
        substr $bytes, 0, $written, '';
    }
    return;
}

1;
