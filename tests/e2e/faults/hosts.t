# SPDX-License-Identifier: BSD-2-Clause
# Faults of two hosts with one database while bounces come in to both: a milter dies, workers die
# while people decide and send again, and at last the database's leader dies and its standby is
# promoted. Bounce::Faults says what is added up after each.
use Bounce::Delivery;
use Bounce::Faults;
use Bounce::Test;
use Time::HiRes qw(sleep);

use constant MAILS => Bounce::Faults::LONG ? 300 : 24;    # of the queue, half of them refused
use constant OTHER_DOMAIN => 'bounces.other.example';

my %daemon   = (pool_wait => 2, query_wait => 5);
my $stage    = stage(servers => 0, daemon => {%daemon});
my $db       = $stage->db;
my $standby  = Bounce::Postgres->standby($db);
my %conninfo = (conninfo => $db->conninfo_of_leader($standby, user => Bounce::Daemon::ACCOUNT));
my $other    = Bounce::Stage->new(
    name   => "check-$$-b",
    daemon => { %daemon, %conninfo },
    postfix => { main => { relay_domains => OTHER_DOMAIN } },
    remote => Bounce::SmtpServer->new($stage->instance)->start
)->join_database($db);
$stage->{remote} = $other->remote;
$stage->daemon->set(%conninfo);
my $faults = Bounce::Faults->new($stage)->start($other);
my @refused;
my @worker = map { worker($_) } qw(a b);

sub worker {
    my ($name) = @_;
    return Bounce::Delivery->new(
        $stage->instance, $db, %conninfo,
        name       => "delivery-$name",
        server     => '127.0.0.1:' . $stage->mta->port,
        query_wait => 5
    )->start;
}

# --- the queue ---------------------------------------------------------------------------------

# Mails to send; the rest of the world refuses those to bad....
sub submit {
    my ($place) = @_;
    for my $n (1 .. MAILS) {
        my $address = ($n % 2 ? 'good' : 'bad') . "$n\@$place.example";
        $stage->remote->answer($address, "550 5.1.1 <$address>: User unknown") unless $n % 2;
    }
    $db->sql(<<'END', place => $place, mails => MAILS);
SELECT bounce.submit_communication(
         process => 'invoice', sender => 'billing@example.org', subject => 'Your invoice',
         recipients => ARRAY[CASE i % 2 WHEN 1 THEN 'good' ELSE 'bad' END || i || '@' || :'place'
                             || '.example'],
         body_text => 'Dear customer,')
FROM generate_series(1, :mails::integer) AS i;
END
    return;
}

# When nothing moves any more: each was sent as often as it was tried, or nobody can know; and what
# was refused came back as often as it was taken.
sub is_settled {
    my ($name, $place) = @_;
    # a person's verdict may put a mail off for hours
    my $waiting = "bounce.recipient_delivery WHERE state NOT IN ('accepted', 'rejected', 'unknown')"
        . " AND (state <> 'due' OR due_at < now() + interval '1 hour')";
    is_soon(sub { $stage->count($waiting) }, 0, "$name: nothing waits in the delivery queue");
    for my $host ($stage, $other) {
        is_soon(sub { $host->mta->flush; $host->mta->queue }, '', "$name: nor in Postfix");
    }
    my $rows = $db->rows(<<'END', place => "%\@$place.example");
SELECT r.address, r.attempts, q.state,
       (SELECT count(*) FROM bounce.bounce AS b WHERE b.recipient_id = r.id) AS bounces
FROM bounce.communication_recipient AS r
JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id WHERE r.address LIKE :'place'
END
    my @known = grep { $_->{state} ne 'unknown' } @$rows;
    is scalar @$rows, MAILS, "$name: no mail that was handed over is missing";
    is_deeply [ grep { arrived($_) != $_->{attempts} } @known ], [],
        "$name: each was sent as often as it was tried"
        or diag explain [ map { [ $_, arrived($_) ] } @known ];
    is_deeply [ grep { arrived($_) > $_->{attempts} } @$rows ], [], "$name: none more often";
    return;
}

sub arrived {
    my ($row) = @_;
    return $row->{address} =~ /^good/ ? $stage->remote->taken($row->{address}) : $row->{bounces};
}

# --- people ------------------------------------------------------------------------------------

