#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Sends one mail of the application through the mail system under test.
#
# usage: send.pl [--OPTION=VALUE ...] NAME RECIPIENT...
#   NAME      the bounce it causes is kept as $SYSTEM/NAME.eml
#   body      text (default), large, long-lines, encoded, latin1
#   notify ret envid orcpt   the DSN options of RFC 3461, sent as given
#   utf8      send MAIL FROM with SMTPUTF8
#   sendmail  hand over to that program instead of to SMTP
#   from      return path; default: bounce+TOKEN@bounces.example.org
#   header    one more header line
#   append    one more body line
#   attach    name of an attachment of a few bytes
#   to        SMTP server; default 127.0.0.1:25
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use IO::Socket::INET;
use POSIX qw(strftime);

my %opt = (body => 'text', to => '127.0.0.1:25');
while (@ARGV && $ARGV[0] =~ /^--(\w+)(?:=(.*))?$/s) { $opt{$1} = defined $2 ? $2 : 1; shift }
my ($name, @recipients) = @ARGV;
my $token = substr md5_hex("$ENV{SYSTEM}/$name"), 0, 16;
my $from  = $opt{from} || "bounce+$token\@bounces.example.org";

open(my $link, '>', "$ENV{WORK}/names/$token") or die "names/$token: $!";
print $link "$ENV{SYSTEM}/$name\n";
close $link;

sub body {
    my ($kind) = @_;
    my $text
        = "Dear customer,\n\nplease find your invoice below.\n\nAmount due: 42.00\n\nYours\n"
        . "Example Billing\n";
    return $text
        . join('',
        map { "Position $_: one piece of the goods you ordered, 1.00\n" } 1 .. $opt{lines} || 1200)
        if $kind eq 'large';
    return $text . ('Terms and conditions apply, see our site. ' x 40) . "\n"
        if $kind eq 'long-lines';
    return "Sehr geehrte Kundin,\n\nanbei Ihre Rechnung =C3=BCber 42,00 =E2=82=AC.\n"
        if $kind eq 'encoded';
    return "Sehr geehrte Kundin,\n\nanbei Ihre Rechnung \xfcber 42,00 EUR.\n" if $kind eq 'latin1';
    return $text;
}

my %mime = (
    encoded =>
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n",
    latin1 => "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n",
);

sub content {
    my $part
        = ($mime{ $opt{body} } || "Content-Type: text/plain; charset=us-ascii\n") . "\n"
        . body($opt{body})
        . ($opt{append} ? "$opt{append}\n" : '');
    return $part unless $opt{attach};
    return
          "Content-Type: multipart/mixed; boundary=b4711\n\n--b4711\n$part\n--b4711\n"
        . "Content-Type: application/octet-stream; name=\"$opt{attach}\"\n"
        . "Content-Disposition: attachment; filename=\"$opt{attach}\"\n"
        . "Content-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAA=\n\n"
        . "--b4711--\n";
}

my $message = join '',
    "From: Example Billing <billing\@example.org>\n",
    'To: ' . join(', ', grep { !/[^\x20-\x7e]/ || $opt{utf8} } @recipients) . "\n",
    'Date: ' . strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime) . "\n",
    "Subject: " . ($opt{subject} || 'Your invoice ' . hex(substr $token, 0, 6)) . "\n",
    "Message-ID: <$token.inv\@app.example.org>\n",
    'X-Communication-ID: ' . hex(substr $token, 0, 6) . "\n",
    ($opt{header} ? "$opt{header}\n" : ''),
    "MIME-Version: 1.0\n",
    content();

if ($opt{sendmail}) {
    my @dsn = (
        ($opt{notify} ? ('-N', $opt{notify}) : ()),
        ($opt{ret}    ? ('-R', $opt{ret})    : ()),
        ($opt{envid}  ? ('-V', $opt{envid})  : ()));
    open(my $pipe, '|-', (split ' ', $opt{sendmail}), '-i', @dsn, '-f', $from, @recipients)
        or die "$opt{sendmail}: $!";
    print $pipe $message;
    close $pipe or warn "$name: $opt{sendmail} exit $?\n";
    exit 0;
}

my $server = IO::Socket::INET->new(PeerAddr => $opt{to}, Timeout => 20)
    or die "$name: no SMTP server: $@";

sub talk {
    my ($command) = @_;
    print $server "$command\r\n" if defined $command;
    my $reply = '';
    while (my $line = <$server>) {
        $reply .= $line;
        last if $line =~ /^\d{3} /;
    }
    warn "$name: $command: $reply" if $reply !~ /^[23]/ && defined $command;
    return $reply;
}
talk();
talk('EHLO app.example.org');
talk(     "MAIL FROM:<$from>"
        . ($opt{ret}              ? " RET=$opt{ret}"     : '')
        . ($opt{envid}            ? " ENVID=$opt{envid}" : '')
        . ($opt{utf8}             ? ' SMTPUTF8'          : '')
        . ($opt{body} eq 'latin1' ? ' BODY=8BITMIME'     : ''));
talk(     "RCPT TO:<$_>"
        . ($opt{notify} ? " NOTIFY=$opt{notify}" : '')
        . ($opt{orcpt}  ? " ORCPT=$opt{orcpt}"   : ''))
    for @recipients;
talk('DATA');
$message =~ s/^\./../mg;
$message =~ s/\n/\r\n/g;
talk("$message.");
talk('QUIT');
