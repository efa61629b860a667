# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Instance;

=head1 NAME

Bounce::Instance - a private place under run/ for servers that are thrown away

=head1 SYNOPSIS

    my $instance = Bounce::Instance->new(name => 'demo');
    my $port = $instance->free_port;
    my $user = $instance->daemon_user;
    $instance->start(name => 'thing', command => ['thing', '-p', $port], user => $user);
    ...
    $instance->stop;                 # also at the end of the program, however it ends

=head1 PROMISES

One instance is one directory C<run/NAME>, locked by C<run/NAME.lock> for as long as
its owner lives. Every server that is started is written to its file C<servers> (pid,
start time, signal), so that one function stops it: at the end, on Ctrl-C, by
C<make demo-stop>, or at the next start when the owner was killed and could not.

Servers run as unprivileged users: C<server_user> owns PostgreSQL, C<daemon_user>
is bounce-milter's. Started by root these are postgres and nobody, else oneself.

When the tree lies where those users cannot go (/root), or where the name of a unix
socket would be too long, C<run/NAME> is a link into a fresh directory under /var/tmp.

=cut

use strict;
use warnings;
use Bounce::Process;
use Cwd            qw(abs_path);
use Fcntl          qw(:flock :mode);
use File::Basename qw(basename dirname);
use File::Copy     qw(copy);
use File::Path     qw(remove_tree);
use File::Temp     qw(tempdir);
use IO::Socket::INET;
use IO::Socket::UNIX;
use Scalar::Util qw(weaken);
use Socket       qw(SOCK_DGRAM);

# sun_path holds 108 bytes with its NUL; the longest socket we make is this one.
use constant SOCKET_PATH_MAX => 107;
use constant LONGEST_SOCKET  => '/postgres/.s.PGSQL.5432';

# of a line of the file "servers"
use constant FIELDS => qw(name pid start signal grace pid_file);

my @live;      # instances of this process, to be stopped at its end
my @locked;    # those it holds a lock of

# The root of the source tree.
sub tree { return abs_path(dirname(__FILE__) . '/../../..') }

# Where the programs were built: build, or build/sanitize-... (BUILD of the Makefile).
sub build_dir {
    my $build = $ENV{BUILD} // 'build';
    return $build =~ m{^/} ? $build : tree() . "/$build";
}

# new(name => NAME): makes run/NAME afresh; what an earlier owner left behind is stopped first.
sub new {
    my ($class, %option) = @_;
    my $self = bless { name => $option{name}, owner => $$ }, $class;
    umask 022;
    $self->{run} = tree() . '/run';
    -d $self->{run} || mkdir $self->{run} or die "cannot make $self->{run}: $!\n";
    $self->_lock or die "run/$self->{name} is in use by another process\n";
    $self->{link} = "$self->{run}/$self->{name}";
    $self->_remove;
    $self->{dir} = $self->_make_dir;
    push @live, $self;
    mkdir $self->path('log') or die "cannot make $self->{dir}/log: $!\n";
    return $self;
}

# The instance that another process left running (KEEP=1), or undef. It is ours from now on.
sub find {
    my ($class, $name) = @_;
    my $run = tree() . '/run';
    return undef unless -e "$run/$name/servers";
    my $self = bless {
        name  => $name,
        run   => $run,
        link  => "$run/$name",
        dir   => abs_path("$run/$name"),
        owner => 0
        },
        $class;
    $self->_lock or die "run/$name is in use by another process\n";
    return (grep { _is_running($_) } $self->_servers) ? $self : undef;
}

# Stops and removes the instances run/PREFIX* whose owners are gone.
sub prune {
    my ($class, $prefix) = @_;
    my $run = tree() . '/run';
    for my $lock (glob "$run/$prefix*.lock") {
        my $old = bless { name => basename($lock, '.lock'), run => $run, owner => 0 }, $class;
        $old->{link} = "$run/$old->{name}";
        next unless $old->_lock;
        $old->_remove;
        unlink $lock;
    }
    return;
}

sub name { return $_[0]{name} }
sub dir  { return $_[0]{dir} }
sub path { my ($self, @part) = @_; return join '/', $self->{dir}, @part }

# True when the directory had to be made elsewhere.
sub is_elsewhere { return -l $_[0]{link} }

sub server_user { return is_root() ? 'postgres' : scalar getpwuid $> }
sub daemon_user { return is_root() ? 'nobody'   : scalar getpwuid $> }

# Bounce::Process at hand.
sub is_root  { return Bounce::Process::is_root() }
sub as_root  { my (undef, @command) = @_; return Bounce::Process::as_root(@command) }
sub run      { my (undef, @option)  = @_; return Bounce::Process::run(@option) }
sub wait_for { my (undef, @option)  = @_; return Bounce::Process::wait_for(@option) }

