# SPDX-License-Identifier: BSD-2-Clause
# Exim and Sendmail hand us reports by LMTP as the recipes in etc/ say, literally: one that the MTA
# makes itself and one that comes to it over SMTP are each recorded once, and while we are away, or
# cannot record, its queue holds them.
use Bounce::Daemon;
use Bounce::Fetch;
use Bounce::SmtpClient;
use Bounce::SmtpServer;
use Bounce::Test;
use Bounce::Unpacked;
use IO::Socket::INET;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
plan skip_all => 'root and mounts are needed' unless Bounce::Unpacked->is_possible($instance);
my $remote = Bounce::SmtpServer->new($instance)->start;
$remote->answer('@rcpt', '550 5.1.1 user unknown');

my $rules = $stage->one_rule;
my $fetch = Bounce::Fetch->new(
    $stage,
    rules_dir => $rules,
    server    => '127.0.0.1:' . $remote->port,
    lmtp      => 'unix:' . $instance->make_dir('lmtp') . '/socket',
    lmtp_mode => 660
);

sub recipe {
    my ($name) = @_;
    return join '', $instance->read_lines(Bounce::Instance::tree() . "/etc/$name");
}

# Exim as Debian configures it, with the answers of debconf below.
sub exim {
    my ($port)  = @_;
    my $mta     = Bounce::Unpacked->new($instance, "$ENV{MTA}/exim", accounts => 'Debian-exim');
    my $relay   = $remote->port;
    my %written = (
        '/etc/exim4/conf.d/router/150_bounce-milter'   => recipe('exim/router'),
        '/etc/exim4/conf.d/transport/30_bounce-milter' => recipe('exim/transport'),
        '/etc/exim4/conf.d/router/140_remote'          => <<"END",
# the rest of the world, which for Exim is this machine
remote:
  driver = manualroute
  domains = customer.example
  transport = remote_smtp
  route_list = * 127.0.0.1::$relay byname
  self = send
END
        '/etc/mailname'                                => "mx.example.org\n",
        '/etc/exim4/exim4.conf.localmacros'            => '',
        '/etc/exim4/update-exim4.conf.conf'            => <<"END",
dc_eximconfig_configtype='internet'
dc_other_hostnames='mx.example.org'
dc_local_interfaces='127.0.0.1.$port'
dc_readhost=''
dc_relay_domains='bounces.example.org'
dc_minimaldns='false'
dc_relay_nets=''
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='true'
dc_hide_mailname='false'
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
END
    );
    $mta->write($_, $written{$_}) for sort keys %written;
    $mta->run(qw(install -d -o Debian-exim), '/var/spool/exim4', '/var/log/exim4', '/run/exim4');
    $mta->run('update-exim4.conf');
    $mta->start(name => 'mta', command => [ '/usr/sbin/exim4', '-bdf' ]);
    return {
        port    => $port,
        mta     => $mta,
        queue   => sub { $mta->run(qw(/usr/sbin/exim4 -bp)) =~ /(<\S*>)/g },
        try     => sub { $mta->run(qw(/usr/sbin/exim4 -qff)) }
    };
}

# Sendmail as an administrator would write it, and the recipe behind it; a busy machine is no reason
# to refuse.
sub sendmail {
    my ($port) = @_;
    my $mta    = Bounce::Unpacked->new($instance, "$ENV{MTA}/sendmail", accounts => 'smmta smmsp');
    my $relay  = $remote->port;
    my $bin    = '/usr/libexec/sendmail';
    $mta->write('/etc/hosts', "127.0.0.1 localhost\n192.0.2.1 mx.example.org mx\n");
    $mta->write('/etc/mail/sendmail.mc', <<"END" . recipe('sendmail/bounce-fetch.mc'));
divert(-1)
include(`/usr/share/sendmail/cf/m4/cf.m4')
divert(0)dnl
OSTYPE(`debian')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confDOMAIN_NAME', `mx.example.org')dnl
define(`confTO_IDENT', `0')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP \$h $relay')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`mailertable')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port=$port')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
END
    my ($route) = recipe('sendmail/bounce-fetch.mc') =~ /^dnl   (bounces\S+\tbouncelmtp:\S+)$/m
        or die "the recipe has no line for the mailertable\n";
    $mta->write('/etc/mail/mailertable', "$route\n");
    $mta->write('/etc/mail/aliases',     '');
    $mta->run('sh', '-c', <<"END");
