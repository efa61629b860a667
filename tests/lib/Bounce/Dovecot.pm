# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Dovecot;

=head1 NAME

Bounce::Dovecot - a private Dovecot: one mailbox by IMAPS, IMAP with STARTTLS, and POP3S

=head1 SYNOPSIS

    plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;
    my $dovecot = Bounce::Dovecot->start($stage->instance);
    $dovecot->put($mail);
    my @mails = $dovecot->mails;          # what is in INBOX; mails('Recorded') in another folder

=head1 PROMISES

Runs as C<daemon_user> without root's help. The certificate is made for it, is good for
C<localhost>, and is its own authority: C<certificate> is the file to trust.

=cut

use strict;
use warnings;
use File::Glob qw(bsd_glob);
use IO::Socket::INET;
use POSIX qw(strftime);

use constant { USER => 'bounces@example.org', PASSWORD => 'right', PROGRAM => '/usr/sbin/dovecot' };

# "2.3" or "2.4", whose configurations are written in different languages; '' for another one.
sub version {
    my ($version) = -x PROGRAM ? qx(${\PROGRAM} --version) =~ /^(2\.[34])\./ : ();
    return $version // '';
}
sub is_known { return version() ne '' }

# start($instance, settings => TEXT, days => N): more of the configuration, in the language of the
# version; how long the certificate lasts.
sub start {
    my ($class, $instance, %option) = @_;
    my $user = $instance->daemon_user;
    my $self = bless {
        instance => $instance,
        dir      => $instance->make_dir('dovecot'),
        option   => \%option,
        imap     => $instance->free_port,
        imaps    => $instance->free_port,
        pop3s    => $instance->free_port
    }, $class;
    $instance->make_dir("dovecot/$_") for qw(base state mail mail/new mail/cur mail/tmp);
    $self->make_certificate($option{days} // 2);
    $instance->write_file('dovecot/users', USER . ':{PLAIN}' . PASSWORD . "\n");
    $instance->write_file('dovecot.conf',  $self->_configuration($user));
    $self->{user} = $user;
    return $self->launch;
}

# Starts it, and waits until it answers.
sub launch {
    my ($self) = @_;
    my $instance = $self->{instance};
    $instance->start(
        name    => 'dovecot',
        command => [ PROGRAM, '-F', '-c', $instance->path('dovecot.conf') ],
        user    => $self->{user});
    $instance->wait_for(60,
        sub { !grep { !_answers($self->{$_}) } qw(imap imaps pop3s) })
        or die "Dovecot does not answer\n" . $instance->log_tail;
    return $self;
}

sub stop { my ($self) = @_; return $self->{instance}->stop_server('dovecot') }

sub port        { my ($self, $protocol) = @_; return $self->{$protocol} }
sub certificate { return "$_[0]{dir}/certificate.pem" }

# Delivers a mail as an MTA does to a maildir, into INBOX or another folder.
sub put {
    my ($self, $mail, $folder) = @_;
    my $name = join '.', time, $$, ++$self->{count}, 'localhost';
    my $path = $self->{instance}->write_file("dovecot/mail/tmp/$name", $mail);
    chmod 0666, $path;
    rename $path, $self->folder($folder) . "/new/$name" or die "cannot deliver $name: $!\n";
    return;
}

sub folder {
    my ($self, $folder) = @_;
    return ($folder // 'INBOX') eq 'INBOX' ? "$self->{dir}/mail" : "$self->{dir}/mail/.$folder";
}

sub make_folder {
    my ($self, $folder) = @_;
    $self->{instance}->make_dir("dovecot/mail/.$folder$_") for '', qw(/new /cur /tmp);
    return;
}

sub mails {
    my ($self, $folder) = @_;
    my $dir = $self->folder($folder);
    return map { bsd_glob("\Q$dir\E/$_/*") } qw(new cur);
}

sub _answers {
    my ($port) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1);
}

# For so many days; one for -1 has expired, which "openssl x509" does not always make. A Dovecot
# that runs goes on with the old one.
sub make_certificate {
    my ($self, $days) = @_;
    my ($instance, $dir) = @$self{qw(instance dir)};
    my ($from, $until) = map { strftime('%Y%m%d%H%M%SZ', gmtime time + $_ * 86_400) } -3, $days;
    $instance->run([
            qw(openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1),
            qw(-nodes -subj /CN=localhost),
            qw(-addext subjectAltName=DNS:localhost -addext basicConstraints=CA:TRUE),
            '-keyout', "$dir/key.pem", '-out', "$dir/request.pem"
        ]);
    $instance->write_file("dovecot/$_->[0]", $_->[1])
        for [ 'signed', '' ], [ 'ca.conf', <<"END" ];
[ca]
default_ca = own
[own]
database = $dir/signed
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
unique_subject = no
copy_extensions = copy
policy = any
[any]
commonName = supplied
END
    $instance->run([
            qw(openssl ca -batch -notext -rand_serial -selfsign -config), "$dir/ca.conf",
            '-keyfile', "$dir/key.pem", '-in', "$dir/request.pem", '-out', $self->certificate,
            '-startdate', $from, '-enddate', $until
        ]);
    chmod 0644, "$dir/key.pem";
    return;
}

# What the versions say differently.
sub _words_2_3 {
    my ($dir, $user, $group) = @_;
    return <<"END";
ssl_cert = <$dir/certificate.pem
ssl_key = <$dir/key.pem
passdb {
  driver = passwd-file
  args = $dir/users
}
userdb {
  driver = static
  args = uid=$user gid=$group home=$dir/mail mail=maildir:$dir/mail
}
END
}

sub _words_2_4 {
    my ($dir, $user, $group) = @_;
    return <<"END";
ssl_server_cert_file = $dir/certificate.pem
ssl_server_key_file = $dir/key.pem
mail_driver = maildir
mail_path = $dir/mail
passdb passwd-file {
  passwd_file_path = $dir/users
}
userdb static {
  fields {
    uid = $user
    gid = $group
    home = $dir/mail
  }
}
END
}

sub _configuration {
    my ($self, $user) = @_;
    my $group   = getgrgid((getpwnam $user)[3]);
    my $dir     = $self->{dir};
    my $version = version();
    my $words   = $version eq '2.3' ? \&_words_2_3 : \&_words_2_4;
    my $head    = $version eq '2.3' ? '' : <<"END";
dovecot_config_version = $version.0
dovecot_storage_version = $version.0
END
    return $head . <<"END" . $words->($dir, $user, $group) . ($self->{option}{settings} // '');
base_dir = $dir/base
state_dir = $dir/state
log_path = /dev/stderr
protocols = imap pop3
listen = 127.0.0.1
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
ssl = required
mail_fsync = never
auth_failure_delay = 0 secs
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $self->{imap}
  }
  inet_listener imaps {
    port = $self->{imaps}
    ssl = yes
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = 0
  }
  inet_listener pop3s {
    port = $self->{pop3s}
    ssl = yes
  }
}
END
}

1;
