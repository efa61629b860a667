# SPDX-License-Identifier: BSD-2-Clause
package Bounce::SmallDisk;

=head1 NAME

Bounce::SmallDisk - a private PostgreSQL on a disk that can be full

=head1 SYNOPSIS

    my $disk = Bounce::SmallDisk->new($instance, $db)->start;    # moves the cluster onto it
    $disk->fill;
    ...
    $disk->free;

=head1 PROMISES

The disk is a tmpfs in a mount namespace of its own: nobody else sees it, and it is gone with the
process that holds the namespace, at the end of the instance at the latest. What is written there is
lost then. It needs root, or sudo.

=cut

use strict;
use warnings;

use constant FREE => '8g';    # a bound, not a reservation

sub new {
    my ($class, $instance, $db) = @_;
    return bless { instance => $instance, db => $db }, $class;
}

# Some containers let not even root mount anything.
sub is_possible {
    my ($class, $instance) = @_;
    my ($status)
        = $instance->run(
        [ $instance->as_root(qw(unshare -m mount -t tmpfs -o size=1m small /mnt)) ],
        may_fail => 1);
    return $status == 0;
}

# Stops the server, starts it again with its data on the new disk.
sub start {
    my ($self) = @_;
    my ($instance, $db) = @$self{qw(instance db)};
    $db->stop;
    my $disk = $instance->make_dir('disk', user => $instance->server_user);
    my $done = $instance->path('disk.ready');
    my $make
        = 'mount -t tmpfs -o size='
        . FREE
        . ' small "$1" && cp -a "$2/." "$1" && chmod 700 "$1" '
        . '&& chown --reference="$2" "$1" && mount --bind "$1" "$2" && : >"$3" && exec sleep 86400';
    my $pid = $instance->start(
        name    => 'disk',
        command => [
            $instance->as_root('unshare', '-m', 'sh', '-c', $make, 'sh', $disk, $db->data, $done) ]
    );
    $instance->wait_for(60, sub { -e $done || !$instance->is_alive('disk') });
    -e $done or die "no small disk\n" . $instance->log_tail;
    $self->{inside} = [ $instance->as_root('nsenter', '-m', '-r', '-t', $self->_holder($pid)) ];
    my $user = $instance->server_user;
    $db->run_within(
        @{ $self->{inside} },
        'setpriv',       "--reuid=$user", '--regid=' . _group($user),
        '--init-groups', '--'
    );
    $db->restart;
    return $self;
}

# Hardly a page is left for who wants one.
sub fill {
    my ($self) = @_;
    return $self->_resize('$(($(df -k --output=used "$1" | tail -n 1) + (4 << i)))k');
}

sub free { my ($self) = @_; return $self->_resize(FREE) }

# Again with more room, $i, where somebody has written in between and it is too small.
sub _resize {
    my ($self, $size) = @_;
    my $again = "for i in 0 1 2 3 4 5 6 7 8; do mount -o remount,size=$size \"\$1\" && exit; done";
    return $self->{instance}->run([
        @{ $self->{inside} },
        'sh', '-c', "$again; exit 1",
        'sh', $self->{instance}->path('disk') ]);
}

# Where sudo stands before it, the process that it runs.
sub _holder {
    my ($self, $pid) = @_;
    return $pid if $self->{instance}->is_root;
    my ($child) = split ' ', join '',
        $self->{instance}->read_lines("/proc/$pid/task/$pid/children");
    return $child // die "sudo runs nothing\n";
}

sub _group { my ($user) = @_; return scalar getgrgid((getpwnam $user)[3]) }

1;
