# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Daemon;

=head1 NAME

Bounce::Daemon - bounce-milter under test, and bouncectl

=head1 SYNOPSIS

    my $daemon = Bounce::Daemon->new($instance, $db, pool_size => 2);
    $daemon->init_database;
    $daemon->start;
    my $postfix = Bounce::Postfix->new($instance, milter => $daemon->milter_socket, ...);

=head1 PROMISES

The configuration has what every test needs and takes further keys from new(). The socket lies in a
directory that only the MTA's group may enter. The programs are those of BUILD (build, or
build/sanitize-...); what a sanitizer has to say counts as a failure of stop().

=cut

use strict;
use warnings;
use IO::Socket::UNIX;

use constant ACCOUNT => 'bounce_daemon';   # the daemon's, with the rights of the role bounce_milter

# new($instance, $db, KEY => VALUE ...): keys of bounce-milter.conf.
sub new {
    my ($class, $instance, $db, %key) = @_;
    my $self = bless { instance => $instance, db => $db }, $class;
    $self->{socket} = $instance->path('milter/socket');
    $self->{conf}   = $instance->path('bounce-milter.conf');
    $self->{key}    = {
        socket      => "unix:$self->{socket}",
        socket_mode => '666',                            # the directory is what closes it
        conninfo    => $db->conninfo(user => ACCOUNT),
        user        => $instance->is_root ? $instance->daemon_user : '',
        pid_file    => $instance->path('milter/pid'),
        rules_dir   => $instance->rules_dir,
        state_file   => $instance->path('milter/parameters'),
        metrics_file => $instance->path('milter/metrics'),
        log         => 'stderr',
        log_level   => 'debug',
        %key,
    };
    return $self;
}

sub conf          { return $_[0]{conf} }
sub milter_socket { return $_[0]{key}{socket} }

# Built with a sanitizer: ends are watched.
sub is_sanitized { return Bounce::Instance::build_dir() =~ /sanitize/ }

sub program { my ($self, $name) = @_; return Bounce::Instance::build_dir() . "/$name" }

# Runs bouncectl; (status, output).
sub bouncectl {
    my ($self, @argument) = @_;
    return $self->{instance}->run([ $self->program('bouncectl'), @argument ], may_fail => 1);
}

# Makes the database, its schema, and the daemon's account, which has the least rights.
sub init_database {
    my ($self) = @_;
    $self->{db}->sql("CREATE DATABASE bounce;\n", dbname => 'postgres');
    my ($status, $output) = $self->bouncectl(qw(db init --conninfo), $self->{db}->conninfo);
    die "bouncectl db init failed:\n$output\n" if $status != 0;
    $self->{db}->sql('CREATE ROLE ' . ACCOUNT . " LOGIN IN ROLE bounce_milter;\n");
    return $output;
}

sub write_conf {
    my ($self, %change) = @_;
    my %key = (%{ $self->{key} }, %change);
    return $self->{instance}
        ->write_file('bounce-milter.conf', join '', map { "$_ = $key{$_}\n" } sort keys %key);
}

# Starts it and waits until it takes bounces.
sub start {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my $answers  = $self->database_answers;
    my $is_heard = $self->{key}{log_level} =~ /info|debug/;
    my $serves = sub { $self->is_listening && (!$is_heard || $self->database_answers > $answers) };
    $self->launch;
    $instance->wait_for(60, sub { $serves->() || !$instance->is_alive('bounce-milter') });
    $serves->() or die "bounce-milter did not start\n" . $instance->log_tail;
    return $self;
}

# Starts it and does not wait.
sub launch {
    my ($self) = @_;
    $self->prepare;
    $self->{instance}->start(
        name     => 'bounce-milter',
        grace    => 1,    # libmilter needs five seconds to end; who wants to see that calls stop()
        pid_file => $self->{key}{pid_file},
        command  => [ $self->program('bounce-milter'), '-c', $self->{conf} ]);
    return;
}

# All that it needs to find when it starts.
sub prepare {
    my ($self) = @_;
    $self->_make_places unless -d $self->{instance}->path('milter');
    $self->write_conf;
    return;
}

# Changes keys of the configuration for the next start.
sub set { my ($self, %key) = @_; $self->{key} = { %{ $self->{key} }, %key }; return }

sub _make_places {
    my ($self) = @_;
    my $instance = $self->{instance};
    $instance->make_dir('milter', group => 'postfix', mode => 0710);
    return;
}

# How often it has read the parameters.
sub parameter_readings {
    my ($self) = @_;
    return scalar(my @line = $self->log_lines(qr/parameters read$/));
}

# How often the database has answered after a start.
sub database_answers {
    my ($self) = @_;
    return scalar(my @line = $self->log_lines(qr/the database answers$/));
}

sub is_listening {
    my ($self) = @_;
    return 0 unless $self->{instance}->is_alive('bounce-milter');
    return defined IO::Socket::UNIX->new(Peer => $self->{socket});
}

# Ends it with SIGTERM. True when it ended by itself and no sanitizer spoke.
sub stop {
    my ($self) = @_;
    my $clean = $self->{instance}->stop_server('bounce-milter', wait => 60);
    return $clean && !$self->complaints;
}

sub signal {
    my ($self, $name) = @_;
    return $self->{instance}->signal_server('bounce-milter', $name);
}

# Ends it as a crash would.
sub kill {
    my ($self) = @_;
    return $self->{instance}->stop_server('bounce-milter', signal => 'KILL');
}

# What the sanitizers wrote.
sub complaints {
    my ($self) = @_;
    return $self->log_lines(qr/runtime error:|ERROR: \w+Sanitizer|WARNING: ThreadSanitizer/);
}

sub log_lines {
    my ($self, $pattern) = @_;
    return
        grep { $_ =~ $pattern }
        $self->{instance}->read_lines($self->{instance}->path('log/bounce-milter.log'));
}

1;
