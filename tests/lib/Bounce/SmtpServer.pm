# SPDX-License-Identifier: BSD-2-Clause
package Bounce::SmtpServer;

=head1 NAME

Bounce::SmtpServer - the rest of the world: an SMTP server that answers as told

=head1 SYNOPSIS

    my $remote = Bounce::SmtpServer->new($instance)->start;
    $remote->answer('gone@customer.example', '550 5.1.1 <gone@customer.example>: user unknown');
    for my $mail ($remote->received) { print $mail->{sender}, $mail->{data} }

    # takes the mail and hangs up instead of 250
    $remote->answer('@end anna@customer.example', 'disconnect');
    $remote->answer('@greeting', '554 no service');
    # further lines of the reply to EHLO
    $remote->answer('@offer', 'STARTTLS,AUTH PLAIN LOGIN');
    $remote->answer('@without', '8BITMIME,DSN');                    # lines that it has not

=head1 PROMISES

A rule's name is an address, for RCPT, or a stage: C<@greeting @ehlo @starttls @auth @mail @rcpt
@data @content @middle @end @rset @quit>; with a blank and an address it holds for a mail to that
recipient only (C<@mail>: from that sender). Instead of a reply it may say C<disconnect>, or
C<silence>, which lasts until the client gives up, or C<kill PID>: the process with that id is
killed and gets no answer. C<REPLY, kill PID> answers first. C<\r\n> in a reply begins another
line in the same segment. C<@content> is after 354 and before the
content is read, C<@middle> after its first line; at C<@end> a reply other than 2xx, but not a
disconnect, silence or a kill, means that the mail is not kept; C<lose> is a disconnect that does
not keep it. An end of the connection within the content means that nothing was handed over.

Answers at RCPT per recipient, the last rule that matches first; without a rule 250. Rules can be
changed while it runs. What it takes is kept byte by byte as it came over the wire (dot-stuffing
undone), with the parameters of MAIL and RCPT. That exactness is why it is written here in forty
lines: Net::Server::Mail takes LF for a line end and knows no DSN parameters.

=cut

use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use POSIX  ();
use Socket qw(SOMAXCONN);

use constant TAKEN => qr/^2\d\d(?: [^\\]*)?\z/;    # a yes of one line

sub new {
    my ($class, $instance) = @_;
    return bless { instance => $instance, rules => [] }, $class;
}

sub port { return $_[0]{port} }

sub start {
    my ($self) = @_;
    my $instance = $self->{instance};
    $self->{spool}  = $instance->make_dir('remote', user => $instance->daemon_user);
    $self->{listen} = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        LocalPort => $self->{port} // $instance->free_port,
        Listen    => SOMAXCONN,
        ReuseAddr => 1
    ) or die "cannot listen: $!\n";
    $self->{port} = $self->{listen}->sockport;
    $self->_write_rules;
    $instance->start(
        name => 'remote',
        code => sub { $self->_serve },
        user => $instance->daemon_user
    );
    close delete $self->{listen};
    return $self;
}

# Nobody listens any more, until start() opens the same port again.
sub stop { my ($self) = @_; return $self->{instance}->stop_server('remote', signal => 'KILL') }

# From now on RCPT TO:<address> gets this reply; undef takes the rule back.
sub answer {
    my ($self, $address, $reply) = @_;
    $self->{rules} = [ grep { $_->[0] ne $address } @{ $self->{rules} } ];
    push @{ $self->{rules} }, [ $address, $reply ] if defined $reply;
    return $self->_write_rules;
}

# No rule is left.
sub forget { my ($self) = @_; $self->{rules} = []; return $self->_write_rules }

# The mails taken so far, oldest first: {sender, recipients, sender_options, recipient_options,
# data}.
sub received {
    my ($self) = @_;
    my $kept   = $self->{received} //= {};
    my @name   = sort glob "$self->{spool}/*.json";
    $kept->{$_} //= JSON::PP->new->latin1->decode(join '', $self->{instance}->read_lines($_))
        for @name;
    my @received = @$kept{@name};
    return @received;    # in scalar context: how many
}

# How many mails it took for that address.
sub taken {
    my ($self, $address) = @_;
    return scalar grep {
        grep { $_ eq $address }
            @{ $_->{recipients} }
    } $self->received;
}

sub _write_rules {
    my ($self) = @_;
    my $text   = join '', map { "$_->[0]\t$_->[1]\n" } @{ $self->{rules} };
    my $path   = $self->{instance}->write_file('remote-rules.new', $text);
    rename $path, $self->{instance}->path('remote-rules') or die "rename: $!\n";
    return;
}

# --- in the child --------------------------------------------------------------------

sub _serve {
    my ($self) = @_;
    $SIG{CHLD} = 'IGNORE';
    while (1) {
        my $client = $self->{listen}->accept or next;
        my $pid    = fork // next;
        next if $pid;
        close $self->{listen};    # or a stopped server seems to listen
        $self->_session($client);
        POSIX::_exit(0);
    }
    return;
}

