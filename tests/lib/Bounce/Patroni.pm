# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Patroni;

=head1 NAME

Bounce::Patroni - PostgreSQL on two nodes under Patroni, with etcd, on the loopback

=head1 SYNOPSIS

    my $db = Bounce::Patroni->new($instance)->start;    # with synchronous replication
    my $dead = $db->kill_leader;                        # at once, as when the machine dies
    $db->wait_for_leader(not => $dead);
    $db->revive($dead);                                 # it comes back as the standby

=head1 PROMISES

What C<Bounce::Postgres> has for one server holds here for the one that is the leader: C<conninfo>
names both hosts with C<target_session_attrs=read-write>. fsync is on. Everybody logs in with a
password that is made for this run.

=cut

use strict;
use warnings;
use Bounce::Postgres;
use HTTP::Tiny;
use JSON::PP;

our @ISA = ('Bounce::Postgres');

use constant { NODES => 2, SCOPE => 'bounce' };

# Seconds: how long a leader's lease lasts, how often it is renewed, how long etcd may be silent.
use constant { TTL => 20, LOOP_WAIT => 2, RETRY => 6 };

sub new {
    my ($class, $instance) = @_;
    my $self = $class->SUPER::new($instance);
    $self->{etcd}     = [ $instance->free_port, $instance->free_port ];
    $self->{password} = join '', map { sprintf '%08x', int rand 2**32 } 1 .. 4;
    for my $number (1 .. NODES) {
        my %node = (name => "node$number", map { ($_ => $instance->free_port) } qw(port rest));
        $self->{node}{ $node{name} } = { %node, dir => $instance->path($node{name}) };
    }
    return $self;
}

sub nodes { my ($self) = @_; return sort keys %{ $self->{node} } }

sub start {
    my ($self) = @_;
    $self->_start_etcd;
    $self->_prepare($_) for $self->nodes;
    $self->_start_patroni('node1');
    $self->wait_for_leader;
    $self->_start_patroni('node2');
    $self->wait_for_standby;
    return $self;
}

# --- who leads --------------------------------------------------------------------------

# A node's Patroni, asked: what HTTP::Tiny returns.
sub _get {
    my ($self, $name, $page) = @_;
    return HTTP::Tiny->new(timeout => 2)
        ->get("http://127.0.0.1:$self->{node}{$name}{rest}/$page");
}

# What Patroni says of a node: a hash, empty where nobody answers.
sub patroni {
    my ($self, $name) = @_;
    my $answer = $self->_get($name, 'patroni');
    return eval { JSON::PP->new->utf8->decode($answer->{content}) } // {};
}