# What they do in the middle of the load; what is too late is refused.
my @DECISION = (
    "SELECT bounce.dismiss_outage(task_id, 'over') FROM bounce.open_outage",
    'SELECT bounce.confirm_outage(task_id) FROM bounce.open_outage',
    "SELECT bounce.reclassify(b.id, 'mailbox_full', 'a person says so') FROM (SELECT id FROM "
        . "bounce.bounce WHERE reason = 'user_unknown' ORDER BY random() LIMIT 1) AS b",
    "SELECT bounce.lift_block(b.address, 'lives') FROM (SELECT address FROM bounce.address_block "
        . 'WHERE lifted_at IS NULL ORDER BY random() LIMIT 1) AS b',
    "SELECT bounce.undo_bounces(now() - interval '1 second', NULL, 'all wrong')",
    "UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id IN (SELECT "
        . "communication_id FROM bounce.delivery WHERE state IN ('SUCCESS', 'ERROR') "
        . 'ORDER BY random() LIMIT 2)',
    "SELECT bounce.request_resend(r.id, 'once more') FROM (SELECT id FROM "
        . "bounce.communication_recipient WHERE state = 'bounced' ORDER BY random() LIMIT 1) AS r",
);

sub decide {
    my ($n) = @_;
    eval { $db->sql("$DECISION[$n % @DECISION];\n"); 1 }
        or push @refused, $@ =~ /ERROR: +(.*)/;
    return;
}

# --- the runs ----------------------------------------------------------------------------------

$stage->parameter(guard          => 'off');
$stage->parameter(delivery_lease => '5 seconds');
$faults->under(
    'one of two milters killed',
    sub {
        $faults->again(
            3,
            sub {
                my ($n) = @_;
                my $host = ($stage, $other)[ $n % 2 ];
                $faults->wait_for_reports(5);
                $host->daemon->kill;
                $host->daemon->start;
            });
    },
    stops => 'common',
    deaf  => 4
);
$faults->under(
    'worker killed',
    sub {
        submit('killed');
        $faults->again(
            4,
            sub {
                my ($n) = @_;
                sleep 0.3;
                $worker[ $n % 2 ]->kill;
                $worker[ $n % 2 ]->start;
            });
        is_settled('worker killed', 'killed');
    });
$stage->parameter(guard         => 'on');
$stage->parameter(guard_minimum => 5);
$faults->under(
    'people decide',
    sub {
        submit('decided');
        $faults->again(4 * @DECISION, \&decide);
        is_settled('people decide', 'decided');
    },
    people => 1
);
$stage->parameter(guard => 'off');

subtest 'a bounce domain of its own for each host' => sub {
    $stage->parameter(bounce_domain => Bounce::Postfix::BOUNCE_DOMAIN . ', ' . OTHER_DOMAIN);
    my $is_heard = sub {
        my ($parameters) = grep {/^bounce_domain/}
            $stage->instance->read_lines($other->instance->path('milter/parameters'));
        return $parameters =~ /\Q@{[OTHER_DOMAIN]}\E/ ? 1 : 0;
    };
    is_soon($is_heard, 1, 'both milters know both');
    for my $n (1 .. 3) {
        my $letter = $stage->register(process => 'invoice', to => ["own$n\@customer.example"]);
        my ($path) = values %{ $letter->{return_path} };
        my $elsewhere = $path =~ s/@.*/'@' . OTHER_DOMAIN/er;
        my $report = $stage->report('postfix-user-unknown', $letter);
        my $hand_in = sub {
            my ($host, $to) = @_;
            return code_of($host->smtp->send(from => '', to => [$to], mail => $report));
        };
        is $hand_in->($other, $elsewhere), 250, 'the other host takes it for its domain';
        is $stage->recipient($letter)->{state}, 'bounced', 'and finds the recipient';
        is $hand_in->($stage, $path), 250, 'this one takes the same for its own';
        is scalar(my @bounce = $stage->bounces($letter)), 1, 'recorded once';
    }
    $stage->parameter(bounce_domain => Bounce::Postfix::BOUNCE_DOMAIN);
};
$faults->under(
    'standby promoted',
    sub {
        submit('promoted');
        $faults->wait_for_reports(10);
        $db->crash;
        $standby->promote;
        $db->follow($standby);
        is_settled('standby promoted', 'promoted');
    });
$faults->print_table;
note "refused: $_" for @refused;

ok $_->stop, 'the worker ends by itself' for @worker;
$other->instance->discard if Test::More->builder->is_passing;
finish();
