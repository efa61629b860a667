# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Unpacked;

=head1 NAME

Bounce::Unpacked - programs of Debian packages that this machine must not install

=head1 SYNOPSIS

    plan skip_all => 'needs root and mounts' unless Bounce::Unpacked->is_possible($instance);
    my $unpacked = Bounce::Unpacked->new($instance, 'build/mta/exim', accounts => 'Debian-exim');
    $unpacked->run('exim4', '-bV');
    $unpacked->start(name => 'exim', command => [ 'exim4', '-bdf' ]);

=head1 PROMISES

The packages were unpacked by tests/mta/unpack.sh. They lie over this machine's folders in a mount
namespace of its own, and what is written there goes to a tmpfs: nobody else sees either, and both
are gone with the instance. The network is the machine's.

C</run/bounce-fetch> is the folder C<lmtp> of the instance, and the group bouncefetch is that of
C<daemon_user>, so that recipes can be used as they are.

=cut

use strict;
use warnings;

use constant OVERLAID => qw(etc var/lib var/mail var/spool var/log);

# Whether mounts are possible at all; some containers let not even root mount anything.
sub is_possible {
    my ($class, $instance) = @_;
    return 0 unless $instance->is_root;
    my ($status)
        = $instance->run([qw(unshare -m mount -t tmpfs small /mnt)], may_fail => 1);
    return $status == 0;
}

# new($instance, FOLDER, accounts => "NAME ..."): accounts that the packages would make.
sub new {
    my ($class, $instance, $root, %option) = @_;
    my $self  = bless { instance => $instance }, $class;
    my $ready = $instance->path('unpacked.ready');
    my $group = (getpwnam $instance->daemon_user)[3];
    my $lmtp  = $instance->make_dir('lmtp');
    $instance->write_file('unpacked.sh', <<"END");
set -e
mount -t tmpfs -o mode=755 tmpfs '@{[ $instance->make_dir('unpacked') ]}'
cd '@{[ $instance->path('unpacked') ]}'
mount -t overlay -o 'lowerdir=$root/usr:/usr' usr /usr
for folder in @{[ OVERLAID ]}; do
    mkdir -p "\$folder/upper" "\$folder/work"
    [ -d "$root/\$folder" ] || mkdir -p "$root/\$folder"
    mount -t overlay -o \\
        "lowerdir=$root/\$folder:/\$folder,upperdir=\$folder/upper,workdir=\$folder/work" \\
        overlay "/\$folder"
done
mount -t tmpfs -o mode=755 tmpfs /run
ln -s '$lmtp' /run/bounce-fetch
groupadd -o -g $group bouncefetch
for account in $option{accounts}; do
    useradd --system --user-group --groups bouncefetch --no-create-home "\$account"
done
: >'$ready'
exec sleep 86400
END
    my $pid = $instance->start(
        name    => 'unpacked',
        command => [ qw(unshare -m sh), $instance->path('unpacked.sh') ]);
    $instance->wait_for(60, sub { -e $ready || !$instance->is_alive('unpacked') });
    -e $ready or die "the packages cannot be laid over\n" . $instance->log_tail;
    # its root, too: ours may be a chroot
    $self->{inside} = [ qw(nsenter -m -r -t), $pid, '--' ];
    return $self;
}

# A command inside; its output, or death.
sub run {
    my ($self, @command) = @_;
    return $self->{instance}->run([ @{ $self->{inside} }, @command ]);
}

# A file inside.
sub write {
    my ($self, $path, $text) = @_;
    return $self->{instance}->run([ @{ $self->{inside} }, 'tee', $path ], input => $text);
}

# A server inside, as Bounce::Instance starts one.
sub start {
    my ($self, %option) = @_;
    $option{command} = [ @{ $self->{inside} }, @{ $option{command} } ];
    return $self->{instance}->start(%option);
}

1;
