# SPDX-License-Identifier: BSD-2-Clause
# bounce-fetch waits with IDLE for six hours, by a clock that runs 300 times as fast: in one
# session, no IDLE lasts 29 minutes, after which servers give up, a mail is read at once every hour,
# and at the end there is not more memory in use, nor more files open, than after the first one.
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Inbox;
use Bounce::LyingProxy;
use Bounce::Test;
use Time::HiRes qw(sleep time);

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

use constant { FACTOR => 300, MINUTE => 60 / 300, HOURS => 6 };

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $dovecot  = Bounce::Dovecot->start($instance);
my $proxy    = Bounce::LyingProxy->new($instance, $dovecot);
my $inbox    = Bounce::Inbox->new($stage, $dovecot);
# no wait but that for news may end early: the machine is as slow as ever
my $fetch = Bounce::Fetch->new($stage, rules_dir => $stage->one_rule, query_wait => 300);

# Each IDLE, how many minutes it lasted; each session, "session".
my $notes = $instance->make_dir('notes') . '/idle';

sub note_idle {
    my ($line) = @_;
    open my $file, '>>', $notes or die "$notes: $!\n";
    print $file "$line\n";
    close $file;
    return;
}

my $start;
my $port = $proxy->start(
    'imaps',
    server => sub {
        my (undef, $line) = @_;
        note_idle('session') if $line =~ /^\* OK .*ready/i;
        $start = time        if $line =~ /^\+ idling/;
        return $line;
    },
    client => sub {
        my (undef, $line) = @_;
        note_idle((time - $start) / MINUTE) if $line =~ /^DONE/;
        return $line;
    });

# Kilobytes of memory, and open files.
sub size {
    my $pid = $instance->pid('bounce-fetch');
    my ($resident) = map {/^VmRSS:\s+(\d+)/} $instance->read_lines("/proc/$pid/status");
    return ($resident, scalar(my @files = glob "/proc/$pid/fd/*"));
}

sub reads {
    my ($what) = @_;
    my $before = $inbox->recorded;
    $inbox->several(1);
    return is_soon(sub { $inbox->recorded - $before . ' ' . $inbox->waiting }, '1 0', $what);
}

$fetch->mailbox_of(
    $dovecot,
    port          => $port,
    poll_interval => 86_400,
    reply_wait    => 3600,
    transfer_wait => 3600,
    connect_wait  => 3600
);
{
    local $ENV{LD_PRELOAD} = Bounce::Instance::build_dir() . '/tests/mailbox/fast_clock.so';
    $fetch->start;
}
my $begin = time;
reads('a mail that is there');
my ($memory, $files) = size();
for my $hour (1 .. HOURS) {
    sleep 0.1 while time < $begin + $hour * 60 * MINUTE;
    reads("a mail after hour $hour");
}
my ($memory_after, $files_after) = size();
ok $fetch->stop, 'stopped';

my @noted = map { chomp; $_ } $instance->read_lines($notes);
my @idle  = grep { $_ ne 'session' } @noted;
is scalar(grep { $_ eq 'session' } @noted), 1, 'one session';
cmp_ok scalar @idle, '>=', HOURS * 60 / 25, 'IDLE was said again and again';
is_deeply [ grep { $_ >= 29 } @idle ], [], 'before the server would have given up';
cmp_ok scalar(grep { $_ > 24 } @idle), '>=', HOURS, 'and not much before that';
cmp_ok $memory_after - $memory, '<', 1024, 'kilobytes of memory more';
is $files_after, $files, 'as many files open';
is scalar(my @faults = $fetch->log_lines(qr/warning|error/)), 0, 'nothing went wrong';
is_deeply [ $inbox->lost ], [], 'no mail is lost';
is $inbox->recorded, HOURS + 1, 'each is recorded once';
finish();
