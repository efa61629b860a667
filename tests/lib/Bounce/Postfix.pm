# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Postfix;

=head1 NAME

Bounce::Postfix - a private Postfix wired to bounce-milter as the README says

=head1 SYNOPSIS

    my $postfix = Bounce::Postfix->new(
        $instance, milter => 'unix:/path', remote_port => $sink->port);
    $postfix->start;
    print $postfix->port;
    my @mail = $postfix->mailbox('operator@example.org');

=head1 PROMISES

Its own configuration, queue and data directory; one loopback port. The machine's Postfix is not
touched and no mail leaves the machine: everything that is not for one of the two local domains goes
to the loopback port C<remote_port>.

Both ways of a bounce are there: smtpd_milters for what comes over SMTP, and the cleanup service
bounce-cleanup for the reports that bounce(8), defer(8) and trace(8) make. A mail that cannot be
delivered at once is tried again every two seconds and given up after C<lifetime> seconds.

example.org is the organisation, bounces.example.org its bounce domain. What the milter lets
pass lands in maildirs below C<mail/>.

=cut

use strict;
use warnings;
use File::Basename qw(basename);
use IO::Socket::INET;

use constant DOMAIN        => 'example.org';
use constant BOUNCE_DOMAIN => 'bounces.example.org';
use constant HOSTNAME      => 'mail.example.org';

# new($instance, milter => SOCKET, remote_port => PORT, lifetime => seconds, main => {extra =>
# value}, master => further lines of master.cf)
sub new {
    my ($class, $instance, %option) = @_;
    my $self = bless { instance => $instance, lifetime => 3, %option }, $class;
    -x '/usr/sbin/postfix' or die "no Postfix found; make setup installs it\n";
    $self->{port}    = $instance->free_port;
    $self->{conf}    = $instance->path('postfix/etc');
    $self->{program} = { map { ($_ => _default($_)) } qw(command_directory daemon_directory) };
    return $self;
}

