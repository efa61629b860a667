# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Fetch;

=head1 NAME

Bounce::Fetch - bounce-fetch under test

=head1 SYNOPSIS

    my $fetch = Bounce::Fetch->new($stage, server => '127.0.0.1:25', rules_dir => $few);
    $fetch->mailbox('bounces', protocol => 'imaps', port => $dovecot->port('imaps'), ...);
    my ($status, $output) = $fetch->once;
    $fetch->start; ... $fetch->stop;

=head1 PROMISES

It logs in to the database with the rights of bounce_milter and no more. What a test does not say
of a mailbox is right for Bounce::Dovecot.

=cut

use strict;
use warnings;
use Bounce::Daemon;
use Bounce::Dovecot;

# new($stage, KEY => VALUE ...): keys of bounce-fetch.conf.
sub new {
    my ($class, $stage, %key) = @_;
    my $instance = $stage->instance;
    my $self     = bless { instance => $instance, name => 'bounce-fetch' }, $class;
    $self->{dir} = $instance->make_dir('mailboxes');
    $self->{metrics}
        = $instance->make_dir('fetch', user => $instance->daemon_user) . '/metrics';
    $self->{key} = {
        conninfo  => $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT),
        user      => $instance->is_root ? $instance->daemon_user : '',
        mailboxes => $self->{dir},
        rules_dir => $instance->rules_dir,
        log       => 'stderr',
        hostname  => 'fetch.example.org',
        starttls  => 'off',
        metrics_file => $self->{metrics},
        %key,
    };
    return $self;
}

sub conf    { my ($self) = @_; return $self->{instance}->path('bounce-fetch.conf') }
sub metrics { my ($self) = @_; return $self->{metrics} }
sub program { return Bounce::Instance::build_dir() . '/bounce-fetch' }

sub command {
    my ($self, @option) = @_;
    $self->{instance}->write_file('bounce-fetch.conf',
        join '', map { "$_ = $self->{key}{$_}\n" } sort keys %{ $self->{key} });
    return ($self->program, '-c', $self->conf, @option);
}

# Changes keys of the configuration for the next start.
sub set { my ($self, %key) = @_; $self->{key} = { %{ $self->{key} }, %key }; return }

# Writes the file of a mailbox; password => is the password itself.
sub mailbox {
    my ($self, $name, %key) = @_;
    my $password = delete $key{password} // Bounce::Dovecot::PASSWORD;
    $self->password($name, $password);
    my %all = (
        protocol      => 'imaps',
        host          => 'localhost',
        username      => Bounce::Dovecot::USER,
        password_file => "$self->{dir}/$name.password",
        poll_interval => 1,
        reply_wait    => 30,
        transfer_wait => 20,
        %key
    );
    return $self->{instance}
        ->write_file("mailboxes/$name.conf", join '', map { "$_ = $all{$_}\n" } sort keys %all);
}

# The mailbox "test" that a Bounce::Dovecot keeps.
sub mailbox_of {
    my ($self, $dovecot, %key) = @_;
    my $protocol = $key{protocol} // 'imaps';
    return $self->mailbox(
        'test',
        protocol    => $protocol,
        port        => $dovecot->port($protocol),
        tls_ca_file => $dovecot->certificate,
        %key
    );
}

sub password {
    my ($self, $name, $password) = @_;
    return $self->{instance}->write_file("mailboxes/$name.password", "$password\n");
}

# Runs it once; (status, output).
sub once {
    my ($self, @option) = @_;
    return $self->{instance}
        ->run([ $self->command(@option ? @option : '--once') ], may_fail => 1);
}

sub start {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my $before   = $self->log_lines(qr/ ready, /);
    $instance->start(name => $self->{name}, command => [ $self->command ]);
    $instance->wait_for(60,
        sub { $self->log_lines(qr/ ready, /) > $before || !$instance->is_alive($self->{name}) });
    $self->log_lines(qr/ ready, /) > $before
        or die "bounce-fetch did not start\n" . $instance->log_tail;
    return $self;
}

# Ends it with SIGTERM. True when it ended by itself and no sanitizer spoke.
sub stop {
    my ($self) = @_;
    my $clean = $self->{instance}->stop_server($self->{name}, wait => 60);
    return $clean && !$self->log_lines(qr/runtime error:|ERROR: \w+Sanitizer/);
}

sub kill {
    my ($self) = @_;
    return $self->{instance}->stop_server($self->{name}, signal => 'KILL');
}

sub signal { my ($self, $name) = @_; return $self->{instance}->signal_server($self->{name}, $name) }

sub log_lines {
    my ($self, $pattern) = @_;
    return grep { $_ =~ $pattern }
        $self->{instance}->read_lines($self->{instance}->path("log/$self->{name}.log"));
}

1;
