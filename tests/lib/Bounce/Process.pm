# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Process;

=head1 NAME

Bounce::Process - running programs, as another user where need be

=head1 SYNOPSIS

    my $output = Bounce::Process::run([ 'initdb', '-D', $dir ], user => 'postgres');
    my ($status, $text) = Bounce::Process::run([ 'false' ], may_fail => 1);
    my $pid = Bounce::Process::spawn(command => ['server'], log => $file, user => 'nobody');

=head1 PROMISES

A process is known by pid and start time, so that a pid that was given to somebody else is never
signalled. Becoming another user drops all groups and is for good; not started by root, everything
runs as oneself but what as_root() hands to sudo.

=cut

use strict;
use warnings;
use Errno;
use File::Temp;
use POSIX       qw(WNOHANG);
use Time::HiRes qw(sleep time);

our @IN_CHILD;    # what a child does first: subs

sub is_root { return $> == 0 }

# Whether as_root() will work: as root, with sudo, or with the password of whoever sits there.
sub may_be_root {
    my $quiet = '>/dev/null 2>&1';
    return
        $ENV{BOUNCE_MAY_BE_ROOT}
        //= is_root()
        || system("sudo -n true $quiet") == 0
        || -t STDIN && system("command -v sudo $quiet && sudo -v") == 0 ? 1 : 0;
}

# What as_root() does where it cannot work; the tests set their own.
our $WITHOUT_ROOT = sub { die "this needs root, and sudo lets us not: @_\n" };

# The command as root would run it.
sub as_root {
    my (@command) = @_;
    $WITHOUT_ROOT->(@command) unless may_be_root();
    return is_root() ? @command : ('sudo', @command);
}

# run([command], user =>, input =>, env =>, may_fail =>): output (stdout and stderr together); dies
# with it when the command fails. With may_fail, returns (exit status, output).
sub run {
    my ($command, %option) = @_;
    my $input = File::Temp->new;
    print $input $option{input} // '';
    $input->flush;
    pipe my $out, my $write or die "pipe: $!";
    my $pid = in_child(sub {
        seek $input, 0, 0;
        open STDIN,  '<&', $input;
        open STDOUT, '>&', $write;
        open STDERR, '>&', $write;
        _exec($command, $option{user}, $option{env});
    });
    close $write;
    my $output = do { local $/; <$out> }
        // '';
    waitpid $pid, 0;
    my $status = $?;
    return ($status >> 8 || $status & 127, $output) if $option{may_fail};
    die "@$command failed:\n$output\n" if $status != 0;
    return $output;
}

# spawn(command => [...], or code => sub, log => FILE, user =>, env =>): starts a server in a
# session of its own. Returns its pid.
sub spawn {
    my (%option) = @_;
    return in_child(sub {
        POSIX::setsid();
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', $option{log};
        open STDERR, '>&', \*STDOUT;
        _exec($option{command}, $option{user}, $option{env}) if $option{command};
        _become($option{user});
        $option{code}->();
    });
}

# Runs the sub in a child that never returns from here. Returns its pid.
sub in_child {
    my ($child) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    $_->() for @IN_CHILD;
    eval { $child->(); 1 } or print STDERR $@;
    POSIX::_exit(127);
}

# Runs each sub in a child of its own, all at once. Returns how many did not return true.
sub in_parallel {
    my (@sub) = @_;
    my @child;
    for my $sub (@sub) {
        push @child, in_child(sub { POSIX::_exit($sub->() ? 0 : 1) });
    }
    return scalar grep { waitpid $_, 0; $? } @child;
}

# Field 22 of /proc/PID/stat, unless the process is gone or a zombie. The name in it may hold
# anything.
sub start_time {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/stat" or return undef;
    my $stat = <$file> // '';
    $stat =~ s/^.*\)\s+//s or return undef;
    my @field = split ' ', $stat;
    return $field[0] eq 'Z' ? undef : $field[19];
}

# Whether the process that started then still runs.
sub is_running {
    my ($pid, $start) = @_;
    waitpid $pid, WNOHANG;
    my $now = start_time($pid);
    return defined $now && $now == $start;
}

# Of a process that belongs to root, as root; by the shell's own kill, since procps may be missing.
sub send_signal {
    my ($pid, $signal) = @_;
    return if kill($signal, $pid) || $!{ESRCH};
    my ($status, $output)
        = run([ as_root('sh', '-c', 'kill -s "$1" "$2"', 'kill', $signal, $pid) ], may_fail => 1);
    die "cannot send SIG$signal to process $pid: $output\n" if $status != 0 && -e "/proc/$pid";
    return;
}

# wait_for(seconds, sub): polls until the sub is true; returns its value, or undef at the deadline.
sub wait_for {
    my ($seconds, $condition) = @_;
    my $deadline = time + $seconds;
    my $pause    = 0.01;
    while (1) {
        my $value = $condition->();
        return $value if $value;
        return undef if time > $deadline;
        sleep $pause;
        $pause *= 1.5 if $pause < 0.2;
    }
}

sub _become {
    my ($user) = @_;
    return unless defined $user && is_root();
    my (undef, undef, $uid, $gid) = getpwnam $user or die "no user $user\n";
    $( = $gid;
    $) = "$gid $gid";
    POSIX::setuid($uid);
    $> == $uid && $< == $uid or die "cannot become $user\n";
    return;
}

sub _exec {
    my ($command, $user, $env) = @_;
    chdir '/';
    _become($user);
    local %ENV = (%ENV, %{ $env // {} });
    exec { $command->[0] } @$command or die "cannot run $command->[0]: $!\n";
}

1;
