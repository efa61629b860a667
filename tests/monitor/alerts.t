# SPDX-License-Identifier: BSD-2-Clause
# make check-monitor: each alert, raised by what it is about, and gone when that is mended: a real
# database, its standby, a real milter, node_exporter and Prometheus. The rules are those that are
# shipped, with shorter times: what an alert waits for is in rules.test.yml.
use Bounce::Ctl;
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Postgres;
use Bounce::Prometheus;
use Bounce::Test;
use JSON::PP;
use POSIX ();

use constant PATIENCE => 180;    # seconds until an alert comes, or goes

my $stage      = stage();
my $instance   = $stage->instance;
my $db         = $stage->db;
my $ctl        = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $operator   = Bounce::Ctl->new($stage, role => 'bounce_operator');
my $prometheus = Bounce::Prometheus->new($instance);
my $standby;
my $dovecot = Bounce::Dovecot->start($instance);
my $fetch   = Bounce::Fetch->new($stage);
$fetch->mailbox_of($dovecot);
$fetch->start;

my $rules = join '',
    $instance->read_lines(Bounce::Instance::tree() . '/etc/prometheus/bounce-milter.rules.yml');
my $board = JSON::PP->new->decode(join '',
    $instance->read_lines(Bounce::Instance::tree() . '/etc/grafana/bounce-milter.json'));
my @name = $rules =~ /alert: (\w+)/g;
$rules =~ s/^ +for: .*\n//mg;
$rules =~ s/\[15m\]/[30s]/g;
$rules =~ s/\[6h\]/[60s]/g;
$rules =~ s/> 300\b/> 15/;    # the figures are written each second here
$rules =~ s/> 120\b/> 30/g;    # those of the daemons every ten
$rules =~ s/< 7 \* 86400/< 32 * 86400/;    # whatever day of the month it is

# --- ways to be in trouble -------------------------------------------------------------------

# As no program of ours may: constraints between tables are not looked at.
sub force {
    my ($sql, %variable) = @_;
    return $db->sql("SET session_replication_role = replica;\n$sql;\n", %variable);
}

