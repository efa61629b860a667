# SPDX-License-Identifier: BSD-2-Clause
# Faults of one host while bounces come in; Bounce::Faults says what is added up after each.
# make check-faults prints the table at the end; LONG=1 sends many more.
use Bounce::DatabaseProxy;
use Bounce::Faults;
use Bounce::SmallDisk;
use Bounce::Test;
use IO::Socket::INET;
use Time::HiRes qw(sleep);

my $stage  = stage(servers => 0, daemon => { pool_wait => 2, query_wait => 3, sessions_max => 24 });
my $faults = Bounce::Faults->new($stage)->start;
my ($db, $daemon) = ($stage->db, $stage->daemon);

sub under { my (@run) = @_; return $faults->under(@run) }

sub restart_daemon {
    my (%key) = @_;
    $daemon->kill;
    $daemon->set(%key);
    $daemon->start;
    return;
}

# Somebody who sends us a mail line by line, with a pause after each. Returns the process.
sub strange_client {
    my ($pause) = @_;
    return Bounce::Process::in_child(sub {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $stage->mta->port)
            or return;
        for my $line ('EHLO slow.test',
            'MAIL FROM:<>', 'RCPT TO:<' . Bounce::Stage::BOUNCE_MAILBOX . '>', 'DATA') {
            print $socket "$line\r\n";
            my $reply;
            do { $reply = <$socket> // '' } while $reply =~ /^\d{3}-/;
        }
        while (1) {
            print $socket "X-Line: and another\r\n";
            $socket->flush;
            sleep $pause;
        }
    });
}

$stage->parameter(guard => 'off');
under('nothing', sub { });
under(
    'database stopped',
    sub {
        $faults->again(
            1,
            sub {
                $faults->wait_for_reports(5);
                $db->stop;
                sleep 1;
                $db->restart;
            });
    });
under(
    'database killed',
    sub {
        $faults->again(
            1,
            sub {
                $faults->wait_for_reports(5);
                $stage->instance->signal_server('postgres', 'QUIT');    # immediate: as a crash
                $stage->wait_for(60, sub { !$stage->instance->is_alive('postgres') });
                $db->restart;
            });
    });