# A directory of the instance that belongs to a user.
sub make_dir {
    my ($self, $name, %option) = @_;
    my $path = $self->path($name);
    -d $path || mkdir $path or die "cannot make $path: $!\n";
    my (undef, undef, $uid, $gid) = getpwnam($option{user} // $self->daemon_user);
    $gid = getgrnam $option{group} if defined $option{group};
    if (is_root()) { chown $uid, $gid, $path or die "cannot give $path away: $!\n" }
    my $mode = $option{mode} // 0755;
    if (defined $option{group} && !is_root()) {
        # who is not in that group cannot set the setgid bit, and chmod(2) does not say so
        $self->run([ $self->as_root('chgrp', $option{group},       $path) ]);
        $self->run([ $self->as_root('chmod', sprintf('%o', $mode), $path) ]);
        return $path;
    }
    chmod $mode, $path;
    return $path;
}

sub write_file {
    my ($self, $name, $text) = @_;
    my $path = $self->path($name);
    open my $file, '>', $path or die "cannot write $path: $!\n";
    print $file $text;
    close $file or die "cannot write $path: $!\n";
    return $path;
}

# The rules that are shipped, where the daemons' user can read them: the source tree it may not see.
sub rules_dir {
    my ($self) = @_;
    if (!-d $self->path('rules')) {
        my $dir = $self->make_dir('rules');
        copy($_, $dir) or die "$_: $!\n" for glob tree() . '/etc/rules/*.rules';
    }
    return $self->path('rules');
}

# A free port of the loopback, below the range that outgoing connections use. Nobody else who asks
# here gets it as long as we live, whether or not a server listens there yet: an abstract socket
# that bears its number is ours.
sub free_port {
    my ($self) = @_;
    for (1 .. 200) {
        my $port = 20000 + int rand 10000;
        my $claim
            = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "\0bounce-milter-port-$port")
            or next;
        next
            unless IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Listen    => 1,
            ReuseAddr => 1
            );
        $self->{port}{$port} = $claim;
        return $port;
    }
    die "no free port on 127.0.0.1\n";
}

# start(name =>, command => [...], or code => sub, user =>, signal => 'TERM', grace => 10, pid_file
# =>, log =>): a server in a session of its own, recorded so that stop() finds it and kills it when
# the signal did not end it in grace seconds. With a pid file, stop() also finds the one that a
# person started in its place. Returns its pid.
sub start {
    my ($self, %option) = @_;
    my $log = $option{log} // $self->path('log', "$option{name}.log");
    my $pid = Bounce::Process::spawn(%option, log => $log);
    $self->record($option{name}, $pid, %option);
    return $pid;
}

