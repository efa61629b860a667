# SPDX-License-Identifier: BSD-2-Clause
package Bounce::CuttingProxy;

=head1 NAME

Bounce::CuttingProxy - between a client and a server, to cut each connection after so many bytes

=head1 SYNOPSIS

    my $proxy = Bounce::CuttingProxy->new($instance);
    my $port = $proxy->start($server_port, 4096);    # bytes from the server; again: another number
    $proxy->stop;

=cut

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

use constant READ_BYTES => 16384;

sub new { my ($class, $instance) = @_; return bless { instance => $instance }, $class }

sub start {
    my ($self, $server_port, $bytes) = @_;
    my $instance = $self->{instance};
    $self->stop;
    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        Listen    => 5
    ) or die "cannot listen: $!\n";
    $instance->start(
        name => 'cutting-proxy',
        code => sub { _serve($listener, $server_port, $bytes) });
    $self->{is_started} = 1;
    return $listener->sockport;
}

sub stop {
    my ($self) = @_;
    $self->{instance}->stop_server('cutting-proxy', signal => 'KILL') if delete $self->{is_started};
    return;
}

sub _serve {
    my ($listener, $server_port, $bytes) = @_;
    while (my $client = $listener->accept) {
        my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server_port);
        _pass_on($client, $server, $bytes) if $server;
        close $_ for grep { defined } $client, $server;
    }
    return;
}

sub _pass_on {
    my ($client, $server, $left) = @_;
    my $both = IO::Select->new($client, $server);
    while (my @ready = $both->can_read) {
        for my $from (@ready) {
            my $is_server = $from == $server;
            sysread $from, my $data, $is_server && $left < READ_BYTES ? $left : READ_BYTES
                or return;
            $left -= length $data if $is_server;
            syswrite $is_server ? $client : $server, $data or return;
            return if $left <= 0;
        }
    }
    return;
}

1;
