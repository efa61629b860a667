# SPDX-License-Identifier: BSD-2-Clause
# tests/upgrade/version-56.sql.gz is a database of the last version before the baseline, with
# mails, reports, tasks and a waiting mail in it. bouncectl db migrate brings it to exactly the
# schema of a new database, and its mails are as they were.
use Bounce::Process;
use Bounce::Test;
use POSIX ();

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $daemon   = $stage->daemon;
my $db       = $stage->db;

# A database as it was left, with the name NAME.
sub restore {
    my ($name) = @_;
    my $dump   = Bounce::Instance::tree() . '/tests/upgrade/version-56.sql.gz';
    my $sql    = $instance->run([ 'gzip', '-dc', $dump ]);
    $db->sql("CREATE DATABASE $name;\n", dbname => 'postgres');
    $db->sql($sql,                       dbname => $name);
    return $db->conninfo(dbname => $name);
}

# Everything but the partitions of the months, which depend on the day, and the dump's own marks.
sub schema_of {
    my ($conninfo) = @_;
    my $dump = $instance->run(
        [ 'pg_dump', '--schema-only', '--exclude-table=bounce.*_20????', '-d', $conninfo ]);
    return join "\n", grep { !/^\\(?:un)?restrict / } split /\n/, $dump;
}

# What a person would look for in it.
my $picture = $instance->run([ 'cat', Bounce::Instance::tree() . '/tests/upgrade/picture.sql' ]);

my $parameters = <<'END';
SELECT jsonb_object_agg(concat_ws(' ', p.name, p.process), p.value)
FROM bounce.system_parameter AS p
END

my $old            = restore('old');
my $before         = $db->value($picture,    dbname => 'old');
my $old_parameters = $db->value($parameters, dbname => 'old');

subtest 'a database of version 56 is carried over' => sub {
    my ($status, $output) = $daemon->bouncectl('db', 'check', '--conninfo', $old);
    is $status, 1, 'check says that it is older';
    like $output, qr/version 56, this program needs \d+/, 'and how old';
    ($status, $output) = $daemon->bouncectl('db', 'migrate', '--conninfo', $old);
    is $status,                                                        0, 'migrate' or diag $output;
    is code_of($daemon->bouncectl('db', 'check', '--conninfo', $old)), 0, 'current';
    my ($new, $carried) = map { schema_of($_) } $db->conninfo, $old;
    cmp_ok length $new, '>', 100_000, 'a new database has a schema';
    ok $carried eq $new, 'and this one has the same' or diag difference($new, $carried);
};

