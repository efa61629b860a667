#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# The remote side: an SMTP server on port 25 of every address in hosts.tsv. It
# answers as replies.tsv says, and takes what is for bounces.example.org into
# OUT, one file a mail, named after the token in the return path.
#
# usage: remote.pl hosts.tsv replies.tsv NAMES-DIR OUT-DIR
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use File::Path     qw(make_path);
use File::Basename qw(dirname);

my ($hosts, $replies, $names, $out) = @ARGV;
my (%domain_of, %offers, %by_recipient, %by_domain);

for (rows($hosts)) {
    my ($domain, $address, $offers) = @$_;
    next if $address eq '-' || $address eq '192.0.2.1' || $offers eq 'DOWN';
    $domain_of{$address} = $domain;
    $offers{$domain}     = $offers eq '-' ? [] : [ split /,/, $offers ];
}
for (rows($replies)) {
    my (undef, $recipient, $phase, $reply) = @$_;
    $reply =~ s/\\n/\r\n/g;
    my ($domain) = $recipient =~ /@(.*)/;
    if ($phase =~ /^(rcpt|data|eod)$/) {
        $by_recipient{$recipient} = { phase => $phase, reply => $reply };
    }
    $by_domain{$domain}{$phase} = $reply if $phase =~ /^(connect|helo|mail)$/;
    $by_domain{$domain}{eod} = $reply if $reply eq 'CLOSE';
}

sub rows {
    my ($file) = @_;
    open(my $table, '<', $file) or die "$file: $!";
    chomp(my @line = grep { !/^#/ && /\S/ } <$table>);
    return map { [ split /\t/ ] } @line;
}

sub say_reply {
    my ($client, $reply) = @_;
    exit 0 if $reply eq 'CLOSE';
    sleep 3600 if $reply eq 'SILENT';
    print $client "$reply\r\n";
}

# Where the mail for this recipient is kept; undef: not ours, swallow it.
sub file_of {
    my ($recipient) = @_;
    my ($token)     = $recipient =~ /^bounces?\+([0-9a-z]+)@/i or return undef;
    open(my $link, '<', "$names/" . lc $token) or return undef;
    chomp(my $name = <$link>);
    my $file = "$out/$name.eml";
    for (my $n = 2; -e $file; $n++) { $file = "$out/$name-$n.eml" }
    return $file;
}

sub store {
    my ($recipients, $lines) = @_;
    for my $file (grep { defined } map { file_of($_) } @$recipients) {
        make_path(dirname($file));
        open(my $mail, '>', "$file.new") or die "$file: $!";
        print $mail @$lines;
        close $mail;
        rename "$file.new", $file;
    }
}

sub read_data {
    my ($client) = @_;
    my @lines;
    while (my $line = <$client>) {
        $line =~ s/\r?\n\z/\n/;
        return \@lines if $line eq ".\n";
        $line =~ s/^\.//;
        push @lines, $line;
    }
    exit 0;
}

sub session {
    my ($client) = @_;
    my $domain   = $domain_of{ $client->sockhost } or exit 0;
    my $rule     = $by_domain{$domain} || {};
    my (@recipients, $final);

    $client->autoflush(1);
    say_reply($client, $rule->{connect} || "220 mx.$domain ESMTP");
    exit 0 if $rule->{connect};
    while (my $line = <$client>) {
        $line =~ s/\r?\n\z//;
        if ($line =~ /^EHLO/i) {
            say_reply($client, $rule->{helo}) and next if $rule->{helo};
            my @word = ("mx.$domain", @{ $offers{$domain} });
            print $client map { '250' . ($_ == $#word ? ' ' : '-') . "$word[$_]\r\n" } 0 .. $#word;
        }
        elsif ($line =~ /^HELO/i) {
            say_reply($client, $rule->{helo} || "250 mx.$domain");
        }
        elsif ($line =~ /^MAIL/i) {
            (@recipients, $final) = ();
            say_reply($client, $rule->{mail} || '250 2.1.0 Ok');
        }
        elsif ($line =~ /^RCPT TO:\s*<([^>]*)>/i) {
            my $found = $by_recipient{ lc $1 };
            if ($found && $found->{phase} eq 'rcpt') { say_reply($client, $found->{reply}); next }
            $final = $found if $found;
            push @recipients, $1;
            print $client "250 2.1.5 Ok\r\n";
        }
        elsif ($line =~ /^DATA/i) {
            if (!@recipients) { print $client "554 5.5.1 Error: no valid recipients\r\n"; next }
            if ($final && $final->{phase} eq 'data') { say_reply($client, $final->{reply}); next }
            print $client "354 End data with <CR><LF>.<CR><LF>\r\n";
            my $lines = read_data($client);
            exit 0 if ($rule->{eod} || '') eq 'CLOSE';
            if ($final) { say_reply($client, $final->{reply}); next }
            store(\@recipients, $lines);
            print $client "250 2.0.0 Ok: queued as 4F2C1\r\n";
        }
        elsif ($line =~ /^(RSET|NOOP)/i) {
            (@recipients, $final) = ();
            print $client "250 2.0.0 Ok\r\n";
        }
        elsif ($line =~ /^QUIT/i) {
            print $client "221 2.0.0 Bye\r\n";
            exit 0;
        }
        else {
            print $client "502 5.5.2 Command not recognized\r\n";
        }
    }
    exit 0;
}

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
my $listeners = IO::Select->new;
for my $address (keys %domain_of) {
    $listeners->add(
        IO::Socket::INET->new(LocalAddr => $address, LocalPort => 25, Listen => 50, ReuseAddr => 1)
            || die "$address:25: $!");
}
while (1) {
    for my $listener ($listeners->can_read) {
        my $client = $listener->accept or next;
        my $pid    = fork;
        session($client) if defined $pid && $pid == 0;
        close $client;
    }
}
