# SPDX-License-Identifier: BSD-2-Clause
# make check-ha: two hosts, each with Postfix, bounce-milter and bounce-delivery; PostgreSQL on two
# nodes under Patroni with synchronous replication. The leader dies under load, once by SIGKILL to
# all its processes, once as if its cable were pulled. Every bounce is sent until it is answered
# 250; when everything is quiet, each is in the database once, and each mail was sent once.
use strict;
use warnings;
use Bounce::Patroni;
use Bounce::Delivery;
use Bounce::Instance;
use Bounce::Process;
use Bounce::SmtpServer;
use Bounce::Stage;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    BOUNCES  => 80,     # over SMTP
    OWN      => 10,     # made by our own Postfix
    MAILS    => 40,     # of the delivery queue
    CLIENTS  => 2,      # of each host
    PATIENCE => 240,    # seconds for one round
};

my $instance = Bounce::Instance->new(name => "check-$$");
my $db       = Bounce::Patroni->new($instance)->start;
my $remote   = Bounce::SmtpServer->new($instance)->start;
my %daemon   = (pool_wait => 3, query_wait => 5);
my @host     = map { host($_) } qw(a b);
my @worker   = map { worker($_) } qw(a b);
my $round    = 0;

sub host {
    my ($name) = @_;
    my $stage = Bounce::Stage->new(
        name    => "check-$$-$name",
        daemon  => {%daemon},
        remote  => $remote,
        postfix => { lifetime => PATIENCE })->join_database($db);
    if ($name eq 'a') {
        $stage->fill_database;
        $db->let_in(Bounce::Daemon::ACCOUNT);
    }
    return $stage->start_servers;
}

sub worker {
    my ($name) = @_;
    return Bounce::Delivery->new(
        $instance, $db,
        name       => "delivery-$name",
        server     => '127.0.0.1:' . $remote->port,
        query_wait => 5
    )->start;
}

# Communications that were sent, one recipient each, each in a domain of its own: bounces of one
# domain alone would look like an outage of that domain.
sub letters {
    my ($kind, $count) = @_;
    my $rows = $db->rows(<<'SQL', kind => "$kind$round", count => $count);
WITH made AS MATERIALIZED (
  SELECT bounce.register_communication(process => 'invoice', business_ref => :'kind' || n,
    sender => 'billing@example.org', subject => 'Your invoice',
    message_id => format('%s-%s.5c0e9f3a7b1d42e8@example.org', :'kind', n),
    recipients => ARRAY[format('anna@%s-%s.example', :'kind', n)], status => 'sent') AS id
  FROM generate_series(1, :count) AS n)
SELECT m.id FROM made AS m
SQL
    return map { letter($_) } @{ $db->rows(<<'SQL', ids => join ',', map { $_->{id} } @$rows) };
SELECT c.id, c.message_id, c.sender, c.subject, c.envelope_id, r.address,
  bounce.return_path(r.id) AS return_path
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
WHERE c.id = ANY (string_to_array(:'ids', ',')::bigint[]) ORDER BY c.id
SQL
}

sub letter {
    my ($row) = @_;
    return {
        %$row,
        to          => [ $row->{address} ],
        return_path => { $row->{address} => $row->{return_path} } };
}

# A client: sends each report until it is taken. True when all were.
sub send_until_taken {
    my ($host, @letter) = @_;
    my $give_up = time + PATIENCE;
    while (my $letter = shift @letter) {
        $letter->{mail} //= $host->report('postfix-user-unknown', $letter);
        my ($code) = $host->smtp->send(
            from => '',
            to   => [ values %{ $letter->{return_path} } ],
            mail => $letter->{mail});
        next if $code == 250;
        return 0 if time > $give_up || $code >= 500;
        push @letter, $letter;
        sleep 0.1;
    }
    return 1;
}

# Mails through Postfix that the rest of the world refuses: its bounces meet the milter inside.
sub send_refused {
    my ($host, @letter) = @_;
    for my $letter (@letter) {
        $host->smtp->send(
            from => $letter->{return_path}{ $letter->{address} },
            to   => $letter->{to},
            mail => "From: billing\@example.org\nMessage-ID: <$letter->{message_id}>\n"
                . "Subject: Your invoice\n\nDear customer,\n"
        );
    }
    return 1;
}

sub submit {
    my ($count) = @_;
    return $db->sql(<<'SQL', count => $count, round => $round);
SELECT bounce.submit_communication(process => 'invoice', sender => 'billing@example.org',
  recipients => ARRAY[format('ben@delivered%s-%s.example', :'round', n)], subject => 'Your invoice',
  body_text => 'Dear customer,') FROM generate_series(1, :count) AS n;
SQL
}

sub recorded {
    return $db->value("SELECT count(*) FROM bounce.bounce_message WHERE source = 'milter'");
}

