# SPDX-License-Identifier: BSD-2-Clause
package Bounce::SmtpClient;

=head1 NAME

Bounce::SmtpClient - hands one mail to an SMTP server, byte for byte

=head1 SYNOPSIS

    my $smtp = Bounce::SmtpClient->new(port => $postfix->port);
    my ($code, $text) = $smtp->send(
        from => '', to => ['bounce@bounces.example.org'], mail => $bytes);

=head1 PROMISES

The reply is the one to the final dot, or the first refusal before it. Net::SMTP is not used because
it mends line ends, and the hostile mails of the tests are wrong on purpose. C<mail> has LF or
CRLF line ends, which become CRLF; with C<raw> nothing is changed but the dots. C<mail_options> and
C<rcpt_options> are parameters of MAIL and RCPT (RFC 3461, RFC 6531).

=cut

use strict;
use warnings;
use IO::Socket::INET;

sub new {
    my ($class, %option) = @_;
    return bless {%option}, $class;
}

# One mail over a connection of its own.
sub send {
    my ($self, %mail) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my ($code, $text) = $self->connect;
    return ($code, $text) if $code != 220;
    my @reply = $self->transaction(%mail);
    $self->quit;
    return @reply;
}

sub connect {
    my ($self) = @_;
    $self->{socket}
        = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 20)
        or return (0, "no connection: $!");
    binmode $self->{socket};
    $self->{socket}->autoflush(1);
    my @greeting = $self->_reply;
    return @greeting if $greeting[0] != 220;
    my @hello = $self->_command('EHLO client.test');
    return $hello[0] == 250 ? @greeting : @hello;
}

# One mail over the connection that is open.
sub transaction {
    my ($self, %mail) = @_;
    my ($mail_options, $rcpt_options)
        = map { defined $_ ? " $_" : '' } @mail{qw(mail_options rcpt_options)};
    my @step = (
        [ "MAIL FROM:<$mail{from}>$mail_options", 250 ],
        (map { [ "RCPT TO:<$_>$rcpt_options", 250 ] } @{ $mail{to} }),
        [ 'DATA', 354 ]);
    for my $step (@step) {
        my ($code, $text) = $self->_command($step->[0]);
        return ($code, $text) if $code != $step->[1];
    }
    print { $self->{socket} } _wire($mail{mail}, $mail{raw}), ".\r\n";
    return $self->_reply;
}

sub quit {
    my ($self) = @_;
    print { $self->{socket} } "QUIT\r\n";
    close delete $self->{socket};
    return;
}

# The message with dots stuffed (RFC 5321 section 4.5.2), ending with CRLF.
sub _wire {
    my ($mail, $raw) = @_;
    $mail =~ s/\r?\n/\r\n/g unless $raw;
    $mail .= "\r\n" unless $mail =~ /\r\n\z/;
    $mail =~ s/(^|\r\n)\./$1../g;
    return $mail;
}

sub _command { my ($self, $line) = @_; print { $self->{socket} } "$line\r\n"; return $self->_reply }

sub _reply {
    my ($self) = @_;
    my $socket = $self->{socket};
    my $text   = '';
    while (defined(my $line = <$socket>)) {
        $text .= $line;
        return ($1, $text) if $line =~ /^(\d{3})(?: |\r?$)/;
    }
    return (0, $text || 'connection lost');
}

1;
