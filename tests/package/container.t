# SPDX-License-Identifier: BSD-2-Clause
# The Containerfile, built and run by podman: without root, with its database's password from a
# secret and from a file, it records a bounce of Postfix, says how it is, and stops when it is told.
# Needs root, podman and a mirror of Debian; the base image is made by debootstrap.
use Bounce::Postfix;
use Bounce::Process;
use Bounce::SmtpClient;
use Bounce::SmtpServer;
use Bounce::Test;
use File::Path qw(make_path);
use IO::Socket::UNIX;
use JSON::PP qw(decode_json);

use constant { BASE => 'docker.io/library/debian:trixie-slim', IMAGE => 'bounce-milter-test' };
use constant PASSWORD => 'not for anybody';
$> == 0 or plan(skip_all => 'needs root');
my $tree  = Bounce::Instance::tree();
my $bases = $ENV{DEBIAN_BASES} // "$tree/build/debian";
make_path($bases);

# A store of its own: the machine's images are not touched. Where the kernel has cgroups of both
# versions, crun is shown those of the second only.
my $CGROUPS = <<'END';
if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
    umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
fi
exec podman "$@"
END
my @podman = (
    qw(unshare --mount sh -c),
    $CGROUPS, 'sh', '--root', "$bases/podman", '--runroot', "$bases/podman-run",
    qw(--storage-driver vfs --cgroup-manager cgroupfs)
);

sub podman {
    my (@argument) = @_;
    my ($status, $said) = Bounce::Process::run([ @podman, @argument ], may_fail => 1);
    # without systemd, podman says that it will not ask for the health by itself
    return ($status, $said =~ s/^time="[^\n]*\n//grm =~ s/\s+\z//r);
}

sub succeeds {
    my ($what,   @argument) = @_;
    my ($status, $said)     = podman(@argument);
    is($status, 0, $what) or BAIL_OUT(substr $said, -4000);
    return $said;
}

sub make_base {
    Bounce::Process::run([
        'debootstrap', '--variant=minbase', 'trixie', "$bases/slim",
        $ENV{DEBIAN_MIRROR} // 'http://deb.debian.org/debian'
    ])
        if !-e "$bases/slim.tar";
    Bounce::Process::run([ 'tar', '-C', "$bases/slim", '-cf', "$bases/slim.tar", '.' ]);
    return succeeds('a bare Debian', 'import', "$bases/slim.tar", BASE);
}

my ($is_missing) = podman('image', 'exists', BASE);
make_base() if $is_missing;
succeeds(
    'the image is built',
    qw(build --pull=never --isolation chroot --network host --format docker),
    '-t', IMAGE, $tree
);
my $image = decode_json(succeeds('it is described', 'inspect', IMAGE))->[0];
is $image->{User}, 'bouncemilter', 'it runs as its account';

my @run = (
    'run',
    qw(--cgroups=disabled --network host),
    map { ('--ulimit', $_) } qw(nofile=1024:1024 nproc=1000:1000)
);
my $uid = succeeds('a container runs', @run, '--rm', IMAGE, 'id', '-u');
cmp_ok $uid, '>', 0, 'without root';

my $stage = stage(servers => 0);
my ($db, $daemon, $instance) = ($stage->db, $stage->daemon, $stage->instance);
$db->sql("CREATE ROLE container LOGIN PASSWORD '@{[PASSWORD]}' IN ROLE bounce_milter;\n");
$db->let_in_by_password('container');
$daemon->set(
    user         => '',
    rules_dir    => '/usr/share/bounce-milter/rules',
    state_file   => '/var/lib/bounce-milter/parameters',
    metrics_file => '/run/bounce-milter/metrics',
    pid_file     => ''
);
$daemon->prepare;
my $place  = $instance->path('milter');
my $socket = "$place/socket";
chown $uid, -1, $place or die "$place: $!\n";
$instance->write_file("secret-$_", $_ eq 'env' ? PASSWORD : "*:*:*:container:@{[PASSWORD]}\n")
    for qw(env file);

for my $secret (qw(env file)) {
    podman('secret', 'rm', "bounce-$secret");
    succeeds("a secret: $secret",
        'secret', 'create', "bounce-$secret", $instance->path("secret-$secret"));
}
my $conf = $instance->path('conf');
make_path($conf);

# One that listens; its name.
sub run_milter {
    my ($conninfo, @option) = @_;
    my $name = "milter-$$";
    $daemon->write_conf(conninfo => $db->conninfo(user => 'container') . $conninfo);
    Bounce::Process::run([ 'cp', $daemon->conf, "$conf/bounce-milter.conf" ]);
    my $sockets = $db->{socket_dir};
    succeeds(
        'a milter starts',
        @run,
        '--detach',
        '--name', $name,
        (
            map { ('--volume', $_) } "$conf:/etc/bounce-milter:ro", "$place:$place",
            "$sockets:$sockets"
        ),
        @option, IMAGE
    );
    ok $stage->wait_for(60, sub { IO::Socket::UNIX->new(Peer => $socket) }), 'and listens'
        or diag((podman('logs', $name))[1]);
    return $name;
}

sub stops {
    my ($name) = @_;
    my $before = time;
    succeeds('it is told to stop', 'stop', '--time', 30, $name);
    cmp_ok time - $before, '<', 25, 'and does, by itself';
    is decode_json(succeeds('it is described', 'inspect', $name))->[0]{State}{ExitCode}, 0,
        'with status 0';
    return succeeds('and goes', 'rm', $name);
}

my $milter = run_milter('', '--secret', 'bounce-env,type=env,target=PGPASSWORD');
$stage->{remote} = Bounce::SmtpServer->new($instance)->start;
$stage->{mta}    = Bounce::Postfix->new(
    $instance,
    milter      => $daemon->milter_socket,
    remote_port => $stage->remote->port
)->start;
$stage->{smtp} = Bounce::SmtpClient->new(port => $stage->mta->port);
my $letter = $stage->register(process => 'receipt', to => ['a@customer.example']);
is code_of($stage->bounce('postfix-user-unknown', $letter)), 250,       'it takes a bounce';
is $stage->recipient($letter)->{state},                      'bounced', 'which is recorded';
ok $stage->wait_for(60, sub { (podman('healthcheck', 'run', $milter))[0] == 0 }), 'it is healthy';
succeeds('its figures are gone, and cannot be written',
    'exec', $milter, 'sh', '-c', 'rm /run/bounce-milter/metrics; chmod 500 /run/bounce-milter');
isnt((podman('healthcheck', 'run', $milter))[0], 0, 'which is unhealthy');
stops($milter);

$milter = run_milter(' passfile=/run/secrets/pgpass',
    '--secret', "bounce-file,target=pgpass,uid=$uid,mode=0400");
$letter = $stage->register(process => 'receipt', to => ['b@customer.example']);
is code_of($stage->bounce('postfix-user-unknown', $letter)), 250,       'with a file, too';
is $stage->recipient($letter)->{state},                      'bounced', 'it is recorded';
like succeeds('bouncectl', 'exec', $milter, 'bouncectl', 'metrics'), qr/^bounce_database_up 1$/m,
    'is at hand';
stops($milter);
podman('secret', 'rm', "bounce-$_") for qw(env file);
finish();