sub _is_running {
    my ($self, $name, $role) = @_;
    my $state = $self->patroni($name);
    return ($state->{state} // '') eq 'running' && ($state->{role} // '') =~ $role;
}

# The name of the leader that answers, or undef.
sub leader {
    my ($self) = @_;
    my ($leader) = grep { $self->_is_running($_, qr/^(?:master|primary)$/) } $self->nodes;
    return $leader;
}

# wait_for_leader(not => NAME): another than that one. Returns its name.
sub wait_for_leader {
    my ($self, %option) = @_;
    my $not    = $option{not} // '';
    my $leader = $self->{instance}->wait_for(
        180,
        sub {
            my ($found) = grep { $_ ne $not && $self->_is_running($_, qr/^(?:master|primary)$/) }
                $self->nodes;
            return $found && $self->_takes_writes($found) && $found;
        });
    return $leader // die "no leader\n" . $self->{instance}->log_tail;
}

sub _takes_writes {
    my ($self, $name) = @_;
    my ($status, $output) = $self->{instance}->run(
        [
            'psql', '-XAtqc', 'SELECT pg_is_in_recovery()', $self->conninfo(dbname => 'postgres')
        ],
        may_fail => 1
    );
    return $status == 0 && $output =~ /^f/;
}

# Until the other node follows; with synchronous replication, until a COMMIT waits for it, and
# Patroni has noted in etcd that it may take over: a leader that dies before leaves nobody who may.
sub wait_for_standby {
    my ($self) = @_;
    my $state = $self->{is_asynchronous} ? 'async' : 'sync';
    $self->{instance}->wait_for(
        180,
        sub {
            my $count = eval {
                $self->sql(
                    "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' "
                        . "AND sync_state = '$state';\n",
                    dbname => 'postgres'
                );
            };
            return 0 if !$count;
            return 1 if $self->{is_asynchronous};
            return scalar grep { $self->_get($_, 'sync')->{success} } $self->nodes;
        }) or die "no standby\n" . $self->{instance}->log_tail;
    return;
}

# synchronous(0 or 1): whether a COMMIT waits for the standby.
sub synchronous {
    my ($self, $is_wanted) = @_;
    my ($name) = $self->nodes;
    my $answer = HTTP::Tiny->new(timeout => 5)->request(
        PATCH => "http://127.0.0.1:$self->{node}{$name}{rest}/config",
        {
            content => JSON::PP->new->encode({
                synchronous_mode => $is_wanted ? JSON::PP::true : JSON::PP::false }) });
    $answer->{success} or die "Patroni: $answer->{status} $answer->{content}\n";
    $self->{is_asynchronous} = !$is_wanted;
    $self->wait_for_standby;
    return;
}

# --- faults -----------------------------------------------------------------------------

# All processes of a node.
sub _processes {
    my ($self, $name) = @_;
    my $instance = $self->{instance};
    my ($postmaster) = map { /^(\d+)/ } ($instance->read_lines("$self->{node}{$name}{dir}/data/"
        . 'postmaster.pid'))[0] // '';
    my @child = grep { _parent($_) == ($postmaster // 0) }
        map { m{/proc/(\d+)$} } glob '/proc/[0-9]*';
    return grep { defined } $instance->pid("patroni-$name"), $postmaster, @child;
}

sub _parent {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/stat" or return 0;
    my $stat = <$file> // '';
    $stat =~ s/^.*\)\s+//s;
    return (split ' ', $stat)[1] // 0;
}

# Ends the leader as a power cut would: nobody says good-bye. Returns its name.
sub kill_leader {
    my ($self) = @_;
    my $name = $self->leader // die "no leader\n";
    kill KILL => $self->_processes($name);
    $self->{instance}->stop_server("patroni-$name", signal => 'KILL');
    return $name;
}

# The leader's cable is pulled: its connections stand, and nobody answers. thaw() undoes it.
sub freeze_leader {
    my ($self) = @_;
    my $name = $self->leader // die "no leader\n";
    $self->{frozen} = [ $self->_processes($name) ];
    kill STOP => @{ $self->{frozen} };
    return $name;
}

sub thaw { my ($self) = @_; kill CONT => @{ delete $self->{frozen} // [] }; return }

# Brings a node that was killed back, and waits until it follows the leader.
sub revive {
    my ($self, $name) = @_;
    $self->_start_patroni($name);
    $self->wait_for_standby;
    return;
}

# --- as for one server -------------------------------------------------------------------

sub conninfo {
    my ($self, %option) = @_;
    my @port = map { $self->{node}{$_}{port} } $self->nodes;
    return sprintf 'host=%s port=%s dbname=%s user=%s password=%s target_session_attrs=read-write '
        . 'connect_timeout=3',
        join(',', ('127.0.0.1') x @port), join(',', @port), $option{dbname} // 'bounce',
        $option{user} // Bounce::Postgres::SUPERUSER, $self->{password};
}

# Lets an account of the database log in as all do here.
sub let_in {
    my ($self, $account) = @_;
    $self->sql("ALTER ROLE $account PASSWORD '$self->{password}';\n");
    return;
}

# --- the inside -------------------------------------------------------------------------

sub _start_etcd {
    my ($self) = @_;
    my $instance = $self->{instance};
    my ($client, $peer) = map { "http://127.0.0.1:$_" } @{ $self->{etcd} };
    my $dir = $instance->make_dir('etcd', user => $instance->server_user, mode => 0700);
    $instance->start(
        name    => 'etcd',
        user    => $instance->server_user,
        command => [
            'etcd', '--data-dir', "$dir/data", '--name', 'etcd', '--log-level', 'error',
            '--listen-client-urls', $client, '--advertise-client-urls', $client,
            '--listen-peer-urls', $peer, '--initial-advertise-peer-urls', $peer,
            '--initial-cluster', "etcd=$peer",
            # a busy machine is no lost network
            '--heartbeat-interval', 500, '--election-timeout', 5000
        ]);
    $instance->wait_for(60, sub { HTTP::Tiny->new(timeout => 1)->get("$client/health")->{success} })
        or die "etcd did not start\n" . $instance->log_tail;
    return;
}

sub _prepare {
    my ($self, $name) = @_;
    my $instance = $self->{instance};
    $instance->make_dir($name, user => $instance->server_user, mode => 0755);
    $instance->write_file("$name.json", JSON::PP->new->canonical->encode($self->_settings($name)));
    return;
}

sub _start_patroni {
    my ($self, $name) = @_;
    my $instance = $self->{instance};
    $instance->start(
        name    => "patroni-$name",
        user    => $instance->server_user,
        grace   => 60,                                             # it stops its PostgreSQL first
        command => [ 'patroni', $instance->path("$name.json") ]);
    return;
}

# What doc/high-availability.md has below "bootstrap:", which tests/ha/failover.t lives by.
sub documented {
    my ($self) = @_;
    my $page   = join '',
        $self->{instance}->read_lines(Bounce::Instance::tree() . '/doc/high-availability.md');
    my ($text) = $page =~ /^ {4}bootstrap:\n((?: {6,}\S.*\n)+)/m or die "no bootstrap\n";
    my %word   = (true => JSON::PP::true, false => JSON::PP::false);
    my @inside = ([ 0, {} ]);    # indentation, hash: from outside to inside
    for my $line (split /\n/, $text) {
        my ($indent, $name, $value) = $line =~ /^( +)(\w+):\s*(.*?)\s*(?:#.*)?$/ or die "$line\n";
        pop @inside while $inside[-1][0] >= length $indent;
        $inside[-1][1]{$name} = $value eq '' ? {} : $word{$value} // $value =~ s/^'(.*)'$/$1/r;
        push @inside, [ length $indent, $inside[-1][1]{$name} ] if $value eq '';
    }
    return $inside[0][1];
}

# Patroni's configuration; JSON is YAML.
sub _settings {
    my ($self, $name) = @_;
    my $node = $self->{node}{$name};
    my %account
        = map { ($_ => { username => $_, password => $self->{password} }) } qw(replicator rewinder);
    return {
        scope   => SCOPE,
        name    => $name,
        restapi => {
            listen          => "127.0.0.1:$node->{rest}",
            connect_address => "127.0.0.1:$node->{rest}"
        },
        etcd3     => { hosts => "127.0.0.1:$self->{etcd}[0]" },
        bootstrap => {
            dcs => {
                %{ $self->documented->{dcs} },
                ttl           => TTL,
                loop_wait     => LOOP_WAIT,
                retry_timeout => RETRY
            },
            initdb => [ { encoding => 'UTF8' }, { locale => 'C.UTF-8' }, 'data-checksums' ],
        },
        postgresql => {
            listen          => "127.0.0.1:$node->{port}",
            connect_address => "127.0.0.1:$node->{port}",
            data_dir        => "$node->{dir}/data",
            bin_dir         => $self->{bin},
            pgpass          => "$node->{dir}/pgpass",
            authentication  => {
                superuser => {
                    username => Bounce::Postgres::SUPERUSER,
                    password => $self->{password}
                },
                replication => $account{replicator},
                rewind      => $account{rewinder},
            },
            parameters => {
                unix_socket_directories => $node->{dir},
                shared_buffers          => '32MB',
                client_min_messages     => 'warning',
            },
            pg_hba => [
                'local all all scram-sha-256',
                'host all all 127.0.0.1/32 scram-sha-256',
                'host replication replicator 127.0.0.1/32 scram-sha-256',
            ],
        },
    };
}

1;
