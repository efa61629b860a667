# SPDX-License-Identifier: BSD-2-Clause
# Life of the daemon: background, pid file, privileges, a second one, the end.
use Bounce::Test;
use Fcntl qw(:flock);

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $daemon   = $stage->daemon;
my @command  = ($daemon->program('bounce-milter'), '-c', $daemon->conf);
my $pid_file = $instance->path('milter/pid');
$daemon->prepare;

sub pid {
    return map { /^(\d+)$/ } $instance->read_lines($pid_file);
}

sub of_status {
    my ($pid, $name) = @_;
    return map { /^$name:\s+(.*)/ } $instance->read_lines("/proc/$pid/status");
}

my ($status, $output) = $instance->run([ @command, '-d' ], may_fail => 1);
is $status, 0, 'in the background: the parent ends well when the daemon is ready' or diag $output;
my ($pid) = pid();
ok $pid, 'the pid file has the pid';
$instance->record('bounce-milter', $pid // 0, grace => 1);
ok $instance->wait_for(60, sub { $daemon->is_listening }), 'it listens';

SKIP: {
    skip 'not started by root', 2 unless $instance->is_root;
    my $uid = getpwnam $instance->daemon_user;
    is join(' ', of_status($pid, 'Uid')),    join("\t", ($uid) x 4), 'it runs as its own user';
    is join('',  of_status($pid, 'CapEff')), '0' x 16,               'without capabilities';
}

($status, $output) = $instance->run([ 'timeout', 30, @command ], may_fail => 1);
is $status,      1,    'a second daemon is refused';
is + (pid())[0], $pid, 'and leaves the pid file alone';
ok $instance->is_alive('bounce-milter'), 'the first one goes on';

ok $instance->stop_server('bounce-milter', wait => 60), 'SIGTERM ends it';
ok !-e $pid_file,                                       'the pid file is gone';

$instance->write_file('milter/pid', "$$\n");
$instance->run([ $instance->as_root('chown', $instance->daemon_user, $pid_file) ]);
$daemon->start;
ok $daemon->is_listening, 'a pid file that nobody holds is taken over';
$instance->stop_server('bounce-milter', signal => 'KILL');
$daemon->start;
ok $daemon->is_listening, 'and so is the socket of one that was killed';
$instance->stop_server('bounce-milter');

# One that dies has its files until its last thread is gone.
my $predecessor = Bounce::Process::in_child(sub {
    open my $file, '>>', $pid_file or die "$pid_file: $!\n";
    flock $file, LOCK_EX or die "$pid_file: $!\n";
    sleep 60;
});
$instance->wait_for(60, sub { -e $pid_file });
$instance->run([ $instance->as_root('chown', $instance->daemon_user, $pid_file) ]);
$daemon->launch;
my $waiting = qr/pid_file: \Q$pid_file\E is held, waiting/;
ok $instance->wait_for(60, sub { $daemon->log_lines($waiting) }),
    'it waits for one that is not gone yet';
kill KILL => $predecessor;
waitpid $predecessor, 0;
ok $instance->wait_for(60, sub { $daemon->is_listening }), 'and serves when that is gone';
is + (pid())[0], $instance->pid('bounce-milter'), 'with a pid file of its own';
$instance->stop_server('bounce-milter');

# What a person must mend first is told by the exit status, so that systemd does not try in vain.
my $user  = 'user = ' . ($instance->is_root ? $instance->daemon_user : '') . "\nrules_dir = "
    . $instance->rules_dir;
my $empty = $instance->make_dir('mailboxes', user => $instance->daemon_user);
my $rules = $instance->write_file('broken.rules', "no rule\n");
for my $row (
    (map { [ "$_: an unknown key", $_, 'no_such_key = 1', qr/no_such_key/ ] }
        map { "bounce-$_" } qw(milter delivery fetch console)),
    [ 'no such account',     'bounce-milter', 'user = no-such-account',     qr/no account/ ],
    [ 'rules that are none', 'bounce-milter', "$user\nsite_rules = $rules", qr/\Q$rules/ ],
    [ 'no mailbox',          'bounce-fetch',  "$user\nmailboxes = $empty",  qr/no \*\.conf/ ],
    ) {
    my ($what, $program, $line, $words) = @$row;
    my $conf =
        $instance->write_file('faulty.conf', "conninfo = dbname=x\nlog = stderr\n$line\n");
    ($status, $output) =
        $instance->run([ 'timeout', 30, $daemon->program($program), '-c', $conf ], may_fail => 1);
    is $status, 78, $what or diag $output;
    like $output, $words, "$what: it says why";
}

done_testing();
