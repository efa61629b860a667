# SPDX-License-Identifier: BSD-2-Clause
# Faults while bounces come in: senders repeat each report until it is taken, as an MTA does, and
# meanwhile something breaks. Then it is added up: every report that was answered 250 is recorded
# once with what follows from it, and the audit finds nothing forgotten. make check-faults prints
# the table at the end; LONG=1 sends many more.
use Bounce::Ctl;
use Bounce::Process;
use Bounce::Test;
use Time::HiRes qw(sleep time);

use constant SENDERS => 3;

my $mails = $ENV{BOUNCE_FAULTS_LONG} ? 600 : 45;                    # of each fault
my $stage = stage(daemon => { pool_wait => 2, query_wait => 3 });
my $ctl   = Bounce::Ctl->new($stage);
my ($db, $daemon) = ($stage->db, $stage->daemon);
my @table;

# Mails to PLACE1@PLACE.example ...: their addresses with their return paths.
sub register {
    my ($place) = @_;
    $db->sql(<<'END', place => $place, mails => $mails);
SELECT bounce.register_communication(
         process => 'invoice', sender => 'billing@example.org', status => 'sent',
         recipients => ARRAY[format('%s%s@%1$s.example', :'place', i)])
FROM generate_series(1, :mails::integer) AS i;
END
    my @row = @{ $db->rows(<<'END', place => "%\@$place.example") };
SELECT r.address, bounce.return_path(r.id) AS return_path
FROM bounce.communication_recipient AS r WHERE r.address_key LIKE :'place' ORDER BY r.id
END
    @row == $mails or die "only @{[scalar @row]} mails to $place\n";
    return @row;
}

sub report {
    my ($row) = @_;
    return Bounce::Mail::render(
        'postfix-user-unknown',
        message_id  => 'unknown',
        sender      => 'billing@example.org',
        subject     => 'x',
        envelope_id => '',
        recipient   => $row->{address},
        return_path => $row->{return_path});
}

# Until each is taken; true when that was within five minutes.
sub send_all {
    my (@row) = @_;
    my $deadline = time + 300;
    while (my $row = shift @row) {
        my ($code) = eval {
            $stage->smtp->send(from => '', to => [ $row->{return_path} ], mail => report($row));
        };
        next if ($code // 0) == 250;
        return 0 if time > $deadline;
        push @row, $row;
        sleep 0.05;
    }
    return 1;
}

# Starts the senders, breaks something again and again until they have ended, and adds up.
sub under {
    my ($name, $break) = @_;
    my $place = lc $name =~ s/\W+//gr;
    my @row   = register($place);
    my $begun = time;
    my @child;
    for my $n (0 .. SENDERS - 1) {
        my @own = @row[ grep { $_ % SENDERS == $n } 0 .. $#row ];
        push @child, Bounce::Process::in_child(sub { POSIX::_exit(send_all(@own) ? 0 : 1) });
    }
    $break->();
    my $failed = grep { waitpid $_, 0; $? } @child;
    is $failed, 0, "$name: every report was taken in the end";
    my $sum = $db->rows(<<'END', place => "%\@$place.example")->[0];
SELECT count(*) AS bounced, count(DISTINCT b.recipient_id) AS recipients,
       count(*) FILTER (WHERE r.state = 'bounced' OR r.requested_by IS NOT NULL) AS marked
FROM bounce.bounce AS b JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
WHERE r.address_key LIKE :'place'
END
    is $sum->{recipients}, $mails, "$name: none is lost";
    is $sum->{bounced},    $mails, "$name: none is doubled";
    is $sum->{marked},     $mails, "$name: each has its state";
    my ($status, $text) = $ctl->run('check');
    is $status, 0, "$name: nothing is forgotten" or diag $text;
    push @table, [ $name, $mails, sprintf '%.1f s', time - $begun ];
    return;
}

$stage->parameter(guard => 'off');
under('nothing', sub { });
under(
    'database stopped',
    sub {
        sleep 0.5;
        $db->stop;
        sleep 1;
        $db->restart;
    });
under(
    'database killed',
    sub {
        sleep 0.5;
        $stage->instance->signal_server('postgres', 'QUIT');    # immediate: as a crash
        $stage->wait_for(60, sub { !$stage->instance->is_alive('postgres') });
        $db->restart;
    });
under(
    'backends ended',
    sub {
        for (1 .. 10) {
            $db->sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                      WHERE usename = 'bounce_daemon';\n"
            );
            sleep 0.2;
        }
    });
under(
    'tables locked',
    sub {
        for my $table (qw(communication bounce_message task)) {
            $db->sql(
                "BEGIN; LOCK TABLE bounce.$table IN ACCESS EXCLUSIVE MODE;
                      SELECT pg_sleep(1); COMMIT;\n"
            );
        }
    });
under(
    'milter killed',
    sub {
        for (1 .. 2) {
            sleep 0.5;
            $daemon->kill;
            $daemon->start;
        }
    });
under(
    'Postfix restarted',
    sub {
        sleep 0.5;
        $stage->mta->stop;
        $stage->mta->restart;
    });
under(
    'months made and dropped',
    sub {
        for my $n (1 .. 4) {
            $db->sql(
                "SELECT bounce_internal.make_months(now() + interval '$n years', 0);
                      SELECT bounce_internal.change_month('drop', e.parent, e.month)
                      FROM bounce.event_partition AS e
                      WHERE e.month > now() + interval '6 months';\n"
            );
        }
    });
$stage->parameter(guard         => 'on');
$stage->parameter(guard_minimum => 5);
under(
    'outages decided',
    sub {
        for my $n (1 .. 6) {
            $stage->wait_for(5, sub { $stage->count('bounce.open_outage') });
            $db->sql(
                $n % 2
                ? "SELECT bounce.dismiss_outage(task_id, 'over') FROM bounce.open_outage;\n"
                : "SELECT bounce.confirm_outage(task_id) FROM bounce.open_outage;\n"
            );
        }
    });
note sprintf '%-26s %5d reports %8s', @$_ for @table;

finish();
