# SPDX-License-Identifier: BSD-2-Clause
package Bounce::WebhookReceiver;

=head1 NAME

Bounce::WebhookReceiver - an HTTP server that takes events, or fails as told

=head1 SYNOPSIS

    my $receiver = Bounce::WebhookReceiver->new($instance)->start;
    $receiver->behave('500');
    for my $event ($receiver->taken) { print $event->{body}{type}, $event->{'webhook-id'} }

=head1 PROMISES

It answers 200 or, from the next request on, does what behave() says: a status, C<redirect> (to
itself), C<hang> (until the client goes away), C<close> (amid the answer), C<behead> (close amid its
header), C<reset> (the connection, behind the header), C<after SECONDS> and C<until SECONDS> (503
with such a Retry-After), C<huge>, C<header> (one of 200 kB), C<storm> (of 100s), C<old> (no
header), C<slow> (a byte now and then), C<kill PID> (takes it, kills the process, says nothing).
C<WHAT for PREFIX> does so to events of mails whose C<business_ref> begins so, and answers 200 to
others. With C<tls> (options of IO::Socket::SSL) it speaks TLS, and with C<http2> HTTP/2 and nothing
else; of the failures it knows C<hang>, C<close> and C<huge> then.
Each request is kept as it came, whatever was answered: headers in lower case, C<raw>, C<body>
decoded, C<status> as answered.

=cut

use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use POSIX  ();
use Socket qw(SOL_SOCKET SO_LINGER);

my $json = JSON::PP->new->utf8;

sub new {
    my ($class, $instance, %option) = @_;
    return bless { instance => $instance, name => 'receiver', %option }, $class;
}

sub port { return $_[0]{port} }
sub stop { my ($self) = @_; return $self->{instance}->stop_server($self->{name}, signal => 'KILL') }

sub start {
    my ($self) = @_;
    my $instance = $self->{instance};
    $self->{spool} //= $instance->make_dir($self->{name}, user => $instance->daemon_user);
    $self->{port}  //= $instance->free_port;
    my %socket = (LocalAddr => '127.0.0.1', LocalPort => $self->{port}, Listen => 50,
        ReuseAddr => 1);
    $self->{listen} = IO::Socket::INET->new(%socket) or die "cannot listen: $!\n";
    $self->behave('200');
    $instance->start(name => $self->{name}, code => sub { $self->_serve });
    close delete $self->{listen};
    return $self;
}

sub behave {
    my ($self, $how) = @_;
    my $path = $self->{instance}->write_file("$self->{name}.new", "$how\n");
    rename $path, $self->{instance}->path("$self->{name}.rule") or die "rename: $!\n";
    return $self;
}

# All requests, oldest first; taken(): those that were answered 200.
sub requests {
    my ($self) = @_;
    return map { $json->decode(join '', $self->{instance}->read_lines($_)) }
        sort glob "$self->{spool}/*.json";
}
sub taken { my ($self) = @_; return grep { $_->{status} eq '200' } $self->requests }

# --- in the child --------------------------------------------------------------------

sub _serve {
    my ($self) = @_;
    local $SIG{CHLD} = 'IGNORE';
    local $SIG{PIPE} = 'IGNORE';
    my $number = 0;
    while (1) {
        my $client = $self->{listen}->accept or next;
        $number++;
        my $pid = fork // next;
        next if $pid;
        close $self->{listen};    # or a stopped server seems to listen
        $self->_session($client, $number);
        POSIX::_exit(0);
    }
    return;
}

sub _session {
    my ($self, $client, $number) = @_;
    if ($self->{tls}) {
        require IO::Socket::SSL;
        IO::Socket::SSL->start_SSL($client, SSL_server => 1, %{ $self->{tls} }) or return;
    }
    return $self->_http2_session($client, $number) if $self->{http2};
    my %request;
    $request{first} = <$client> // return;
    while (defined(my $line = <$client>)) {
        last if $line =~ /^\r?\n\z/;
        $request{ lc $1 } = $2 if $line =~ /^([\w-]+):\s*(.*?)\r?\n/;
    }
    read $client, $request{raw}, $request{'content-length'} // 0;
    $self->_answer($client, $self->_keep($number, %request));
    close $client;
    return;
}