# round(what, sub that strikes the leader down and returns its name, sub that brings it back)
sub round {
    my ($what, $strike, $bring_back) = @_;
    $round++;
    my @letter = letters('smtp', BOUNCES);
    my @own    = letters('own', OWN);
    $remote->answer($_->{address}, "550 5.1.1 <$_->{address}>: User unknown") for @own;
    my $before = recorded();
    my @client = clients(@letter);
    my @refused = map {
        my $n = $_;
        Bounce::Process::in_child(
            sub { send_refused($host[$n], grep { $_->{id} % 2 == $n } @own); POSIX::_exit(0) })
    } 0, 1;
    submit(MAILS);
    $instance->wait_for(PATIENCE, sub { recorded() > $before + BOUNCES / 8 });
    my $began = time;
    my $struck = $strike->();
    my $leader = $db->wait_for_leader(not => $struck);
    diag sprintf '%s: %s leads instead of %s after %.0f s', $what, $leader, $struck, time - $began;
    is scalar(grep { waitpid $_, 0; $? } @client, @refused), 0,
        "$what: every bounce was answered 250 in the end";
    is_quiet($what);
    audit($what, \@letter, \@own);
    $bring_back->($struck);
    return;
}

sub clients {
    my (@letter) = @_;
    return map {
        my $n    = $_;
        my @mine = @letter[ grep { $_ % (2 * CLIENTS) == $n } 0 .. $#letter ];
        Bounce::Process::in_child(
            sub { POSIX::_exit(send_until_taken($host[ $n % 2 ], @mine) ? 0 : 1) })
    } 0 .. 2 * CLIENTS - 1;
}

sub is_quiet {
    my ($what) = @_;
    for my $host (@host) {
        $instance->wait_for(PATIENCE, sub { $host->mta->flush; $host->mta->queue eq '' });
        is $host->mta->queue, '', "$what: nothing is left in the queue of " . $host->instance->name;
    }
    my $waiting = "SELECT count(*) FROM bounce.recipient_delivery "
        . "WHERE state NOT IN ('accepted', 'rejected', 'unknown')";
    $instance->wait_for(PATIENCE, sub { $db->value($waiting) == 0 });
    is $db->value($waiting), 0, "$what: nor in the delivery queue";
    return;
}

sub audit {
    my ($what, $letters, $own) = @_;
    my $ids = join ',', map { $_->{id} } @$letters, @$own;
    my $sum = $db->rows(<<'SQL', ids => $ids)->[0];
SELECT count(*) AS mails, count(*) FILTER (WHERE r.state = 'bounced') AS bounced,
  count(*) FILTER (WHERE (SELECT count(*) FROM bounce.bounce AS b WHERE b.recipient_id = r.id) = 1)
    AS recorded_once,
  count(*) FILTER (WHERE EXISTS (SELECT FROM bounce.address_block AS b
    WHERE b.address_key = r.address_key AND b.lifted_at IS NULL)) AS blocked
FROM bounce.communication_recipient AS r
WHERE r.communication_id = ANY (string_to_array(:'ids', ',')::bigint[])
SQL
    my $all = BOUNCES + OWN;
    is_deeply $sum, { mails => $all, bounced => $all, recorded_once => $all, blocked => $all },
        "$what: each bounce is recorded once, with what follows from it"
        or diag explain $sum;
    is recorded(), $round * $all, "$what: and there is no other report";
    audit_delivery($what);
    return;
}

# A worker that the leader left between the server's answer and the COMMIT must not send again.
sub audit_delivery {
    my ($what) = @_;
    my $rows = $db->rows(<<'SQL', pattern => "ben\@delivered$round-%");
SELECT r.address, q.state, r.attempts FROM bounce.communication_recipient AS r
JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id WHERE r.address LIKE :'pattern'
SQL
    my %taken = map { ($_ => $remote->taken($_)) } map { $_->{address} } @$rows;
    is scalar @$rows, MAILS, "$what: no mail that was handed over is missing";
    is_deeply [ grep { $taken{$_} > 1 } sort keys %taken ], [], "$what: none was sent twice";
    is_deeply [ grep { $_->{state} eq 'accepted' && $taken{ $_->{address} } != 1 } @$rows ], [],
        "$what: what is said to be accepted was";
    my $unknown = grep { $_->{state} eq 'unknown' } @$rows;
    diag "$what: $unknown of @{[MAILS]} outcomes are unknown";
    cmp_ok $unknown, '<=', 2 * 2, "$what: at most one mail of each of the four threads is unknown";
    return;
}

# the guard would hold the blocks of so many bounces at once
$db->sql("SELECT bounce.set_parameter('delivery_lease', '30 seconds'), "
        . "bounce.set_parameter('guard', 'off');\n");
round('killed', sub { $db->kill_leader },   sub { $db->revive($_[0]) });
round('frozen', sub { $db->freeze_leader }, sub { $db->thaw; $db->wait_for_standby });

subtest 'the leader that came back follows' => sub {
    is scalar(grep { ($db->patroni($_)->{role} // '') =~ /^(?:master|primary)$/ } $db->nodes), 1,
        'there is one leader';
};

done_testing;
my $is_good = Test::More->builder->is_passing;
diag map { $_->log_tail(25) } $instance, map { $_->instance } @host if !$is_good;
if ($is_good) { $_->discard for map({ $_->instance } @host), $instance }