set -e
install -d -m 700 /var/spool/mqueue /run/sendmail /run/sendmail/mta
cd /etc/mail
m4 sendmail.mc >sendmail.cf
$bin/makemap hash mailertable <mailertable
$bin/sendmail -bi
END
    $mta->start(
        name    => 'mta',
        command => [ "$bin/sendmail", '-L', 'sm-mta', '-bD' ]);
    return {
        port    => $port,
        mta     => $mta,
        queue   => sub {
            my $files = $mta->run(qw(sh -c), 'cat /var/spool/mqueue/qf* || :');
            return map {s/^MAILER-DAEMON$/<>/r} $files =~ /^S(.*)/mg;    # who makes reports
        },
        try     => sub { $mta->run("$bin/sendmail", '-q') }
    };
}

sub recorded { return $stage->count('bounce.bounce_message') }

sub letter { return $stage->register(process => 'invoice', to => ["$_[0]\@customer.example"]) }
sub path_of { my ($letter) = @_; return $letter->{return_path}{ $letter->{to}[0] } }

# Sends through the MTA.
sub sends {
    my ($mta, $from, $to, $mail) = @_;
    return code_of(Bounce::SmtpClient->new(port => $mta->{port})
            ->send(from => $from, to => [$to], mail => $mail));
}

# The MTA delivers that letter to nobody, and reports.
sub own_report {
    my ($mta, $name) = @_;
    my $letter = letter($name);
    is sends($mta, path_of($letter), $letter->{to}[0], "Subject: a\n\nb\n"), 250, 'a letter goes';
    return $letter;
}

sub foreign_report {
    my ($mta, $name) = @_;
    my $letter = letter($name);
    is sends($mta, '', path_of($letter), $stage->report('postfix-user-unknown', $letter)), 250,
        'a report comes';
    return $letter;
}

# It is recorded, once, and the MTA keeps nothing.
sub is_recorded {
    my ($mta, $letter, $what) = @_;
    is_soon(
        sub {
            join ', ', map {"$_->{class} $_->{reason} $_->{trust}"} $stage->bounces($letter);
        },
        'hard user_unknown token',
        $what
    );
    return is_soon(sub { join ' ', $mta->{queue}->() }, '', 'and the queue is empty');
}

# While the queue is tried, it stays in there, alone: the letter that it is about has gone.
sub is_kept {
    my ($mta, $letter, $why) = @_;
    my $senders = sub { join ' ', $mta->{queue}->() };
    is_soon($senders, '<>', "$why: the queue holds it");
    $mta->{try}->();
    is $senders->(), '<>', 'also when it is tried again';
    return is scalar(() = $stage->bounces($letter)), 0, 'nothing is recorded';
}

my %begun = (Exim => \&exim, Sendmail => \&sendmail);
for my $name (sort keys %begun) {
    subtest $name => sub {
        my $port = $instance->free_port;
        my $mta  = $begun{$name}->($port);
        $stage->wait_for(60, sub { IO::Socket::INET->new("127.0.0.1:$port") })
            or die "$name does not answer\n" . $instance->log_tail;
        $fetch->start;
        my $before = recorded();
        is_recorded($mta, own_report($mta, "$name-own"), 'a report that it makes itself');
        is_recorded($mta, foreign_report($mta, "$name-foreign"), 'one that comes over SMTP');

        $stage->db->sql('ALTER ROLE ' . Bounce::Daemon::ACCOUNT . " NOLOGIN;\n");
        $stage->db->sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
                . "WHERE usename = '@{[ Bounce::Daemon::ACCOUNT ]}';\n");
        my $letter = foreign_report($mta, "$name-fault");
        is_kept($mta, $letter, 'the database is away');
        $stage->db->sql('ALTER ROLE ' . Bounce::Daemon::ACCOUNT . " LOGIN;\n");
        $mta->{try}->();
        is_recorded($mta, $letter, 'it comes back');

        $fetch->stop;
        $letter = own_report($mta, "$name-away");
        is_kept($mta, $letter, 'we are away');
        $fetch->start;
        $mta->{try}->();
        is_recorded($mta, $letter, 'we come back');
        is recorded(), $before + 4, 'each is recorded once';
        $fetch->stop;
        $instance->stop_server($_) for qw(mta unpacked);
        unlink $instance->path('unpacked.ready');
    };
}
finish();
