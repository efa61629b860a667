# SPDX-License-Identifier: BSD-2-Clause
# What the daemons tell the service manager: ready when they serve, reloading, signs of life,
# stopping. SIGHUP reloads and never ends them.
use Bounce::Test;
use Bounce::Delivery;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $daemon   = $stage->daemon;
my $path     = $instance->path('notify');
my $manager  = IO::Socket::UNIX->new(Local => $path, Type => SOCK_DGRAM) or die "$path: $!\n";
chmod 0777, $path or die "$path: $!\n";
$manager->blocking(0);
my @said;

# What was said since it was forgotten; true when one message fits.
sub is_said {
    my ($pattern) = @_;
    while (defined $manager->recv(my $message, 4096)) {
        push @said, $message;
    }
    return scalar grep { $_ =~ $pattern } @said;
}

sub hears {
    my ($pattern, $what) = @_;
    ok $instance->wait_for(60, sub { is_said($pattern) }), $what or diag explain \@said;
    return;
}

sub life_of {
    my ($name, $has_started, $signal, $is_alive) = @_;
    @said = ();
    $has_started->();
    hears(qr/^READY=1$/m, 'it says that it serves');
    hears(qr/^WATCHDOG=1/, 'and gives signs of life');
    @said = ();
    $signal->('HUP');
    hears(qr/^RELOADING=1\nMONOTONIC_USEC=\d+/, 'SIGHUP: it says that it reloads');
    hears(qr/^READY=1$/m,                       'and that it serves again');
    for (1 .. 100) { $signal->('HUP') }
    @said = ();
    hears(qr/^WATCHDOG=1/, '100 of them do not end it');
    ok $is_alive->(), 'it runs';
    @said = ();
    $signal->('TERM');
    hears(qr/^STOPPING=1/, 'SIGTERM ends it, and it says so');
    return;
}

local $ENV{NOTIFY_SOCKET} = $path;
local $ENV{WATCHDOG_USEC} = 1_500_000;
subtest 'bounce-milter' => sub {
    life_of(
        'bounce-milter',
        sub { $daemon->start },
        sub { $daemon->signal(@_) },
        sub { $daemon->is_listening });
    ok $daemon->stop, 'well';
};

subtest 'bounce-delivery' => sub {
    my $delivery = Bounce::Delivery->new($instance, $stage->db, server => 'localhost:9');
    life_of(
        'bounce-delivery',
        sub { $delivery->start },
        sub { $instance->signal_server('bounce-delivery', @_) },
        sub { $instance->is_alive('bounce-delivery') });
    ok $delivery->stop, 'well';
};

subtest 'while the database is away' => sub {
    $stage->db->stop;
    @said = ();
    $daemon->launch;
    hears(qr/^READY=1\nSTATUS=waiting for the database/, 'the start is over, the status says why');
    # in the same message where there are no parameters of an earlier run
    hears(qr/^STATUS=waiting for the database: database: .*failed/m, 'and what is wrong');
    $daemon->stop;
};

done_testing();
