# SPDX-License-Identifier: BSD-2-Clause
# What a person does by bouncectl and interrupts is not done, and who waits is told that it goes on.
use Bounce::Ctl;
use Bounce::Process;
use Bounce::Test;

my $stage = stage(servers => 0);
my $ctl   = Bounce::Ctl->new($stage);
my $db    = $stage->db;
my @block = ('block', 'a@x.example', '--why', 'a test');

my $waiting = q{pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%block_address%'};
my $held    = q{pg_locks WHERE relation = 'bounce.address_block'::regclass
    AND mode = 'AccessExclusiveLock' AND granted};

sub start_psql {
    my ($name, @statement) = @_;
    $stage->instance->start(
        name    => $name,
        command => [ qw(psql -Xq -d), $db->conninfo, map { ('-c', $_) } @statement ]);
    return;
}

# Keeps everybody from the blocks until it is ended.
sub hold_blocks {
    my ($name) = @_;
    start_psql($name, 'BEGIN', 'LOCK TABLE bounce.address_block', 'SELECT pg_sleep(300)');
    $stage->wait_for(60, sub { $stage->count($held) }) or die "no lock\n";
    return;
}

subtest 'interrupted' => sub {
    hold_blocks('lock');
    my $pid = Bounce::Process::spawn(
        command => [ $ctl->command(@block) ],
        log     => $stage->instance->path('interrupted'));
    ok $stage->wait_for(60, sub { $stage->count($waiting) }), 'it waits for a lock';
    kill INT => $pid;
    waitpid $pid, 0;
    ok $stage->wait_for(60, sub { !$stage->count($waiting) }), 'the server has given up as well';
    $db->sql("SELECT pg_terminate_backend(pid) FROM $held;\n");
    is $ctl->output('blocks'), "no address is blocked\n", 'nothing was done';
};

subtest 'at a terminal' => sub {
    like $ctl->on_terminal(80, 'blocks'), qr/\Ano address is blocked\n\z/,
        'what is quick says nothing more';
    hold_blocks('second lock');
    my $shown = $stage->instance->path('shown');
    my $line  = join ' ', map { "'" . s/'/'\\''/gr . "'" } $ctl->command(@block);
    my $pid   = Bounce::Process::spawn(
        command => [ 'script', '-qec', $line, '/dev/null' ],
        log     => $shown,
        env     => { LC_ALL => 'C.UTF-8', NO_COLOR => '', TERM => 'xterm' });
    my $said = sub { join '', $stage->instance->read_lines($shown) };
    ok $stage->wait_for(60, sub { $said->() =~ /^Still at work/ }), 'what is not does';
    $db->sql("SELECT pg_terminate_backend(pid) FROM $held;\n");
    waitpid $pid, 0;
    like $said->(), qr/\AStill at work\. .*Ctrl-C.*\na\@x\.example is blocked\r\n\z/s,
        'and then its result';
};

subtest 'elsewhere' => sub {
    hold_blocks('third lock');
    start_psql('end of it', 'SELECT pg_sleep(6)', "SELECT pg_terminate_backend(pid) FROM $held");
    is $ctl->output('unblock', 'a@x.example', '--why', 'a test'),
        "a\@x.example is not blocked any more, 0 mails sent\n", 'a script is told the result alone';
};

done_testing();
