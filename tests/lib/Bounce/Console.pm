# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Console;

=head1 NAME

Bounce::Console - bounce-console under test, and a browser without JavaScript

=head1 SYNOPSIS

    my $console = Bounce::Console->new($stage)->start;
    $console->person(eva => 'bounce_clerk');          # an account with a password
    my $eva = $console->visitor->log_in('eva');
    my $page = $eva->get('/tasks');                   # {status, content, headers}
    $page = $eva->post('/tasks/note', id => 7, note => 'x');   # with the token of her last page

=head1 PROMISES

A visitor keeps cookies as a browser does, and follows no redirect by itself; from => ADDRESS is
another one of the loopback's.

=cut

use strict;
use warnings;
use HTTP::Tiny;
use IO::Socket::INET;
use IO::Socket::UNIX;

use constant ACCOUNT => 'bounceconsole';

# new($stage, KEY => VALUE ...): keys of bounce-console.conf.
sub new {
    my ($class, $stage, %key) = @_;
    my $instance = $stage->instance;
    my $port     = $instance->free_port;
    my $self     = bless {
        instance => $instance,
        db       => $stage->db,
        name     => 'bounce-console',
        port     => $port,
        key      => {
            conninfo  => $stage->db->conninfo(user => 'bounce_daemon'),
            user      => $instance->is_root ? $instance->daemon_user : '',
            listen    => "inet:$port\@127.0.0.1",
            rules_dir => $instance->rules_dir,
            log       => 'stderr',
            %key,
        },
    }, $class;
    $self->{db}->sql('GRANT bounce_console TO bounce_daemon');
    return $self;
}

sub port    { return $_[0]{port} }
sub base    { return "http://127.0.0.1:$_[0]{port}" }
sub conf    { return $_[0]{instance}->path('bounce-console.conf') }
sub program { return Bounce::Instance::build_dir() . '/bounce-console' }

sub command {
    my ($self, @option) = @_;
    $self->{instance}->write_file('bounce-console.conf',
        join '', map { "$_ = $self->{key}{$_}\n" } sort keys %{ $self->{key} });
    return ($self->program, '-c', $self->conf, @option);
}

sub start {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my $before   = $self->log_lines(qr/ HTTP on /);
    $instance->start(name => $self->{name}, command => [ $self->command ]);
    $instance->wait_for(60,
        sub { $self->log_lines(qr/ HTTP on /) > $before || !$instance->is_alive($self->{name}) });
    $self->log_lines(qr/ HTTP on /) > $before
        or die "bounce-console did not start\n" . $instance->log_tail;
    return $self;
}

sub stop {
    my ($self) = @_;
    my $clean = $self->{instance}->stop_server($self->{name}, wait => 60);
    return $clean && !$self->log_lines(qr/runtime error:|ERROR: \w+Sanitizer/);
}

sub check {
    my ($self) = @_;
    return $self->{instance}->run([ $self->command('--check') ], may_fail => 1);
}

sub log_lines {
    my ($self, $pattern) = @_;
    return scalar grep { $_ =~ $pattern }
        $self->{instance}->read_lines($self->{instance}->path("log/$self->{name}.log"));
}

# Kilobytes, at most so far.
sub memory_peak {
    my ($self) = @_;
    my $pid = $self->{instance}->pid($self->{name});
    my ($peak) = map { /^VmHWM:\s+(\d+)/ ? $1 : () }
        $self->{instance}->read_lines("/proc/$pid/status");
    return $peak;
}

# An account with that role, whose password is its name and "-secret".
sub person {
    my ($self, $name, $role) = @_;
    $self->{people}{$name} = 1;
    my $db = $self->{db};
    $db->sql("SET password_encryption = 'scram-sha-256';\n"
            . "CREATE ROLE \"$name\" LOGIN PASSWORD '$name-secret';\n"
            . ($role ? "GRANT $role TO \"$name\";\n" : ''));
    $db->let_in_by_password(sort keys %{ $self->{people} });
    return $self;
}

sub visitor {
    my ($self, %option) = @_;
    return Bounce::Console::Visitor->new($self, %option);
}

# What the server says to these bytes, until it closes or says nothing for so long; path is that of
# a unix socket.
sub raw {
    my ($self, $bytes, $wait, $path) = @_;
    my $socket
        = $path
        ? IO::Socket::UNIX->new(Peer => $path)
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->port, Timeout => 10);
    $socket or die "connect: $!\n";
    local $SIG{PIPE} = 'IGNORE';
    $socket->syswrite($bytes);
    return Bounce::Console::read_all($socket, $wait // 10);
}

sub read_all {
    my ($socket, $wait) = @_;
    my $answer = '';
    my $ready  = '';
    vec($ready, $socket->fileno, 1) = 1;
    while (select(my $now = $ready, undef, undef, $wait)) {
        last if !$socket->sysread($answer, 65_536, length $answer);
    }
    return $answer;
}

package Bounce::Console::Visitor;

use strict;
use warnings;

sub new {
    my ($class, $console, %option) = @_;
    return bless {
        console => $console,
        cookie  => {},
        token   => '',
        header  => { 'accept-language' => $option{language} // 'en' },
        http    => HTTP::Tiny->new(
            max_redirect  => 0,
            timeout       => 120,
            local_address => $option{from} // '127.0.0.1'
        ),
    }, $class;
}

sub log_in {
    my ($self, $name, $password) = @_;
    $self->get('/login');
    my $page = $self->post('/login', name => $name, password => $password // "$name-secret");
    $self->{page} = $page;
    $self->get('/') if $page->{status} == 303;
    return $self;
}

sub page { return $_[0]{page} }

sub get {
    my ($self, $path, %header) = @_;
    return $self->request('GET', $path, undef, %header);
}

# post([{header => value},] path, fields in order); a form_token among them replaces that of the
# last page.
sub post {
    my ($self, @field) = @_;
    my %header = ref $field[0] ? %{ shift @field } : ();
    my $path   = shift @field;
    unshift @field, form_token => $self->{token} unless grep { $_ eq 'form_token' } @field;
    my @pair;
    while (my ($name, $value) = splice @field, 0, 2) {
        push @pair, "$name=" . $value =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger;
    }
    return $self->request('POST', $path, join('&', @pair), %header);
}

sub request {
    my ($self, $method, $path, $content, %header) = @_;
    my %option = (headers => { %{ $self->{header} }, %header });
    my %cookie = %{ $self->{cookie} };
    $option{headers}{cookie} = join '; ', map { "$_=$cookie{$_}" } sort keys %cookie if %cookie;
    if (defined $content) {
        $option{content} = $content;
        $option{headers}{'content-type'} //= 'application/x-www-form-urlencoded';
    }
    my $page = $self->{http}->request($method, $self->{console}->base . $path, \%option);
    my $set  = $page->{headers}{'set-cookie'} // [];
    for my $field (ref $set ? @$set : $set) {
        my ($name, $value) = $field =~ /^([^=]+)=([^;]*)/;
        if ($value eq '') { delete $self->{cookie}{$name} }
        else              { $self->{cookie}{$name} = $value }
    }
    $self->{token} = $1 if ($page->{content} // '') =~ /name="form_token" value="(\w+)"/;
    return $self->{page} = $page;
}

1;