# Keeps the request; what is to be answered.
sub _keep {
    my ($self, $number, %request) = @_;
    my ($how) = $self->{instance}->read_lines($self->{instance}->path("$self->{name}.rule"));
    chomp $how;
    my $body = $json->decode($request{raw});
    if (my ($what, $prefix) = $how =~ /^(\w+) for (\S+)/) {
        $how = index($body->{data}{business_ref}, $prefix) == 0 ? $what : '200';
    }
    my $path = sprintf '%s/%06d', $self->{spool}, $number;
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} $json->encode({ %request, status => $how, body => $body });
    close $file or die "$path: $!\n";
    rename $path, "$path.json" or die "rename: $!\n";
    return $how;
}

# RFC 9113
sub _http2_session {
    my ($self, $client, $number) = @_;
    require Protocol::HTTP2::Server;
    my $server;
    $server = Protocol::HTTP2::Server->new(
        on_request => sub {
            my ($stream, $headers, $data) = @_;
            my %request = (@$headers, first => 'HTTP/2', raw => $data);
            my $how     = $self->_keep($number, %request);
            $how eq 'close' and POSIX::_exit(0);
            $how eq 'hang' or $server->response(
                ':status' => $how eq 'huge' ? '200' : $how,
                stream_id => $stream,
                headers   => [ 'content-type' => 'text/plain' ],
                data      => 'x' x ($how eq 'huge' ? 200_000 : 0));
        });
    while (1) {
        while (my $frame = $server->next_frame) { print {$client} $frame }
        sysread($client, my $bytes, 65536) or last;
        $server->feed($bytes);
    }
    return;
}

sub _answer {
    my ($self, $client, $how) = @_;
    my $head = "HTTP/1.1 200 OK\r\n";
    if ($how eq 'hang')  { sysread $client, $how, 1; return }
    if ($how eq 'close') { print {$client} "${head}Content-Length: 100\r\n\r\nhalf"; return }
    if ($how eq 'behead') { print {$client} "${head}Content-Le"; return }
    if ($how eq 'reset') {
        $client->autoflush(1);
        print {$client} "${head}Content-Length: 100\r\n\r\n";
        setsockopt $client, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
        return;
    }
    if ($how eq 'huge')  { print {$client} "$head\r\n", 'x' x 65536 for 1 .. 100; return }
    if ($how eq 'header') { print {$client} "${head}X: ", 'x' x 200_000, "\r\n\r\n"; return }
    if ($how eq 'storm')  { print {$client} "HTTP/1.1 100 Continue\r\n\r\n" x 20_000; return }
    if ($how eq 'old')    { print {$client} "taken\n"; return }
    if ($how =~ /^kill (\d+)/) { CORE::kill 'KILL', $1; return }
    if ($how eq 'slow') {
        $client->autoflush(1);
        for my $byte (split //, $head) { print {$client} $byte; sleep 1 }
        return;
    }
    my $later  = $how =~ /^after (\d+)/ ? $1 : $how =~ /^until (\d+)/ ? http_date(time + $1) : '';
    my $status = $how eq 'redirect' ? '307' : $later ? '503' : $how;
    print {$client} "HTTP/1.1 $status Status\r\nContent-Length: 0\r\nConnection: close\r\n";
    print {$client} "Location: http://127.0.0.1:$self->{port}/else\r\n" if $how eq 'redirect';
    print {$client} "Retry-After: $later\r\n" if $later;
    print {$client} "\r\n";
    return;
}

# RFC 9110, section 5.6.7
sub http_date {
    my ($time) = @_;
    return POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $time);
}

1;
