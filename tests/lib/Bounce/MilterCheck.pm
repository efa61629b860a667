# SPDX-License-Identifier: BSD-2-Clause
package Bounce::MilterCheck;

=head1 NAME

Bounce::MilterCheck - bounce-milter --check at a Postfix's configuration that a test breaks

=head1 SYNOPSIS

    my $wiring = Bounce::MilterCheck->new(stage(servers => 0));
    my ($status, $output) = $wiring->check(main => { smtpd_milters => '' });

=head1 PROMISES

The configuration is that of Debian with the examples of etc/postfix, and nothing in it is a fault.
No Postfix runs, and the machine's own configuration is not read.

=cut

use strict;
use warnings;
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postfix;
use Exporter qw(import);

our @EXPORT_OK = qw(with_option);

use constant STOCK  => '/usr/share/postfix/master.cf.dist';
use constant DOMAIN => Bounce::Postfix::BOUNCE_DOMAIN;
use constant OURS   => '{ unix:bounce-milter/socket, default_action=tempfail }';

sub new {
    my ($class, $stage) = @_;
    my $instance = $stage->instance;
    my $self     = bless { instance => $instance, daemon => $stage->daemon }, $class;
    $self->{queue}  = $instance->make_dir('queue');
    $self->{socket} = "$self->{queue}/bounce-milter/socket";
    $self->make_socket_dir;
    $instance->make_dir('etc');
    $self->{daemon}->prepare;
    $self->{rules} = $instance->make_dir('few-rules');    # all of them take a second to read
    $instance->write_file('few-rules/one.rules', <<'END');
[no-such-mailbox]
reason  = user_unknown
match   = no such mailbox
example = No such mailbox here
END

    # Debian's file with our changes, as the example says: lines replaced, and one service added
    my $example = join '',
        $instance->read_lines(Bounce::Instance::tree() . '/etc/postfix/master.cf.example');
    $self->{stock} = join '', $instance->read_lines(STOCK);
    ($self->{master} = $self->{stock}) =~ s/^(?:bounce|defer|trace) .*\n//mg;
    $self->{master} .= $example;
    $self->{main} = {
        compatibility_level     => '3.6',
        queue_directory         => $self->{queue},
        myhostname              => Bounce::Postfix::HOSTNAME,
        virtual_mailbox_domains => DOMAIN,
        virtual_mailbox_maps    => 'inline:{ { @' . DOMAIN . ' = bounces/ } }',
        virtual_mailbox_base    => $instance->make_dir('mail'),
        virtual_uid_maps        => 'static:5000',
        virtual_gid_maps        => 'static:5000',
        smtpd_milters           =>
            '{ unix:bounce-milter/socket, default_action=tempfail, content_timeout=60s }',
        in_flow_delay => 0,
    };
    return $self;
}

sub make_socket_dir {
    my ($self) = @_;
    return $self->{instance}->make_dir('queue/bounce-milter', group => 'postfix', mode => 02750);
}

sub queue  { return $_[0]{queue} }
sub socket { return $_[0]{socket} }

# Postfix reads a file again until it was not touched for a second, in case it is being written.
sub _write {
    my ($self, @what) = @_;
    my $file = $self->{instance}->write_file(@what);
    utime time - 10, time - 10, $file;
    return;
}

# Writes a configuration and lets it be checked: (exit status, output). main: keys of main.cf.
# master: a sub that changes $_. stock: master.cf without our example. conf: keys of
# bounce-milter.conf. end: more of main.cf. before: a sub whose result lives while it is checked.
sub check {
    my ($self, %case) = @_;
    my $instance = $self->{instance};
    my %main     = (%{ $self->{main} }, %{ $case{main} // {} });
    local $_ = $case{stock} ? $self->{stock} : $self->{master};
    $case{master}->() if $case{master};
    my $text = join '', map { "$_ = $main{$_}\n" } sort keys %main;
    $self->_write('etc/main.cf',   $text . ($case{end} // ''));
    $self->_write('etc/master.cf', $_);
    my $file = $self->{daemon}->write_conf(
        socket      => "unix:$self->{socket}",
        socket_mode => '660',
        rules_dir   => $self->{rules},
        %{ $case{conf} // {} });
    my $held = $case{before} && $case{before}->($file);
    local $ENV{MAIL_CONFIG} = $instance->path('etc');
    my @result
        = $instance->run([ $self->{daemon}->program('bounce-milter'), '-c', $file, '--check' ],
        may_fail => 1);
    $case{after}->() if $case{after};
    return @result;
}

# For master: gives a service one more -o.
sub with_option {
    my ($service, $option) = @_;
    return sub { s/^($service .*\n)/$1  -o $option\n/m or die "no $service\n" };
}

1;