subtest 'with its mails' => sub {
    is $db->value($picture, dbname => 'old'), $before,
        'mails, reports, tasks and blocks are as they were';
    is $db->value(
        "SELECT (:'old'::jsonb - array(SELECT jsonb_object_keys(p.now)))::text || "
            . "(SELECT coalesce(string_agg(o.key, ' '), '') FROM jsonb_each(:'old'::jsonb) AS o "
            . "WHERE o.value <> p.now -> o.key) FROM ($parameters) AS p (now)",
        dbname => 'old',
        old    => $old_parameters
        ),
        '{}', 'and so is every parameter that it had';
    my $claimed = $db->value(
        'SELECT string_agg(a, \' \' ORDER BY a)
        FROM bounce.claim_deliveries(\'test:1\', \'server\', 10) AS i, unnest(i.addresses) AS a',
        dbname => 'old'
    );
    is $claimed, 'later@customer.example second@customer.example',
        'the waiting mail can be claimed';
    my $document = $db->value('SELECT report FROM bounce.bounce_message ORDER BY id LIMIT 1',
        dbname => 'old');
    my $again = $db->value(
        'SELECT (bounce.record_report(:\'report\'::jsonb, NULL)).duplicate',
        report => $document,
        dbname => 'old'
    );
    is $again, 't', 'a report that it knows is known again';
};

subtest 'functions of another version are no hindrance' => sub {
    my $made = $db->value(<<'END', dbname => 'old');
SELECT string_agg(format('CREATE FUNCTION %s("char") RETURNS integer LANGUAGE sql AS ''SELECT 1''',
                         p.name), '; ')
FROM (SELECT DISTINCT f.oid::regproc::text AS name FROM pg_proc AS f
      WHERE f.pronamespace IN ('bounce'::regnamespace, 'bounce_internal'::regnamespace)
        AND f.proname NOT IN ('address_key', 'address_domain')) AS p   -- of the baseline
END
    cmp_ok length $made, '>', 10_000, 'each has another one of its name beside it';
    $db->sql(
        "DROP FUNCTION bounce_internal.month_start;
        CREATE FUNCTION bounce_internal.month_start(other timestamptz) RETURNS text
        LANGUAGE sql AS 'SELECT 1'; $made;
        UPDATE bounce.schema_functions SET sha256 = repeat('0', 64);\n", dbname => 'old'
    );
    my ($status, $output) = $daemon->bouncectl('db', 'migrate', '--conninfo', $old);
    is $status, 0, 'migrate' or diag $output;
    ok schema_of($old) eq schema_of($db->conninfo), 'and only those of this program are there';
};

subtest 'what nobody made is gone' => sub {
    $db->sql(
        "CREATE FUNCTION bounce.supersedes_of_old() RETURNS integer LANGUAGE sql AS 'SELECT 1';
        CREATE VIEW bounce.old_view AS SELECT 1 AS one;
        UPDATE bounce.schema_functions SET sha256 = repeat('0', 64);\n", dbname => 'old'
    );
    is code_of($daemon->bouncectl('db', 'migrate', '--conninfo', $old)), 0, 'migrate again';
    ok schema_of($old) eq schema_of($db->conninfo),
        'functions and views of other versions are dropped';
};

subtest 'what cannot be carried over is left alone' => sub {
    my $older = restore('older');
    $db->sql("DELETE FROM bounce.schema_migration WHERE version > 50;\n", dbname => 'older');
    my $schema = schema_of($older);
    my ($status, $output) = $daemon->bouncectl('db', 'migrate', '--conninfo', $older);
    isnt $status, 0, 'version 50: migrate refuses';
    like $output, qr/version 5\d, and this program carries over version 56 and later/,
        'and says what it takes';
    ok schema_of($older) eq $schema, 'and changes nothing';
};

# The lines in which two dumps differ, for the person who reads a failure.
sub difference {
    my ($new, $carried) = @_;
    my @file = map { $instance->write_file("$_->[0].sql", $_->[1]) } [ new => $new ],
        [ carried => $carried ];
    my (undef, $diff) = $instance->run([ 'diff', @file ], may_fail => 1);
    return substr $diff, 0, 4000;
}

# An application's transaction has one thing in hand when migrate comes, and then wants another: no
# order of the two makes either fail.
my $until = 'DO $$ BEGIN WHILE %s EXISTS (SELECT FROM pg_stat_activity AS a '
    . 'WHERE pg_backend_pid() = ANY (pg_blocking_pids(a.pid))) LOOP '
    . 'PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$';
my ($is_waited_for, $is_given_up) = map { sprintf $until, $_ } 'NOT', '';
my %step = (
    reads  => 'SELECT count(*) FROM bounce.open_task',
    policy => 'SELECT count(*) FROM bounce.policy',
    writes => "SELECT bounce.register_communication('invoice', '{a\@b.example}', "
        . "sender => 'o\@example.org', subject => 'x')",
    resolves => q(UPDATE bounce.task SET note = 'x'),
);
my $in_hand = q(SELECT count(*) FROM pg_stat_activity
    WHERE state = 'active' AND query LIKE 'DO $$ BEGIN WHILE%');
for my $row ([qw(reads writes)], [qw(writes policy)], [qw(policy resolves)], [qw(resolves reads)]) {
    my ($first, $then) = @$row;
    subtest "beside a transaction: $first, $then" => sub {
        my ($status, $output) =
            migrate_beside("$first-$then", $step{$first}, $is_waited_for, $step{$then});
        is $status, 0, 'the schema is brought up' or diag $output;
    };
}
subtest 'beside one that goes on and on' => sub {
    my ($status, $output) =
        migrate_beside('long', $step{reads}, $is_waited_for, $is_given_up, $step{writes});
    is $status, 0, 'the schema is brought up' or diag $output;
    like $output, qr/^waiting  for the transactions that use the schema/m,
        'and a person hears what it waits for';
};

# Status and output of bouncectl db migrate while an application does this in one transaction.
sub migrate_beside {
    my ($name, @statement) = @_;
    my $script = join ";\n", q(SET statement_timeout = '120s'), 'BEGIN', @statement, "COMMIT;\n";
    $db->sql(q(UPDATE bounce.schema_functions SET sha256 = repeat('0', 64)));
    my $application = Bounce::Process::in_child(
        sub {
            my $is_done = eval { $db->sql($script); 1 };
            $instance->write_file($name, $is_done ? 'done' : $@);
            POSIX::_exit(0);
        });
    ok $stage->wait_for(60, sub { $db->value($in_hand) }), 'it has the first in hand';
    my @result = $daemon->bouncectl('db', 'migrate', '--conninfo', $db->conninfo);
    waitpid $application, 0;
    is join('', $instance->read_lines($instance->path($name))), 'done', 'it notices nothing';
    return @result;
}

finish();
