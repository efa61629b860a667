# SPDX-License-Identifier: BSD-2-Clause
# kill -9 of the worker at every step of its dialogues with the server and with the database. Each
# row: two mails are handed over, the worker is killed there, its lease ends, and what has become of
# the two is looked at: sent once, or unknown, or waiting; nothing hangs, and the attempts are what
# the server saw. At the end one worker sends the rest.
use Bounce::DatabaseProxy;
use Bounce::Delivery;
use Bounce::SmtpServer;
use Bounce::Test;
use File::Copy qw(copy);

my $stage  = stage(servers => 0);
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
my $proxy  = Bounce::DatabaseProxy->new($stage->instance, $stage->db)->start;
my $rules
    = $stage->instance->make_dir('few-rules');    # nothing is classified here, and many are started
for my $file (qw(00-words.rules 40-passing.rules)) {
    copy(Bounce::Instance::tree() . "/etc/rules/$file", $rules) or die "rules: $!\n";
}
my @worker = (
    rules_dir => $rules,
    server    => '127.0.0.1:' . $remote->port,
    conninfo  => $proxy->conninfo,
    workers   => 1,
    name      => 'victim'
);
my $mails = 0;

# What the server took of that address; what the database says of it.
sub taken { my ($address) = @_; return $remote->taken($address) }

sub standing {
    my ($address) = @_;
    my $row = $stage->db->rows(
        "SELECT q.state AS delivery, r.attempts, d.attempts AS claims, d.state AS delivery_state
        FROM bounce.communication_recipient AS r
        JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
        JOIN bounce.delivery AS d ON d.communication_id = r.communication_id
        WHERE r.address = :'address'",
        address => $address
    )->[0];
    $row->{short} = $row->{delivery} =~ /^(?:due|pending)$/ ? 'waiting' : $row->{delivery};
    return $row;
}

# The last thing a worker asked is carried out, whether or not it lives: then its lease ends.
sub sweep {
    $stage->wait_for(60,
        sub { $stage->count("pg_stat_activity WHERE usename = 'bounce_daemon'") == 0 });
    $stage->db->sql(
        "UPDATE bounce.communication_delivery
        SET lease_expire_time = now() - interval '1 second'
        WHERE lease_expire_time IS NOT NULL;
        SELECT bounce.sweep_deliveries();\n"
    );
    return;
}

# What must hold for a mail wherever a worker was killed.
sub adds_up {
    my ($address, $wanted) = @_;
    my $row  = standing($address);
    my $sent = taken($address);
    like $row->{short}, qr/^(?:$wanted)$/, "$address: $wanted";
    my %right = (
        accepted => $sent == 1,
        unknown  => $sent <= 1,
        waiting  => $sent == 0,
        rejected => $sent == 0
    );
    ok $right{ $row->{short} }, "and the server took $sent";
    is $row->{attempts}, $row->{short} eq 'waiting' ? 0 : 1, 'sends of the recipient';
    is $row->{claims},   $row->{short} eq 'waiting' ? 0 : 1, 'attempts of the communication';
    return;
}

