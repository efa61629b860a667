# SPDX-License-Identifier: BSD-2-Clause
package Bounce::SubmissionServer;

=head1 NAME

Bounce::SubmissionServer - a provider: services of a Bounce::Postfix that want TLS and a login

=head1 SYNOPSIS

    my $submission = Bounce::SubmissionServer->new($stage->instance);
    $stage->{postfix} = $submission->postfix(restrictions => 'permit_sasl_authenticated reject');
    my $dovecot = Bounce::Dovecot->start($instance, settings => $submission->dovecot);
    $stage->start_servers;
    Bounce::Delivery->new($instance, $db, server => '127.0.0.1:1', $submission->keys)->start;

=head1 PROMISES

One service speaks smtps, the other one asks for STARTTLS. The passwords are those of a
Bounce::Dovecot, and so is the certificate.

=cut

use strict;
use warnings;
use Bounce::Dovecot;

sub new {
    my ($class, $instance) = @_;
    my $self = bless { instance => $instance }, $class;
    $self->{sasl} = $instance->make_dir('sasl', user => $instance->daemon_user);
    $self->{$_} = $instance->free_port for qw(smtps smtp);
    return $self;
}

sub port { my ($self, $protocol) = @_; return $self->{$protocol} }

# For Bounce::Dovecot: where Postfix asks.
sub dovecot {
    my ($self) = @_;
    return "service auth {\n  unix_listener $self->{sasl}/auth {\n    mode = 0666\n  }\n}\n";
}

# Options of Bounce::Postfix; restrictions => who may send.
sub postfix {
    my ($self, %option) = @_;
    my $instance = $self->{instance};
    my $common   = <<"END";
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path=$self->{sasl}/auth
  -o smtpd_tls_auth_only=yes
  -o smtpd_recipient_restrictions=\$submission_restrictions
  -o smtpd_milters=
END
    my %service
        = (smtps => 'smtpd_tls_wrappermode=yes', smtp => 'smtpd_tls_security_level=encrypt');
    return {
        main => {
            submission_restrictions => $option{restrictions} // 'permit_sasl_authenticated reject',
            smtpd_tls_cert_file     => $instance->path('dovecot/certificate.pem'),
            smtpd_tls_key_file      => $instance->path('dovecot/key.pem')
        },
        master => join '',
        map { "127.0.0.1:$self->{$_} inet n - n - 20 smtpd\n  -o $service{$_}\n$common" }
            sort keys %service
    };
}

# Writes the file; its path.
sub password {
    my ($self, $text) = @_;
    my $instance = $self->{instance};
    my $path     = $instance->write_file('operator.password', "$text\n");
    chown +(getpwnam $instance->daemon_user)[ 2, 3 ], $path if $instance->is_root;
    chmod 0600, $path;
    return $path;
}

# Of bounce-delivery.conf.
sub keys {
    my ($self) = @_;
    return (
        smtp_protocol      => 'smtps',
        smtp_host          => 'localhost',
        smtp_port          => $self->port('smtps'),
        smtp_user          => Bounce::Dovecot::USER,
        smtp_password_file => $self->password(Bounce::Dovecot::PASSWORD),
        smtp_tls_ca_file   => $self->{instance}->path('dovecot/certificate.pem'));
}

1;
