# SPDX-License-Identifier: BSD-2-Clause
package Bounce::LyingProxy;

=head1 NAME

Bounce::LyingProxy - between bounce-fetch and a Dovecot: changes what one says to the other, line by
line, or cuts, or kills

=head1 SYNOPSIS

    my $proxy = Bounce::LyingProxy->new($instance, $dovecot);
    my $port  = $proxy->start('imaps',
        server => sub { my ($proxy, $line) = @_; return $line =~ s/^\* OK/* BYE/r },
        client => sub { my ($proxy, $line) = @_; $proxy->cut if $line =~ /MOVE/; return $line });
    $proxy->stop;

=head1 PROMISES

A sub gets each line of its side, with its end, and returns what is passed on instead: "" is
nothing. What the lines meant is true: the mailbox is that of the Dovecot. With a protocol over TLS
both sides are encrypted, and the client sees the Dovecot's own certificate.

=cut

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use POSIX ();
use Time::HiRes qw(sleep);

use constant READ_BYTES => 65536;

sub new {
    my ($class, $instance, $dovecot) = @_;
    return bless { instance => $instance, dovecot => $dovecot }, $class;
}

# start(PROTOCOL, client => sub, server => sub): the port.
sub start {
    my ($self, $protocol, %lie) = @_;
    $self->stop;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5)
        or die "cannot listen: $!\n";
    @$self{qw(protocol client server)} = ($protocol, @lie{qw(client server)});
    $self->{instance}->start(name => 'lying-proxy', code => sub { $self->_serve($listener) });
    $self->{is_started} = 1;
    return $listener->sockport;
}

sub stop {
    my ($self) = @_;
    $self->{instance}->stop_server('lying-proxy', signal => 'KILL') if delete $self->{is_started};
    return;
}

# --- what a lie may do -------------------------------------------------------------------

sub cut { die "cut\n" }

# TLS ends, the connection does not; or it goes on without.
sub end_tls { my ($self) = @_; return $self->{to}{client}->stop_SSL(SSL_no_shutdown => 0) }

sub say_in_the_clear {
    my ($self, $bytes) = @_;
    return POSIX::write(fileno $self->{to}{client}, $bytes, length $bytes);
}

# Deaf and mute, until the client hangs up.
sub hang {
    my ($self) = @_;
    1 while sysread $self->{to}{client}, my $unheard, READ_BYTES;
    die "hung\n";
}

# The n-th session, from 1 on.
sub session { return $_[0]{session} }

# Ends bounce-fetch in this moment, and then the connection.
sub kill_client {
    my ($self) = @_;
    $self->{instance}->signal_server('bounce-fetch', 'KILL');
    $self->cut;
}

# Says something to the client now.
sub say {
    my ($self, $bytes) = @_;
    $self->_write('client', $bytes);
    return '';
}

# Says it so many thousand times, or without end.
sub flood {
    my ($self, $bytes, $thousands) = @_;
    for (my $i = 0; !defined $thousands || $i < $thousands; $i++) {
        $self->_write('client', $bytes x 1000);
    }
    return '';
}

# Says a text byte by byte, or pieces of one, with a pause in seconds before each.
sub drip {
    my ($self, $text, $pause) = @_;
    for my $piece (ref $text ? @{$text} : split //, $text) {
        sleep $pause;
        $self->_write('client', $piece);
    }
    return '';
}

# --- the inside ------------------------------------------------------------------------

sub _serve {
    my ($self, $listener) = @_;
    local $SIG{PIPE} = 'IGNORE';
    while (my $client = $listener->accept) {
        $self->{session}++;
        $self->{to} = { client => $client };
        eval { $self->_open; $self->_pass_on; 1 } or $@ =~ /^(?:cut|hung|closed)$/m or warn $@;
        close $_ for grep { defined } values %{ delete $self->{to} };
    }
    return;
}

sub _open {
    my ($self) = @_;
    my $to      = $self->{to};
    my $dovecot = $self->{dovecot};
    $to->{server} = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1',
        PeerPort => $dovecot->port($self->{protocol})) or die "no Dovecot: $!\n";
    return if $self->{protocol} eq 'imap';
    IO::Socket::SSL->start_SSL(
        $to->{client},
        SSL_server    => 1,
        SSL_cert_file => $dovecot->certificate,
        SSL_key_file  => "$dovecot->{dir}/key.pem"
    ) or die "closed\n";
    IO::Socket::SSL->start_SSL(
        $to->{server},
        SSL_hostname    => 'localhost',
        SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_NONE
    ) or die "closed\n";
    return;
}

sub _write {
    my ($self, $side, $bytes) = @_;
    while (length $bytes) {
        my $count = syswrite $self->{to}{$side}, $bytes or die "closed\n";
        substr $bytes, 0, $count, '';
    }
    return;
}

sub _pass_on {
    my ($self)  = @_;
    my $to      = $self->{to};
    my $both    = IO::Select->new(values %$to);
    my %rest    = (client => '', server => '');
    while (1) {
        my @ready = grep { $_->can('pending') && $_->pending } values %$to;
        @ready = $both->can_read if !@ready;
        for my $side (qw(server client)) {
            next unless grep { $_ == $to->{$side} } @ready;
            sysread $to->{$side}, $rest{$side}, READ_BYTES, length $rest{$side} or die "closed\n";
            $self->_pass_lines($side, \$rest{$side});
        }
    }
    return;
}

sub _pass_lines {
    my ($self, $side, $rest) = @_;
    my $other = $side eq 'client' ? 'server' : 'client';
    my $lie   = $self->{$side};
    my $end   = 0;
    while ((my $next = index($$rest, "\n", $end) + 1) > 0) {
        my $line = substr $$rest, $end, $next - $end;
        $end = $next;
        $self->_write($other, $lie ? $lie->($self, $line) : $line);
    }
    substr $$rest, 0, $end, '';
    return;
}

1;