sub _default {
    my ($name) = @_;
    open my $out, '-|', '/usr/sbin/postconf', '-dh', $name or die "postconf: $!\n";
    chomp(my $value = <$out> // '');
    close $out;
    return $value;
}

sub port { return $_[0]{port} }

sub start {
    my ($self) = @_;
    my $instance = $self->{instance};
    $instance->make_dir($_) for qw(postfix postfix/etc postfix/queue mail);
    $instance->make_dir('postfix/data', user => 'postfix') if $instance->is_root;
    $self->_make_log;
    $instance->write_file('postfix/etc/main.cf',   $self->_main_cf);
    $instance->write_file('postfix/etc/master.cf', $self->_master_cf);
    $instance->write_file('postfix/etc/mailboxes', $self->_mailboxes);
    $self->_give_to_root;
    return $self->_start_master;
}

# Made by postlogd, that of Postfix 3.9 or later could be read by root alone. postsuper writes to it
# as mail_owner, at a start after a crash that left half a file in incoming.
sub _make_log {
    my ($self) = @_;
    my $log = $self->{instance}->path('log/postfix.log');
    return if -e $log;
    $self->{instance}->write_file('log/postfix.log', '');
    chmod 0666, $log or die "chmod $log: $!\n";
    return;
}

# Postfix wants its configuration and its queue's root to belong to root.
sub _give_to_root {
    my ($self) = @_;
    my $instance = $self->{instance};
    $instance->run([
        $instance->as_root(
            'chown', '-R', 'root:root', map { $instance->path("postfix/$_") } 'etc', 'queue'
        ) ]);
    return if $instance->is_root;
    $instance->run(
        [ $instance->as_root(qw(install -d -o postfix -m 755), $instance->path('postfix/data')) ]);
    return;
}

sub _start_master {
    my ($self) = @_;
    my $instance = $self->{instance};
    my ($status, $output) = $self->_postfix('start');
    $status == 0 or die "Postfix did not start: $output\n" . $instance->log_tail;
    my $pid_file = $instance->path('postfix/queue/pid/master.pid');
    my $pid      = $instance->wait_for(
        60,
        sub {
            my (undef, $text)
                = $instance->run([ $instance->as_root('cat', $pid_file) ], may_fail => 1);
            return $text =~ /(\d+)/ && $1;
        }) or die "Postfix's master left no pid\n" . $instance->log_tail;
    $instance->record('postfix', $pid);
    $instance->wait_for(60, sub { $self->_answers })
        or die "Postfix does not answer at port $self->{port}\n" . $instance->log_tail;
    return $self;
}

sub _postfix {
    my ($self, $verb) = @_;
    my $instance = $self->{instance};
    return $instance->run(
        [
            $instance->as_root(
                "$self->{program}{command_directory}/postfix",
                '-c', $self->{conf}, $verb
            )
        ],
        may_fail => 1
    );
}

# Ends it; its queue stays. restart() starts it again, with main => {...} other than before.
# A child that master had just forked keeps the lock of master.pid, and the port, until it dies too:
# as long as they are held, "postfix start" says that the mail system is already running.
sub stop {
    my ($self) = @_;
    my $clean = $self->{instance}->stop_server('postfix', wait => 60);
    $self->{instance}->wait_for(60, sub { !$self->_is_locked && !$self->_answers })
        or die "Postfix's master is gone, and its lock or its port is still held\n";
    return $clean;
}

sub restart {
    my ($self, %change) = @_;
    if ($change{main}) {
        $self->{main} = $change{main};
        $self->_write_as_root('postfix/etc/main.cf', $self->_main_cf);
    }
    return $self->_start_master;
}

sub _is_locked { my ($self) = @_; my ($status) = $self->_postfix('status'); return $status == 0 }

sub _answers {
    my ($self) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
}

sub _write_as_root {
    my ($self, $name, $text) = @_;
    my $instance = $self->{instance};
    $instance->run([ $instance->as_root('tee', $instance->path($name)) ], input => $text);
    return;
}

# Tries everything in the queue now.
sub flush { my ($self) = @_; return $self->_postfix('flush') }

# What is still in the queue, as postqueue prints it; '' when nothing is.
sub queue {
    my ($self) = @_;
    my $instance = $self->{instance};
    my (undef, $text) = $instance->run(
        [
            $instance->as_root(
                "$self->{program}{command_directory}/postqueue",
                '-c', $self->{conf}, '-j'
            )
        ],
        may_fail => 1
    );
    return $text;
}

# The mails of a local mailbox as [name, bytes], oldest first; 'bounces' collects the bounce domain.
sub mailbox {
    my ($self, $name) = @_;
    my $dir = $self->{instance}->path("mail/$name/new");
    my @mail;
    for my $file (sort { (stat $a)[9] <=> (stat $b)[9] || $a cmp $b } glob "$dir/*") {
        open my $in, '<:raw', $file or next;
        push @mail, [
            basename($file),
            do { local $/; <$in> }
        ];
    }
    return @mail;
}

# The lines of Postfix's log that match.
sub log_lines {
    my ($self, $pattern) = @_;
    return
        grep { $_ =~ $pattern }
        $self->{instance}->read_lines($self->{instance}->path('log/postfix.log'));
}

sub _mailboxes {
    my ($self) = @_;
    return join '', 'operator@' . DOMAIN . " operator/\n",
        'postmaster@' . DOMAIN . " postmaster/\n",
        '@' . DOMAIN . " others/\n", '@' . BOUNCE_DOMAIN . " bounces/\n";
}

sub _main_cf {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my $etc      = $self->{conf};
    my (undef, undef, $uid, $gid) = getpwnam $instance->daemon_user;
    my %main = (
        compatibility_level      => '3.6',
        queue_directory          => $instance->path('postfix/queue'),
        data_directory           => $instance->path('postfix/data'),
        maillog_file             => $instance->path('log/postfix.log'),
        maillog_file_prefixes    => $instance->path('log'),
        command_directory        => $self->{program}{command_directory},
        daemon_directory         => $self->{program}{daemon_directory},
        inet_interfaces          => '127.0.0.1',
        inet_protocols           => 'ipv4',
        myhostname               => HOSTNAME,
        mydestination            => '',
        alias_maps               => '',
        alias_database           => '',
        mynetworks               => '127.0.0.0/8',
        smtpd_relay_restrictions => 'permit_mynetworks, reject',
        smtpd_peername_lookup    => 'no',
        smtp_dns_support_level   => 'disabled',
        smtp_host_lookup         => 'native',
        notify_classes           => '',
        queue_minfree            => 0,
        message_size_limit       => 104857600,
        mailbox_size_limit       => 0,
        virtual_mailbox_limit    => 0,

        # the two local domains; everything else is "remote"
        virtual_mailbox_domains => DOMAIN . ', ' . BOUNCE_DOMAIN,
        virtual_mailbox_maps    => "texthash:$etc/mailboxes",
        virtual_mailbox_base    => $instance->path('mail'),
        virtual_uid_maps        => "static:$uid",
        virtual_gid_maps        => "static:$gid",
        default_transport       => "smtp:[127.0.0.1]:$self->{remote_port}",

        # give up soon; a backoff of one second is none when the second ends, and what qmgr then
        # finds "still being delivered" it leaves for a minute
        queue_run_delay        => '1s',
        minimal_backoff_time   => '2s',
        maximal_backoff_time   => '2s',
        maximal_queue_lifetime => "$self->{lifetime}s",
        bounce_queue_lifetime  => "$self->{lifetime}s",

        # bounces that arrive over SMTP
        smtpd_milters => "{ $self->{milter}, default_action=tempfail, content_timeout=60s }",
        in_flow_delay => 0,

        # a second for each refusal
        smtpd_error_sleep_time => '0s',
        %{ $self->{main} // {} });
    return join '', map { "$_ = $main{$_}\n" } sort keys %main;
}

sub _master_cf {
    my ($self) = @_;
    my $to_milter = '-o internal_mail_filter_classes=bounce -o cleanup_service_name=bounce-cleanup';
    return <<"END";
127.0.0.1:$self->{port} inet n - n - 100 smtpd
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
rewrite   unix  - - n -     - trivial-rewrite
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
lmtp      unix  - - n -     - lmtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
virtual   unix  - n n -     - virtual
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
tlsmgr    unix  - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
bounce    unix  - - n -     0 bounce
  $to_milter
defer     unix  - - n -     0 bounce
  $to_milter
trace     unix  - - n -     0 bounce
  $to_milter
bounce-cleanup unix n - n - 0 cleanup
  -o non_smtpd_milters=$self->{milter}
  -o milter_default_action=tempfail
  -o milter_macro_daemon_name=bounce-internal
@{[ $self->{master} // '' ]}
END
}

1;
