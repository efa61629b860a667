# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Postgres;

=head1 NAME

Bounce::Postgres - a private PostgreSQL cluster

=head1 SYNOPSIS

    my $db = Bounce::Postgres->new($instance);
    $db->start;
    my $rows = $db->rows('SELECT id, status FROM bounce.communication WHERE process = :\'process\'',
                         process => 'invoice');       # [{id => 1, status => 'sent'}, ...]
    my $n = $db->value('SELECT count(*) FROM bounce.task');

=head1 PROMISES

No TCP: one unix socket in a directory of the instance. Who may connect as whom is decided by peer
authentication, so another user of the machine cannot. fsync is off, since the machine itself is not
crashed here; what is committed survives the kill of any process.

=cut

use strict;
use warnings;
use JSON::PP;

use constant PORT      => 5432;         # of the socket's name only
use constant HBA => join '', map { "local $_ all peer map=private\n" } qw(all replication);
use constant SUPERUSER => 'postgres';

sub new {
    my ($class, $instance) = @_;
    my $self = bless { instance => $instance, bin => _bindir(), name => 'postgres', within => [] },
        $class;
    return $self;
}

sub data { return $_[0]{data} }

# From now on the server is started by these words, which also make it another user's than root's.
sub run_within { my ($self, @word) = @_; $self->{within} = [@word]; return }

# The newest server on this machine: Debian keeps one directory per version.
sub _bindir {
    my @version = sort { $b <=> $a }
        map { m{/([\d.]+)/bin/initdb$} } glob '/usr/lib/postgresql/*/bin/initdb';
    return "/usr/lib/postgresql/$version[0]/bin" if @version;
    for my $dir (split /:/, $ENV{PATH}) { return $dir if -x "$dir/initdb" }
    die "no PostgreSQL server found; make setup installs it\n";
}

sub start {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my $user     = $instance->server_user;
    $self->{socket_dir} = $instance->make_dir('postgres', user => $user);
    $self->{data}       = $instance->make_dir('postgres/data', user => $user, mode => 0700);
    $instance->run(
        [
            "$self->{bin}/initdb", '-D', $self->{data}, '-U', SUPERUSER,
            qw(-E UTF8 --locale=C.UTF-8 -A peer --no-sync)
        ],
        user => $user
    );
    $self->_configure;
    return $self->restart;
}

# Starts the server on the data that is there, waits until it answers.
sub restart {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my @within   = @{ $self->{within} };
    $instance->start(
        name     => $self->{name},
        command  => [ @within, "$self->{bin}/postgres", '-D', $self->{data} ],
        user     => @within ? undef : $instance->server_user,
        pid_file => "$self->{data}/postmaster.pid",
        signal   => 'INT',    # fast shutdown
        grace    => 60        # killed, it may leave processes that keep it from starting again
    );
    $instance->wait_for(60, sub { $self->_is_ready || !$self->is_alive });
    $self->_is_ready or die "PostgreSQL did not start\n" . $instance->log_tail;
    return $self;
}

# The commands by which a person stops it and starts it again.
sub control {
    my ($self) = @_;
    my $pg_ctl = "$self->{bin}/pg_ctl -D $self->{data}";
    my $user
        = $self->{instance}->is_root ? 'runuser -u ' . $self->{instance}->server_user . ' -- ' : '';
    return "$user$pg_ctl -m fast stop", "$user$pg_ctl -l /dev/null start";
}

sub stop { my ($self) = @_; return $self->{instance}->stop_server($self->{name}) }

sub is_alive { my ($self) = @_; return $self->{instance}->is_alive($self->{name}) }

# As a crash does: no process is asked to finish anything. Waits until it is gone.
sub crash {
    my ($self) = @_;
    $self->{instance}->signal_server($self->{name}, 'QUIT');
    return $self->{instance}->wait_for(60, sub { !$self->is_alive });
}

# A standby of a server that runs: it follows until it is promoted, and nothing is committed that it
# has not.
sub standby {
    my ($class, $leader) = @_;
    my $self     = $class->new($leader->{instance});
    my $instance = $self->{instance};
    my $user     = $instance->server_user;
    $self->{name}       = 'standby';
    $self->{socket_dir} = $instance->make_dir('standby', user => $user);
    $self->{data}       = "$self->{socket_dir}/data";
    $instance->run(
        [
            "$self->{bin}/pg_basebackup", qw(-R -X stream -c fast --no-sync -D),
            $self->{data},                '-d',
            $leader->conninfo(dbname => 'postgres')
        ],
        user => $user
    );
    $self->_append_conf("unix_socket_directories = '$self->{socket_dir}'\n");
    $self->restart;
    $leader->sql("ALTER SYSTEM SET synchronous_standby_names = '*';\n");
    $leader->sql("SELECT pg_reload_conf();\n");
    return $self;
}