under(
    'backends ended',
    sub {
        $faults->again(
            10,
            sub {
                $db->sql( "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        . "WHERE usename = '@{[Bounce::Daemon::ACCOUNT]}';\n");
                sleep 0.2;
            });
    });
under(
    'tables locked',
    sub {
        my @table = qw(communication bounce_message task);
        $faults->again(
            3,
            sub {
                my ($n) = @_;
                $db->sql( "BEGIN; LOCK TABLE bounce.$table[$n % 3] IN ACCESS EXCLUSIVE MODE; "
                        . "SELECT pg_sleep(1); COMMIT;\n");
            });
    });
under(
    'milter killed',
    sub {
        $faults->again(
            2,
            sub {
                $faults->wait_for_reports(5);
                $daemon->kill;
                $daemon->start;
            });
    },
    stops => 'common'
);
under(
    'Postfix restarted',
    sub {
        $faults->again(
            1,
            sub {
                $faults->wait_for_reports(5);
                $stage->mta->stop;
                $stage->mta->restart;
            });
    },
    stops => 'all'
);
under(
    'months made and dropped',
    sub {
        $faults->again(
            4,
            sub {
                my ($n) = @_;
                $db->sql("SELECT bounce_internal.make_months(now() + interval '$n years', 0);\n");
                $db->sql(<<'END');
SELECT bounce_internal.change_month('drop', e.parent, e.month) FROM bounce.event_partition AS e
WHERE e.month > now() + interval '6 months';
END
                $db->sql("SELECT bounce.keep_month(); SELECT bounce.housekeeping();\n");
            });
    });
under(
    'answers lost',
    sub {
        # of the database to the milter, which has been told nothing of what is committed
        my $proxy = Bounce::DatabaseProxy->new($stage->instance, $db)->start;
        restart_daemon(conninfo => $proxy->conninfo);
        $proxy->lose_one_of(4);
        $faults->wait_for_reports(0.9 * Bounce::Faults::MAILS);
        $proxy->lose_one_of(1_000_000);
        $faults->wait_for_end;
        restart_daemon(conninfo => $db->conninfo(user => Bounce::Daemon::ACCOUNT));
    },
    stops => 'common',
    deaf  => 4
);
under(
    'slow and stuck clients',
    sub {
        # beside these there is room for a few bounces, then there is none
        my @client = map { strange_client($_) } (0.2) x 6, (600) x 10;
        $faults->wait_for_reports(15);
        push @client, map { strange_client(600) } 1 .. 20;
        sleep 1;
        kill KILL => @client;
        waitpid $_, 0 for @client;
    });

my $can_mount = Bounce::SmallDisk->is_possible($stage->instance);
diag 'disk full: not run, since nothing can be mounted here' unless $can_mount;
under(
    'disk full',
    sub {
        my $disk = Bounce::SmallDisk->new($stage->instance, $db)->start;
        $faults->again(
            1,
            sub {
                $faults->wait_for_reports(5);
                $disk->fill;
                my $hog = "CREATE TEMP TABLE hog AS SELECT generate_series(1, 100000);\n";
                eval { $db->sql($hog); 1 } and die "the disk is not full\n";
                my $next_file = "SELECT txid_current(); SELECT pg_switch_wal();\n";
                $stage->wait_for(
                    60,
                    sub {
                        !eval { $db->sql($next_file); 1 }
                    });    # it panics
                $disk->free;
                $db->crash if $db->is_alive;
                $db->restart;
            });
    }) if $can_mount;
$stage->parameter(guard         => 'on');
$stage->parameter(guard_minimum => 5);

# Who has confirmed is not asked again for a while: dismissed first, and again where more comes.
under(
    'outages decided',
    sub {
        my @decide = map { "SELECT bounce.${_}_outage(task_id, 'over') FROM bounce.open_outage;\n" }
            qw(dismiss confirm);
        $faults->again(
            2,
            sub {
                my ($n) = @_;
                $stage->wait_for(5, sub { $stage->count('bounce.open_outage') });
                $db->sql($decide[ ($n + 1) % 2 ]);
            });
    },
    people => 1
);
$faults->print_table;

# Who drops a second month waits for a session that waits for what the first one has locked.
$db->sql("SELECT bounce_internal.make_months(now() + interval '9 years', 0);\n");
my $drop = "SELECT bounce_internal.change_month('drop', '%s', bounce_internal.month_start(now()"
    . " + interval '9 years'));\n";
my $has = 'EXISTS (SELECT FROM pg_locks WHERE granted AND mode = \'%s\' AND relation = %s)';
my $until = "DO \$\$ BEGIN WHILE NOT $has LOOP PERFORM pg_sleep(0.01); END LOOP; END \$\$;\n";
my $recording = sprintf "BEGIN; LOCK TABLE bounce.bounce_message IN ROW EXCLUSIVE MODE;\n"
    . "${until}LOCK TABLE bounce.communication IN ROW EXCLUSIVE MODE; COMMIT;\n",
    'AccessExclusiveLock', "'bounce.communication'::regclass";
my $dropping = sprintf "${until}BEGIN; ${drop}${drop}COMMIT;\n", 'RowExclusiveLock',
    "'bounce.bounce_message'::regclass", qw(bounce bounce_message);
is Bounce::Process::in_parallel(map { my $sql = $_; sub { $db->sql($sql); 1 } } $recording,
    $dropping), 0, 'two months in one transaction: both sessions end well';

my $log = $stage->instance->path('log/postgres.log');
is scalar(grep {/deadlock detected/} $stage->instance->read_lines($log)), 0,
    'and in none of these two waited for each other';

finish();