# So many mails of a process, the first ones to come back; each in a domain of its own, or in one.
sub mailing {
    my ($process, $sent, $failed, $domain) = @_;
    my @letter = map {
        $stage->register(
            process => $process,
            to      => [ "p$_\@" . ($domain // "d$_.$process.example") ])
    } 1 .. $sent;
    is code_of($stage->bounce('postfix-user-unknown', $_)), 250, 'a bounce'
        for @letter[ 0 .. $failed - 1 ];
    return;
}

sub bounce_is_refused {
    my ($letter) = @_;
    return code_of($stage->bounce('postfix-user-unknown', $letter)) == 451;
}

# During an outage the figures of before are not told as those of now, and the daemons' are.
sub watch_board {
    for my $panel (@{ $board->{panels} }) {
        for my $expression (map { $_->{expr} } @{ $panel->{targets} // [] }) {
            my $series = $prometheus->query($expression);
            if ($expression =~ /bounce_(?:milter|fetch)_|bounce_build_info/) {
                ok $series && @$series, "$panel->{title}: goes on"
                    if $expression !~ /rate\(/;
            }
            elsif ($expression eq 'bounce_database_up') {
                is $series->[0]{value}[1], 0, "$panel->{title}: down";
            }
            else {
                is_deeply $series, [], "$panel->{title}: nothing of before: $expression"
                    if $expression !~ /rate\(|increase\(/;
            }
        }
    }
    return;
}

# alert => [how it comes, how it goes], in this order.
my $reported;
my @trouble = (
    BounceMetricsMissing => [
        sub { $instance->signal_server('writer', 'STOP') },
        sub { $instance->signal_server('writer', 'CONT') }
    ],
    BounceMilterSilent => [
        sub { $instance->signal_server('bounce-milter', 'STOP') },
        sub { $instance->signal_server('bounce-milter', 'CONT') }
    ],
    BounceMilterSilent =>
        [ sub { ok $stage->daemon->stop, 'it stops' }, sub { $stage->daemon->start } ],
    BounceFetchSilent =>
        [ sub { $fetch->signal('STOP') }, sub { $fetch->signal('CONT') } ],
    BounceFetchSilent   => [ sub { ok $fetch->stop, 'it stops' }, sub { $fetch->start } ],
    BounceMailboxUnread => [ sub { $dovecot->stop },              sub { $dovecot->launch } ],
    BounceNothingComes  => [
        sub {
            $db->sql(<<'END');
SELECT bounce.register_communication('invoice', ARRAY[format('s%s@s%s.example', n, n)],
  sender => 'billing@example.org', subject => 'x', status => 'sent')
FROM generate_series(1, 1001) AS n;
END
        },
        sub {
            $reported = $stage->register(process => 'invoice', to => ['m1@customer.example']);
            is code_of($stage->bounce('postfix-user-unknown', $reported)), 250, 'a first report';
        }
    ],
    BounceNothingComes => [
        sub {
            force("UPDATE bounce.bounce_message SET received_at = now() - interval '25 hours'");
        },
        sub { force('UPDATE bounce.bounce_message SET received_at = now()') }
    ],
    BounceDatabaseDown => [
        sub {
            my $letter = $stage->register(process => 'invoice', to => ['m2@customer.example']);
            $db->stop;
            $instance->wait_for(PATIENCE, sub { bounce_is_refused($letter) });
        },
        sub {
            watch_board();
            $db->restart;
        }
    ],
    BouncePutOff => [
        sub {
            my $letter = $stage->register(process => 'invoice', to => ['m3@customer.example']);
            $db->stop;
            $instance->wait_for(PATIENCE, sub { bounce_is_refused($letter) });
        },
        sub { $db->restart }
    ],
    BounceSlow => [
        sub {
            my $letter = $stage->register(process => 'invoice', to => ['m4@customer.example']);
            my $locker = Bounce::Process::in_child(
                sub {
                    $db->sql("BEGIN;\nLOCK TABLE bounce.bounce_message;\n"
                            . "SELECT pg_sleep(8);\nCOMMIT;\n");
                    POSIX::_exit(0);
                });
            my $is_locked = sub {
                $db->value(q(SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'
                             AND relation = 'bounce.bounce_message'::regclass AND granted));
            };
            ok $instance->wait_for(30, $is_locked), 'a table is locked';
            is code_of($stage->bounce('postfix-user-unknown', $letter)), 250, 'a bounce waits';
            waitpid $locker, 0;
        },
        sub { }
    ],
    BounceLettersWait => [
        sub {
            force(<<'END');
INSERT INTO bounce.operator_copy (bounce_message_id, received_at, bounce_id, address, message_id,
                                  created_at)
SELECT m.id, m.received_at, m.id, 'operator@example.org', 'x@example.org',
       now() - interval '3 hours'
FROM bounce.bounce_message AS m LIMIT 1
END
        },
        sub { force('DELETE FROM bounce.operator_copy') }
    ],
    BounceEventsWait => [
        sub {
            force(<<'END');
INSERT INTO bounce.event (type, communication_id, data, created_at)
SELECT 'communication.status', min(c.id), '{}', now() - interval '2 hours'
FROM bounce.communication AS c
END
        },
        sub { force('DELETE FROM bounce.event') }
    ],
    BounceEventsWait => [
        sub {
            force(<<'END');
INSERT INTO bounce.event (type, communication_id, data, state)
SELECT 'communication.status', min(c.id), '{}', 'dead' FROM bounce.communication AS c
END
        },
        sub { force('DELETE FROM bounce.event') }
    ],
    BounceRateHigh => [ sub { mailing('newsletter', 20, 8) }, sub { } ],
    BounceOutage   => [
        sub {
            $stage->parameter(guard_minimum => 3);
            mailing('receipt', 6, 6, 'provider.example');
        },
        sub {
            my $task = $db->value('SELECT task_id FROM bounce.open_outage');
            $operator->output('task', 'resolve', $task, '--no-outage', '--yes');
        }
    ],
    BounceTaskOld => [
        sub { force("UPDATE bounce.task SET created_at = now() - interval '8 days'") },
        sub { force('UPDATE bounce.task SET created_at = now()') }
    ],
    BounceFollowUpsWait => [
        sub {
            $stage->parameter(follow_up => 'on');
            mailing('receipt', 1, 1);
            force("UPDATE bounce.follow_up SET created_at = now() - interval '2 days'");
        },
        sub {
            $db->sql("SELECT bounce.finish_follow_up(f.id, 'test', 'done')\n"
                    . "FROM bounce.claim_follow_up('test', 10, '1 minute') AS f;\n");
            $stage->parameter(follow_up => 'off');
        }
    ],
    BounceServerDown => [
        sub {
            $db->sql(<<'END');
INSERT INTO bounce.delivery_server (name, problem, problem_since, failures, probe_at)
VALUES ('relay.example:587', 'AUTH refused', now(), 1, now());
END
        },
        sub {
            $db->sql("UPDATE bounce.delivery_server SET problem = '', problem_since = NULL,\n"
                    . "  probe_at = NULL;\n");
        }
    ],
    BounceQueueLate => [
        sub {
            $db->sql(<<'END');
SELECT bounce.submit_communication('invoice', '{q@customer.example}', 'billing@example.org',
                                   'x', 'Hello');
END
            force("UPDATE bounce.recipient_delivery SET due_at = now() - interval '1 hour';\n"
                    . "UPDATE bounce.communication_delivery SET due_at = now() - interval '1 hour'"
            );
        },
        sub {
            my $id = $db->value('SELECT communication_id FROM bounce.queued_delivery');
            $operator->output('queue', 'cancel', $id, '--yes');
        }
    ],
    BouncePartitionMissing => [
        sub {
            $db->sql(<<'END');
SELECT format('DROP TABLE bounce.%I', e.partition) FROM bounce.event_partition AS e
WHERE e.month > now() \gexec
END
        },
        sub { $ctl->output('housekeeping') }
    ],
    BouncePartitionMissing => [
        sub { force("UPDATE bounce.bounce_message SET received_at = '2020-01-01'") },
        sub { force('UPDATE bounce.bounce_message SET received_at = now()') }
    ],
    BounceHousekeepingFails => [
        sub {
            force("UPDATE bounce.housekeeping_time SET at = at - interval '3 hours'");
            $db->sql('ALTER TABLE bounce.token_key RENAME TO hidden_key');
            my ($status) = $ctl->run('housekeeping');
            isnt $status, 0, 'it fails';
        },
        sub {
            $db->sql('ALTER TABLE bounce.hidden_key RENAME TO token_key');
            $ctl->output('housekeeping');
        }
    ],
    BounceStandbyBehind => [
        sub {
            $standby = Bounce::Postgres->standby($db);
            # a COMMIT must not wait for it below
            $db->sql("ALTER SYSTEM RESET synchronous_standby_names;\nSELECT pg_reload_conf();\n");
            $standby->sql("SELECT pg_wal_replay_pause();\n", dbname => 'postgres');
            $db->sql("SELECT pg_logical_emit_message(false, '', 'x'), pg_switch_wal();\n" x 18);
        },
        sub { $standby->sql("SELECT pg_wal_replay_resume();\n", dbname => 'postgres') }
    ],
    BounceStandbyGone => [ sub { $standby->stop }, sub { $standby->restart } ],
);

# --- one after another ---------------------------------------------------------------------------
my @metrics = ('metrics', '-c', $stage->daemon->conf, '--fetch', $fetch->metrics);
$ctl->output('housekeeping');
$prometheus->start(
    rules => $instance->write_file('rules.yml', $rules),
    write =>
        sub { $ctl->run(@metrics, '--output', $_[0]) });
ok $instance->wait_for(
    PATIENCE,
    sub {
        my $read = 'count_over_time(bounce_milter_pool_size[1m]) > 2 and on () '
            . 'min(bounce_fetch_mailbox_up) == 1';
        @{ $prometheus->query($read) // [] };
    }),
    'the figures are read';
# the mailbox was not read at first
ok $instance->wait_for(PATIENCE, sub { my @alert = $prometheus->firing; !@alert }), 'no alert';

sub is_firing {
    my ($alert) = @_;
    return grep { $_ eq $alert } $prometheus->firing;
}

my %was_raised;
while (my ($alert, $way) = splice @trouble, 0, 2) {
    subtest $alert => sub {
        my ($begin, $mend) = @$way;
        $begin->();
        ok $instance->wait_for(PATIENCE, sub { is_firing($alert) }), 'is raised';
        $mend->();
        ok $instance->wait_for(PATIENCE, sub { !is_firing($alert) }), 'and is gone';
        $was_raised{$alert} = 1;
    };
}
is_deeply [ sort keys %was_raised ], [ sort @name ], 'which are all there are';
my @left;
$instance->wait_for(PATIENCE, sub { @left = $prometheus->firing; !@left });
is_deeply \@left, [], 'and none is left';

finish();
