# SPDX-License-Identifier: BSD-2-Clause
package Bounce::SmtpClient;

=head1 NAME

Bounce::SmtpClient - hands one mail to an SMTP server, byte for byte

=head1 SYNOPSIS

    my $smtp = Bounce::SmtpClient->new(port => $postfix->port);
    my ($code, $text) = $smtp->send(from => '', to => ['bounce@bounces.example.org'], mail => $bytes);

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

sub send {
    my ($self, %mail) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 20)
        or return (0, "no connection: $!");
    local $SIG{PIPE} = 'IGNORE';
    binmode $socket;
    $socket->autoflush(1);
    my ($mail_options, $rcpt_options) = map { defined $_ ? " $_" : '' } @mail{qw(mail_options rcpt_options)};
    my @step = ([ undef, 220 ], [ 'EHLO client.test', 250 ], [ "MAIL FROM:<$mail{from}>$mail_options", 250 ],
        (map { [ "RCPT TO:<$_>$rcpt_options", 250 ] } @{ $mail{to} }), [ 'DATA', 354 ]);
    for my $step (@step) {
        print $socket "$step->[0]\r\n" if defined $step->[0];
        my ($code, $text) = _reply($socket);
        return ($code, $text) if $code != $step->[1];
    }
    print $socket _wire($mail{mail}, $mail{raw}), ".\r\n";
    my @reply = _reply($socket);
    print $socket "QUIT\r\n";
    return @reply;
}

# The message with dots stuffed (RFC 5321 section 4.5.2), ending with CRLF.
sub _wire {
    my ($mail, $raw) = @_;
    $mail =~ s/\r?\n/\r\n/g unless $raw;
    $mail .= "\r\n" unless $mail =~ /\r\n\z/;
    $mail =~ s/(^|\r\n)\./$1../g;
    return $mail;
}

sub _reply {
    my ($socket) = @_;
    my $text = '';
    while (defined(my $line = <$socket>)) {
        $text .= $line;
        return ($1, $text) if $line =~ /^(\d{3})(?: |\r?$)/;
    }
    return (0, $text || 'connection lost');
}

1;