# Records a server that was started by other means.
sub record {
    my ($self, $name, $pid, %option) = @_;
    open my $file, '>>', $self->path('servers') or die "cannot write $self->{dir}/servers: $!\n";
    print $file join("\t",
        $name, $pid,
        Bounce::Process::start_time($pid) // 0,
        $option{signal}                   // 'TERM',
        $option{grace}                    // 10,
        $option{pid_file}                 // ''),
        "\n";
    close $file;
    return;
}

# stop_server(NAME, wait => seconds, signal =>): ends it and waits until it is gone. True unless it
# had to be killed.
sub stop_server {
    my ($self, $name, %option) = @_;
    my $clean = 1;
    for my $server (grep { $_->{name} eq $name } $self->_servers) {
        $clean = 0 unless $self->_end($server, %option);
    }
    my @rest
        = map { join("\t", @$_{ +FIELDS }) . "\n" } grep { $_->{name} ne $name } $self->_servers;
    $self->write_file('servers', join '', @rest);
    return $clean;
}

sub signal_server {
    my ($self, $name, $signal) = @_;
    Bounce::Process::send_signal($_->{pid}, $signal)
        for grep { $_->{name} eq $name && _is_running($_) } $self->_servers;
    return;
}

sub is_alive {
    my ($self, $name) = @_;
    return scalar grep { $_->{name} eq $name && _is_running($_) } $self->_servers;
}

# The process of a server that runs, or undef.
sub pid {
    my ($self, $name) = @_;
    my ($server) = grep { $_->{name} eq $name && _is_running($_) } $self->_servers;
    return $server && $server->{pid};
}

# Stops every server, the last started first.
sub stop {
    my ($self) = @_;
    my @servers = reverse $self->_servers;
    $self->_end($_) for @servers;
    unlink "$self->{link}/servers";
    @live = grep { $_ != $self } @live;
    return;
}

# Stops and removes everything.
sub discard {
    my ($self) = @_;
    $self->stop;
    $self->_remove;
    unlink "$self->{link}.lock" if delete $self->{lock};
    return;
}

# Leaves the servers running when this process ends.
sub keep {
    my ($self) = @_;
    @live = grep { $_ != $self } @live;
    return;
}

# The last lines of the logs, for a person who wants to know why.
sub log_tail {
    my ($self, $lines) = @_;
    my $text = '';
    for my $log (glob $self->path('log', '*')) {
        my @line = $self->read_lines($log);
        @line = @line[ -($lines // 15) .. -1 ] if @line > ($lines // 15);
        $text .= "--- $log\n" . join('', @line) if @line;
    }
    return $text;
}

sub read_lines {
    my ($self, $path) = @_;
    open my $file, '<', $path or return;
    return <$file>;
}

# --- the inside ------------------------------------------------------------------------

sub _lock {
    my ($self) = @_;
    open my $lock, '>>', "$self->{run}/$self->{name}.lock"
        or die "cannot write $self->{run}/$self->{name}.lock: $!\n";
    return 0 unless flock $lock, LOCK_EX | LOCK_NB;
    $self->{lock} = $lock;
    push @locked, $self;
    weaken($locked[-1]);
    return 1;
}

sub _remove {
    my ($self) = @_;
    my $link = $self->{link};
    $self->_end($_) for reverse $self->_servers;
    my $dir = -l $link ? readlink $link : $link;
    remove_tree($dir, { error => \my $mine_alone });
    $self->run([ $self->as_root('rm', '-rf', '--', $dir) ]) if -d $dir;
    unlink $link if -l $link;
    return;
}

sub _make_dir {
    my ($self) = @_;
    my $why = $self->_unsuitable;
    if (!$why) {
        mkdir $self->{link} or die "cannot make $self->{link}: $!\n";
        return $self->{link};
    }
    my $base = -w '/var/tmp' ? '/var/tmp' : '/tmp';
    my $dir  = tempdir("$base/bounce-milter-XXXXXX");
    chmod 0755, $dir;
    symlink $dir, $self->{link} or die "cannot make $self->{link}: $!\n";
    $self->{why_elsewhere} = $why;
    return $dir;
}

sub why_elsewhere { return $_[0]{why_elsewhere} }

# Why servers of other users cannot live at the place wanted, or ''.
sub _unsuitable {
    my ($self) = @_;
    return 'its name is too long for a socket'
        if length($self->{link} . LONGEST_SOCKET) > SOCKET_PATH_MAX;
    return 'its name has characters that configuration files dislike'
        if $self->{link} =~ m{[^\w/.+-]};
    for (my $dir = $self->{run}; $dir ne '/'; $dir = dirname($dir)) {
        my $mode = (stat $dir)[2] // 0;
        return "$dir is closed to other users" unless $mode & S_IXOTH;
    }
    return '';
}

sub _servers {
    my ($self) = @_;
    my @server;
    for my $line ($self->read_lines("$self->{link}/servers")) {
        chomp $line;
        my %server;
        @server{ +FIELDS } = split /\t/, $line, -1;
        $self->_follow_pid_file(\%server) unless _is_running(\%server);
        push @server, \%server;
    }
    return @server;
}

# Whoever stops and starts a kept server by hand leaves another pid. It is taken for ours when its
# command line names this instance.
sub _follow_pid_file {
    my ($self, $server) = @_;
    my ($pid)   = map { /^(\d+)/ } ($self->read_lines($server->{pid_file}))[0] // '' or return;
    my $command = join '', $self->read_lines("/proc/$pid/cmdline");
    return
        unless grep { index($command, "$_/") >= 0 } $self->{link},
        -l $self->{link} ? readlink $self->{link} : ();
    @$server{qw(pid start)} = ($pid, Bounce::Process::start_time($pid) // return);
    return;
}

sub _is_running { my ($server) = @_; return Bounce::Process::is_running(@$server{qw(pid start)}) }

sub _end {
    my ($self, $server, %option) = @_;
    return 1 unless _is_running($server);
    Bounce::Process::send_signal($server->{pid}, $option{signal} // $server->{signal});
    return 1 if $self->wait_for($option{wait} // $server->{grace}, sub { !_is_running($server) });
    Bounce::Process::send_signal($server->{pid}, 'KILL');
    $self->wait_for(60, sub { !_is_running($server) })
        or die "$server->{name} (process $server->{pid}) still runs after SIGKILL\n";
    return 0;
}

# A server may outlive us: our locks must not, and it must not stop its siblings.
push @Bounce::Process::IN_CHILD, sub {
    delete $_->{lock} for grep { defined } @locked;
    @live = ();
};

$SIG{$_} = sub { exit 130 }
    for qw(INT TERM HUP PIPE);

END {
    my $status   = $?;
    my @stopping = reverse @live;    # stop() takes each out of the list
    for my $instance (@stopping) {
        next unless $instance->{owner} == $$;
        eval { $instance->stop; 1 } or do { warn $@; $status ||= 1 };
    }
    $? = $status;
}

1;