sub _session {
    my ($self, $client) = @_;
    my $mail = {};
    binmode $client;
    $client->autoflush(1);
    $self->_say($client, $self->_stage('@greeting') // '220 remote.test ESMTP');
    while (defined(my $line = <$client>)) {
        $line =~ s/\r?\n\z//;
        my ($verb, $rest) = $line =~ /^(\S*)\s*(.*)/s;
        my $reply = $self->_reply(uc $verb, $rest, $mail, $client);
        $self->_say($client, $reply);
        last if uc $verb eq 'QUIT';
    }
    return;
}

# A reply, or what the client gets instead of one.
sub _say {
    my ($self, $client, $reply) = @_;
    POSIX::_exit(0) if $reply eq 'disconnect' || $reply eq 'lose';
    my ($answer, $victim) = $reply =~ /^(?:(.*), )?kill (\d+)$/;
    if (defined $victim) {
        print $client "$answer\r\n" if defined $answer;
        kill KILL => $victim;
        POSIX::_exit(0);
    }
    if ($reply eq 'silence') {
        1 while defined(my $line = <$client>);
        POSIX::_exit(0);
    }
    $reply =~ s/\\r\\n/\r\n/g;
    print $client "$reply\r\n";
    return;
}

# The rule for a stage, one that names a recipient of the mail before one that does not; undef:
# none.
sub _stage {
    my ($self, $stage, $mail) = @_;
    my %rule = map { chomp; split /\t/, $_, 2 }
        $self->{instance}->read_lines($self->{instance}->path('remote-rules'));
    for my $address (@{ $mail->{recipients} // [] }) {
        return $rule{"$stage $address"} if defined $rule{"$stage $address"};
    }
    return $rule{$stage};
}

sub _ehlo {
    my ($self)  = @_;
    my %without = map { ($_ => 1) } split /,/, $self->_stage('@without') // '';
    my @line    = (
        'remote.test', grep({ !$without{$_} } qw(PIPELINING 8BITMIME SMTPUTF8 DSN SIZE)),
        split /,/,     $self->_stage('@offer') // ''
    );
    return join "\r\n", map({ "250-$_" } @line[ 0 .. $#line - 1 ]), "250 $line[-1]";
}

sub _reply {
    my ($self, $verb, $rest, $mail, $client) = @_;
    if ($verb eq 'EHLO')     { return $self->_stage('@ehlo')     // $self->_ehlo }
    if ($verb eq 'STARTTLS') { return $self->_stage('@starttls') // '454 4.7.0 not now' }
    if ($verb eq 'AUTH')     { return $self->_stage('@auth')     // '535 5.7.8 wrong' }
    if ($verb eq 'HELO' || $verb eq 'NOOP') { return '250 remote.test' }
    if ($verb eq 'QUIT') { return $self->_stage('@quit')              // '221 2.0.0 bye' }
    if ($verb eq 'RSET') { %$mail = (); return $self->_stage('@rset') // '250 2.0.0 ok' }
    if ($verb eq 'MAIL') {
        %$mail = (recipients => [], recipient_options => []);
        @$mail{qw(sender sender_options)} = $rest =~ /^FROM:\s*<(.*?)>\s*(.*)/i
            or return '501 5.5.4 what?';
        return $self->_stage("\@mail $mail->{sender}") // $self->_stage('@mail') // '250 2.1.0 ok';
    }
    return $self->_rcpt($rest, $mail) if $verb eq 'RCPT';
    return $self->_data($mail, $client) if $verb eq 'DATA';
    return '502 5.5.1 what?';
}

sub _rcpt {
    my ($self, $rest, $mail) = @_;
    my ($address, $options) = $rest =~ /^TO:\s*<(.*?)>\s*(.*)/i or return '501 5.5.4 what?';
    for my $line (reverse $self->{instance}->read_lines($self->{instance}->path('remote-rules'))) {
        chomp $line;
        my ($name, $reply) = split /\t/, $line, 2;
        next unless lc $name eq lc $address;
        return $reply unless $reply =~ TAKEN;
    }
    push @{ $mail->{recipients} },        $address;
    push @{ $mail->{recipient_options} }, $options;
    return $self->_stage('@rcpt', { recipients => [$address] }) // '250 2.1.5 ok';
}

sub _data {
    my ($self, $mail, $client) = @_;
    return '554 5.5.1 no valid recipients' unless @{ $mail->{recipients} // [] };
    my $refusal = $self->_stage('@data', $mail);
    return $refusal if defined $refusal;
    print $client "354 go on\r\n";
    $self->_say($client, $self->_stage('@content', $mail))
        if defined $self->_stage('@content', $mail);
    my ($data, $is_complete) = ('', 0);
    while (defined(my $line = <$client>)) {
        $self->_say($client, $self->_stage('@middle', $mail))
            if $data eq '' && defined $self->_stage('@middle', $mail);
        $is_complete = $line eq ".\r\n" and last;
        $line =~ s/^\.//;
        $data .= $line;
    }
    POSIX::_exit(0) unless $is_complete;    # the client is gone: nothing was handed over
    my $end = $self->_stage('@end', $mail);
    return $end if defined $end && $end !~ TAKEN && $end !~ /^(?:disconnect|silence|kill)/;
    my $name = sprintf '%s/%.6f-%d', $self->{spool}, Time::HiRes::time(), $$;
    open my $out, '>', "$name.new" or return '451 4.3.0 no space';
    print $out JSON::PP->new->latin1->encode({ %$mail, data => $data });
    close $out or return '451 4.3.0 no space';
    rename "$name.new", "$name.json" or return '451 4.3.0 no space';
    return $end // '250 2.0.0 taken';
}

1;