# row(name, first, second, arm): arm is called with the worker's pid; the mails are handed over
# after it.
sub row {
    my ($name, $first, $second, $arm, %option) = @_;
    subtest $name => sub {
        my @address = map { 'k' . ++$mails . '@customer.example' } 1, 2;
        my $worker
            = Bounce::Delivery->new($stage->instance, $stage->db, @worker, %{ $option{key} // {} });
        $worker->start;
        $arm->($worker->pid, @address);
        $stage->db->sql(
            join '',
            "BEGIN;\n",
            map(
                {         "SELECT bounce.submit_communication('invoice', ARRAY['$_'], "
                        . "'billing\@example.org', 'x', 'y');\n" } @address),
            "COMMIT;\n"
        );
        $option{later}->($worker->pid, @address) if $option{later};
        ok $worker->is_gone, 'it was killed';
        $remote->forget;
        $proxy->kill_at;
        sweep();
        is $stage->count("bounce.delivery WHERE state = 'PROCESSING'"), 0, 'nothing is PROCESSING';
        is $stage->count("bounce.recipient_delivery WHERE state IN ('claimed', 'sending')"),
            0, 'nothing is in a claim';
        adds_up($address[0], $first);
        adds_up($address[1], $second);
        # not for the next victim
        $stage->db->sql("SELECT bounce.hold_communication(communication_id) FROM bounce.delivery "
                . "WHERE state IN ('PENDING', 'RETRY') AND held_at IS NULL;\n");
    };
    return;
}

# at_server(stage, first, second): killed when the server comes to that stage, of the first mail or
# of the one named.
sub at_server {
    my ($point, $first, $second, %option) = @_;
    my $which = $option{mail};
    row(
        "server, $point"
            . (defined $which  ? ', mail ' . ($which + 1)    : '')
            . ($option{answer} ? ", after '$option{answer}'" : ''),
        $first, $second,
        sub {
            my ($pid, @address) = @_;
            $remote->answer(@$_) for @{ $option{rules} // [] };
            $remote->answer(
                $point . (defined $which ? " $address[$which]" : ''),
                join ', ', $option{answer} // (),
                "kill $pid"
            );
        },
        %option
    );
    return;
}

# at_database(statement, before, after): killed before the database hears of the statement, and
# after it was committed.
sub at_database {
    my ($statement, $before, $after) = @_;
    my %wanted = (before => $before, after => $after);
    for my $when (qw(before after)) {
        row(
            "database, $when $statement",
            @{ $wanted{$when} },
            sub { $proxy->kill_at($statement, $when, $_[0]) });
    }
    return;
}

my $login = {
    username       => 'app',
    auth_cleartext => 'yes',
    password_file  => $stage->instance->write_file('password', "secret\n") };
at_server('@greeting', 'waiting', 'waiting');
at_server('@ehlo',     'waiting', 'waiting');
at_server(
    '@starttls', 'waiting', 'waiting',
    rules => [ [ '@offer', 'STARTTLS' ] ],
    key   => { starttls => 'may' });
at_server('@auth',   'waiting', 'waiting', rules => [ [ '@offer', 'AUTH PLAIN' ] ], key => $login);
at_server('@mail',   'waiting', 'waiting');
at_server('@rcpt',   'waiting', 'waiting',                  mail => 0);
at_server('@data',   'waiting', 'waiting',                  mail => 0);
at_server('@data',   'waiting|unknown',  'waiting',         mail => 0, answer => '354 go on');
at_server('@middle', 'unknown',          'waiting',         mail => 0);
at_server('@end',    'unknown',          'waiting',         mail => 0);
at_server('@end',    'unknown|accepted', 'waiting|unknown', mail => 0, answer => '250 2.0.0 taken');
at_server(
    '@end', 'unknown|rejected', 'waiting|unknown',
    mail   => 0,
    answer => '554 5.6.0 no such content'
);
at_server('@rcpt',   'accepted', 'unknown', mail  => 1);
at_server('@data',   'accepted', 'unknown', mail  => 1);
at_server('@middle', 'accepted', 'unknown', mail  => 1);
at_server('@end',    'accepted', 'unknown', mail  => 1);
at_server('@rset',   'rejected', 'unknown', rules => [ [ '@data', '554 5.6.0 no such content' ] ]);
at_server('@quit',   'accepted', 'accepted');
at_server('@quit',   'accepted', 'accepted', answer => '221 2.0.0 bye');

at_database('claim',        [qw(waiting waiting)],   [qw(waiting waiting)]);
at_database('begin',        [qw(waiting waiting)],   [qw(unknown waiting)]);
at_database('settle+begin', [qw(unknown waiting)],   [qw(accepted unknown)]);
at_database('settle',       [qw(accepted unknown)],  [qw(accepted accepted)]);
at_database('release',      [qw(accepted accepted)], [qw(accepted accepted)]);

# Steps that a worker takes beside a mail: it hangs at the final reply until they come. Everywhere
# else no lease ends that is not said to: on a busy machine nobody may renew it for a while.
$stage->parameter(delivery_lease => '5 seconds');
for my $when (qw(before after)) {
    for my $statement (qw(renew sweep)) {
        row(
            "database, $when $statement",
            'unknown',
            'waiting',
            sub { $remote->answer("\@end $_[1]", 'silence') },
            key   => { sweep_interval => 1 },
            later => sub {
                my ($pid, $address) = @_;
                $stage->wait_for(60, sub { standing($address)->{delivery} eq 'sending' });
                $proxy->kill_at($statement, $when, $pid);
            });
    }
}

subtest 'killed while it starts' => sub {
    for my $statement (qw(listen plan prepare next)) {
        for my $when (qw(before after)) {
            $proxy->kill_at($statement, $when, 'client');
            my $worker = Bounce::Delivery->new($stage->instance, $stage->db, @worker)->launch;
            ok $worker->is_gone, "$when $statement";
        }
    }
    $proxy->kill_at;
    sweep();
    is $stage->count("bounce.delivery WHERE state = 'PROCESSING'"), 0, 'nothing is PROCESSING';
};

subtest 'the server cannot be used, and the worker is killed when it says so' => sub {
    for my $when (qw(before after)) {
        my $worker = Bounce::Delivery->new($stage->instance, $stage->db, @worker)->start;
        $remote->answer('@greeting', '554 5.3.2 no service');
        $proxy->kill_at('problem', $when, $worker->pid);
        my $address = 'k' . ++$mails . '@customer.example';
        $worker->submit(to => [$address]);
        ok $worker->is_gone, "killed $when it";
        $proxy->kill_at;
        $remote->forget;
        sweep();
        is standing($address)->{short},  'waiting', 'the mail waits';
        is standing($address)->{claims}, 0,         'no attempt is counted';
        $stage->db->sql(
            "SELECT bounce.hold_communication(communication_id) FROM bounce.delivery
            WHERE state IN ('PENDING', 'RETRY') AND held_at IS NULL;
            SELECT bounce_internal.server_works('127.0.0.1:" . $remote->port . "');\n"
        );
    }
};

subtest 'at the end one worker sends what waits, and nothing else' => sub {
    my $before = {
        map { ($_ => [ standing($_)->{short}, taken($_) ]) }
        map { "k$_\@customer.example" } 1 .. $mails
    };
    $stage->db->sql("SELECT bounce.release_communication(communication_id) FROM bounce.delivery "
            . "WHERE held_at IS NOT NULL;\n");
    my $worker
        = Bounce::Delivery->new($stage->instance, $stage->db, @worker, name => 'last')->start;
    is_soon(
        sub {
            $stage->count("bounce.delivery WHERE state IN ('PENDING', 'PROCESSING', 'RETRY')");
        },
        0,
        'nothing is left'
    );
    my (@wrong, %count);
    for my $address (sort keys %$before) {
        my ($was, $had) = @{ $before->{$address} };
        $count{$was}++;
        my ($is, $has) = (standing($address)->{short}, taken($address));
        push @wrong, "$address: $was $had, $is $has"
            unless $was eq 'waiting' ? $is eq 'accepted' && $has == 1 : $is eq $was && $has == $had;
    }
    is "@wrong", '', 'what waited was sent once, the others were not sent again';
    note join ', ', map { "$count{$_} $_" } sort keys %count;
    ok $worker->stop, 'stopped';
};

finish();