sub promote {
    my ($self) = @_;
    return $self->{instance}->run([ "$self->{bin}/pg_ctl", 'promote', '-w', '-D', $self->{data} ],
        user => $self->{instance}->server_user);
}

# From now on that one is asked.
sub follow { my ($self, $other) = @_; $self->{socket_dir} = $other->{socket_dir}; return }

# What a program needs to find the one of the two that leads.
sub conninfo_of_leader {
    my ($self, $other, %option) = @_;
    my $ports = join ',', PORT, PORT;
    return $self->conninfo(%option) =~ s/host=\S+/host=$self->{socket_dir},$other->{socket_dir}/r
        =~ s/port=\S+/port=$ports/r . ' target_session_attrs=read-write';
}

# From now on these accounts, and no others, log in with a password (or as $method says).
sub let_in_by_password {
    my ($self, @name) = @_;
    return $self->let_in('scram-sha-256', @name);
}

# Our account at the operating system comes in as each of these without a password: peer, by a map.
sub let_in_by_map {
    my ($self, $account, @name) = @_;
    open my $file, '>>', "$self->{data}/pg_ident.conf" or die "pg_ident.conf: $!\n";
    print $file map { "people $account $_\n" } @name;
    close $file;
    return $self->let_in('peer map=people', @name);
}

sub let_in {
    my ($self, $method, @name) = @_;
    $self->_write('pg_hba.conf', join '', map({ "local all \"$_\" $method\n" } @name), HBA);
    return $self->sql('SELECT pg_reload_conf()');
}

sub _is_ready {
    my ($self)   = @_;
    my ($status) = $self->{instance}->run(
        [ "$self->{bin}/pg_isready", qw(-q -d postgres -U), SUPERUSER, '-h', $self->{socket_dir} ],
        may_fail => 1
    );
    return $status == 0;
}

sub _configure {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my %owner    = map { ($_ => 1) } $instance->server_user, SUPERUSER, 'root', scalar getpwuid $>;
    my @map      = map { [ $_, SUPERUSER ], [ $_, 'bounce_daemon' ] } sort keys %owner;
    push @map, [ $instance->daemon_user, 'bounce_daemon' ];
    $self->_write('pg_ident.conf', join '', map { "private $_->[0] $_->[1]\n" } @map);
    $self->_write('pg_hba.conf', HBA);
    return $self->_append_conf(<<"END");
listen_addresses = ''
port = @{[PORT]}
unix_socket_directories = '$self->{socket_dir}'
max_connections = 100
shared_buffers = 32MB
fsync = off
full_page_writes = off
client_min_messages = warning
log_line_prefix = '%m [%p] %u '
END
}

sub _append_conf {
    my ($self, $text) = @_;
    open my $file, '>>', "$self->{data}/postgresql.conf" or die "postgresql.conf: $!\n";
    print $file $text;
    close $file;
    return;
}

sub _write {
    my ($self, $name, $text) = @_;
    open my $file, '>', "$self->{data}/$name" or die "$name: $!\n";
    print $file $text;
    close $file;
    return;
}

# libpq's words for this server; conninfo(user => 'bounce_milter', dbname => 'bounce').
sub conninfo {
    my ($self, %option) = @_;
    return sprintf 'host=%s port=%d dbname=%s user=%s', $self->{socket_dir}, PORT,
        $option{dbname} // 'bounce',
        $option{user}   // SUPERUSER;
}

# The environment in which psql and pgTAP reach it without words.
sub environment {
    my ($self, %option) = @_;
    return (
        PGHOST     => $self->{socket_dir},
        PGPORT     => PORT,
        PGUSER     => SUPERUSER,
        PGDATABASE => $option{dbname} // 'bounce'
    );
}

# Runs a script; the pairs are psql variables, to be written :'name'. Returns what it printed.
sub sql {
    my ($self, $script, %variable) = @_;
    my $dbname = delete $variable{dbname} // 'bounce';
    my @set    = map { ('-v', "$_=$variable{$_}") } sort keys %variable;
    return $self->{instance}->run(
        [
            'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', @set, '-d',
            $self->conninfo(dbname => $dbname),
            '-f', '-'
        ],
        input => $script,
        env   => { PGCLIENTENCODING => 'UTF8', PGOPTIONS => '-c client_min_messages=warning' });
}

# The rows of one SELECT, a hash each.
sub rows {
    my ($self, $select, %variable) = @_;
    my $json = $self->sql("SELECT coalesce(json_agg(r), '[]') FROM ($select) r;\n", %variable);
    return JSON::PP->new->utf8->decode($json);
}

# The one value of a SELECT that gives one.
sub value {
    my ($self, $select, %variable) = @_;
    my $text = $self->sql("$select;\n", %variable);
    chomp $text;
    return $text;
}

1;
