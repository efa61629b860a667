# SPDX-License-Identifier: BSD-2-Clause
# Faults of one host while bounces come in; Bounce::Faults says what is added up after each.
# make check-faults prints the table at the end; LONG=1 sends many more.
use Bounce::Faults;
use Bounce::Test;
use Time::HiRes qw(sleep);

my $stage  = stage(servers => 0, daemon => { pool_wait => 2, query_wait => 3 });
my $faults = Bounce::Faults->new($stage)->start;
my ($db, $daemon) = ($stage->db, $stage->daemon);

sub under { my (@run) = @_; return $faults->under(@run) }

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
                $db->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
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
                $db->sql("BEGIN; LOCK TABLE bounce.$table[$n % 3] IN ACCESS EXCLUSIVE MODE; "
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
            });
    });
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

finish();
