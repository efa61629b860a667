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
use constant SUPERUSER => 'postgres';

sub new {
    my ($class, $instance) = @_;
    my $self = bless { instance => $instance, bin => _bindir() }, $class;
    return $self;
}

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
    my $pid      = $instance->start(
        name     => 'postgres',
        command  => [ "$self->{bin}/postgres", '-D', $self->{data} ],
        user     => $instance->server_user,
        pid_file => "$self->{data}/postmaster.pid",
        signal   => 'INT'
    );    # fast shutdown
    $instance->wait_for(60, sub { $self->_is_ready || !$instance->is_alive('postgres') });
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

sub stop { my ($self) = @_; return $self->{instance}->stop_server('postgres') }

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
    $self->_write('pg_hba.conf', "local all all peer map=private\n");
    open my $file, '>>', "$self->{data}/postgresql.conf" or die "postgresql.conf: $!\n";
    print $file <<"END";
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
