# SPDX-License-Identifier: BSD-2-Clause
# bounce-fetch waits with IDLE at a real Dovecot: hour after hour in one session (an hour is a
# second here), and it notices a server that has gone silent without closing the connection, or a
# folder that is no longer there.
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Inbox;
use Bounce::Test;
use File::Path qw(remove_tree);

plan skip_all => 'Dovecot 2.3 is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $dovecot  = Bounce::Dovecot->start($instance);
my $inbox    = Bounce::Inbox->new($stage, $dovecot);
my $fetch    = Bounce::Fetch->new($stage, rules_dir => $stage->one_rule);

my $count = 0;

sub reads {
    my ($what, $folder) = @_;
    my $before = $inbox->recorded;
    $inbox->arrives('i' . ++$count, folder => $folder);
    ok $stage->wait_for(60, sub { $inbox->recorded == $before + 1 }), $what;
    return;
}

sub logins {
    return scalar grep {/imap-login: Info: Login/}
        $instance->read_lines($instance->path('log/dovecot.log'));
}

# The processes of Dovecot that serve a session.
sub sessions {
    my $master = $instance->pid('dovecot');
    return grep {
        my ($stat) = $instance->read_lines("/proc/$_/stat");
        ($stat // '') =~ /^\d+ \(imap\) \S \Q$master\E /
    } map {m{^/proc/(\d+)$}} glob '/proc/[0-9]*';
}

$fetch->mailbox_of($dovecot, reply_wait => 3);
$fetch->start;
reads('a mail that is there at the start');

subtest 'six hours' => sub {
    my $before = logins();
    sleep 6;
    reads('read after them');
    is logins(), $before, 'in the same session';
    is scalar(my @faults = $fetch->log_lines(qr/warning|error/)), 0, 'and nothing went wrong';
};

subtest 'a server that goes silent' => sub {
    my @silent = sessions();
    cmp_ok scalar @silent, '>=', 1, 'a process serves the session';
    kill STOP => @silent;
    reads('another connection reads on');
    ok scalar(my @told = $fetch->log_lines(qr/no whole answer in time/)), 'and the log says why';
    kill KILL => @silent;
};

ok $fetch->stop, 'stopped';

subtest 'the folder is deleted meanwhile' => sub {
    $dovecot->make_folder('Bounces');
    $fetch->mailbox_of($dovecot, folders => 'Bounces, INBOX');
    $fetch->start;
    reads('from the folder that is watched', 'Bounces');
    remove_tree($dovecot->folder('Bounces'));
    ok $stage->wait_for(60, sub { $fetch->log_lines(qr/cannot read the folder Bounces/) }), 'told';
    reads('from the other one', 'INBOX');
    $dovecot->make_folder('Bounces');
    reads('from a new one of that name', 'Bounces');
    ok $fetch->stop, 'stopped';
};
finish();
