# SPDX-License-Identifier: BSD-2-Clause
# What is wrong is said before it hurts: configuration, rules, schema.
use Bounce::Test;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $daemon   = $stage->daemon;
my $conninfo = $stage->db->conninfo;
$daemon->prepare;
local $ENV{MAIL_CONFIG} = $instance->make_dir('no-postfix');    # the machine's own is not read

sub check {
    return $instance->run([ $daemon->program('bounce-milter'), '-c', $daemon->conf, '--check' ],
        may_fail => 1);
}

subtest 'a good configuration' => sub {
    my ($status, $output) = check();
    is $status, 0, 'exit status 0' or diag $output;
    like $output, qr/^ok\s+$_/m, "$_ is looked at" for qw(configuration rules database socket);
};

subtest 'no Postfix, and a folder of PATH that is closed to us' => sub {
    local $ENV{PATH} = $instance->make_dir('closed');
    chmod 0, $ENV{PATH} or die "chmod: $!\n";
    my ($status, $output) = check();
    is $status, 0, 'exit status 0' or diag $output;
    like $output, qr/^warning\s+Postfix\s+not looked at: /m, 'Postfix is not there';
};

# [what, file content or keys, what is said]
my @faults = (
    [
        'an unknown key',
        "conninfo = dbname=x\nsokcet = unix:/x\n",
        qr/bounce-milter\.conf:2: sokcet: unknown key/
    ],
    [
        'no equals sign',
        "conninfo = dbname=x\nsocket\n",
        qr/bounce-milter\.conf:2: socket: expected/
    ],
    [
        'not a number',
        "conninfo = dbname=x\n\n# c\npool_size = many\n",
        qr/bounce-milter\.conf:4: pool_size: "many"/
    ],
    [
        'out of bounds',
        "conninfo = dbname=x\npool_size = 0\n",
        qr/bounce-milter\.conf:2: pool_size: 0 is not in/
    ],
    [
        'not one of the words',
        "conninfo = dbname=x\nlog = paper\n",
        qr/bounce-milter\.conf:2: log: "paper"/
    ],
    [
        'set twice',
        "conninfo = dbname=x\nlog = stderr\nlog = syslog\n",
        qr/bounce-milter\.conf:3: log: .*line 2/
    ],
    [ 'what is needed is missing', "log = stderr\n", qr/bounce-milter\.conf: conninfo: / ],
);
for my $case (@faults) {
    my ($what, $text, $expected) = @$case;
    $instance->write_file('bounce-milter.conf', $text);
    my ($status, $output) = check();
    isnt $status, 0, "$what: exit status";
    like $output, $expected, "$what: file, line and key";
    my ($run)
        = $instance->run([ $daemon->program('bounce-milter'), '-c', $daemon->conf ], may_fail => 1);
    is $run, 78, "$what: the daemon does not start";
}

subtest 'a broken rule file' => sub {
    my $rules = $instance->write_file('site.rules',
        "# one\n[a.b]\nreason = no_such_reason\nmatch = x\nexample = x\n");
    $daemon->write_conf(site_rules => $rules);
    my ($status, $output) = check();
    isnt $status, 0, 'exit status';
    like $output, qr/site\.rules:3: .*no_such_reason/, 'file, line and what';
};

subtest 'a database that is not there' => sub {
    $daemon->write_conf(
        conninfo => $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT, dbname => 'nowhere'));
    my ($status, $output) = check();
    isnt $status, 0, 'exit status';
    like $output, qr/database.*nowhere/, 'is named';
};

# [what, words of conninfo, whether it is warned]
my $several = '/nonexistent,' . ($conninfo =~ /host=(\S+)/)[0];
my @hosts   = (
    [ 'several hosts', "host=$several", 1 ],
    [ 'several hosts and the leader', "host=$several target_session_attrs=read-write", 0 ],
);
for my $case (@hosts) {
    my ($what, $words, $is_warned) = @$case;
    $daemon->write_conf(
        conninfo => $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT) . " $words");
    my ($status, $output) = check();
    is $status, 0, "$what: the database is reached" or diag $output;
    is $output =~ /^warning\s+database\s+conninfo .*target_session_attrs=any/m ? 1 : 0, $is_warned,
        "$what: " . ($is_warned ? 'warned' : 'no warning')
        or diag $output;
}

# Who asks for the time is told another one.
subtest 'clocks that differ' => sub {
    my $account = Bounce::Daemon::ACCOUNT;
    $daemon->write_conf(conninfo => $stage->db->conninfo(user => $account));
    unlike + (check())[1], qr/clock/, 'the same time: not a word';
    for my $row ([ 7200, '7[12]\d\d s behind' ], [ -86400, '86[34]\d\d s ahead of' ], [30]) {
        my ($seconds, $expected) = @$row;
        $stage->db->sql(<<"END");
CREATE SCHEMA elsewhere;
CREATE FUNCTION elsewhere.clock_timestamp() RETURNS timestamptz LANGUAGE sql
  AS \$\$ SELECT pg_catalog.clock_timestamp() + interval '$seconds seconds' \$\$;
GRANT USAGE ON SCHEMA elsewhere TO $account;
ALTER ROLE $account SET search_path = elsewhere, pg_catalog;
END
        my ($status, $output) = check();
        my ($said)
            = $output =~ /^warning\s+clock\s+this machine's clock is (.*) the database's: .*let/m;
        is $status, 0, "$seconds seconds: no fault" or diag $output;
        like $said // 'nothing', $expected ? qr/^$expected$/ : qr/^nothing$/, 'what is said';
        $stage->db->sql("ALTER ROLE $account RESET search_path; DROP SCHEMA elsewhere CASCADE;\n");
    }
};

subtest 'fewer connections than are opened' => sub {
    my $account = Bounce::Daemon::ACCOUNT;
    my %key     = (conninfo => $stage->db->conninfo(user => $account), pool_size => 3);
    for my $row (
        [ "ROLE $account",   3, 1 ],
        [ "ROLE $account",   4, 0 ],
        [ 'DATABASE bounce', 2, 1 ],
        [ 'DATABASE bounce', 9, 0 ])
    {
        my ($what, $limit, $is_fault) = @$row;
        $stage->db->sql("ALTER $what CONNECTION LIMIT $limit;\n");
        $daemon->write_conf(%key);
        my ($status, $output) = check();
        is $status, $is_fault, "$what, $limit for 3 and a listener" or diag $output;
        my $named = qr{^FAULT\s+database\s.*have $limit connections and we need 4.*pool_size}m;
        is $output =~ $named ? 1 : 0, $is_fault, $is_fault ? 'is named' : 'is no fault';
        $stage->db->sql("ALTER $what CONNECTION LIMIT -1;\n");
    }
};

subtest 'files for others that cannot be written' => sub {
    for my $key (qw(state_file metrics_file)) {
        $daemon->write_conf($key => '/nowhere/file');
        my ($status, $output) = check();
        is $status, 0, "$key: no fault" or diag $output;
        like $output, qr{^warning\s+$key\s+/nowhere/file: No such file.*; without it, }m,
            'is named';
    }
    $daemon->write_conf(metrics_file => '/run/bounce-nowhere/metrics');
    unlike + (check())[1], qr/^warning\s+metrics/m, 'a folder that a service manager makes';
};

subtest 'nobody keeps house' => sub {
    my $named = qr/^warning\s+database\s+3 partitions .* are not there, .*bouncectl housekeeping/m;
    my $next  = $stage->db->value("SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') "
            . "+ interval '1 month', 'YYYYMM')");
    $daemon->write_conf;
    unlike + (check())[1], qr/partitions/, 'all months are there: not a word';
    $stage->db->sql(join '', map { "ALTER TABLE bounce.${_}_$next RENAME TO ${_}_away;\n" }
            qw(bounce bounce_message communication_log));
    my ($status, $output) = check();
    is $status, 0, 'the next month is missing: no fault' or diag $output;
    like $output, $named, 'and is named';
    $stage->db->sql(join '', map { "ALTER TABLE bounce.${_}_away RENAME TO ${_}_$next;\n" }
            qw(bounce bounce_message communication_log));
};

subtest 'a server that forgets when it crashes' => sub {
    like + (check())[1], qr/^warning\s+database\s+fsync or full_page_writes is off: .*; set both/m,
        'is named';
    my @setting = qw(fsync full_page_writes);
    $stage->db->sql("ALTER SYSTEM SET $_ = on;\n") for @setting;
    $stage->db->sql("SELECT pg_reload_conf();\n");
    my $is_on = "pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'on'";
    $instance->wait_for(60, sub { $stage->count($is_on) == @setting });
    unlike + (check())[1], qr/fsync/, 'one that does not is not';
    $stage->db->sql("ALTER SYSTEM RESET $_;\n") for @setting;
    $stage->db->sql("SELECT pg_reload_conf();\n");
};

subtest 'bounce-delivery' => sub {
    my %good = (
        conninfo  => $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT),
        user      => $instance->is_root ? $instance->daemon_user : '',
        rules_dir => $instance->rules_dir,
    );
    my $check = sub {
        my %key  = (%good, @_);
        my $conf = $instance->write_file('bounce-delivery.conf', join '',
            map { "$_ = $key{$_}\n" } sort keys %key);
        return $instance->run([ $daemon->program('bounce-delivery'), '-c', $conf, '--check' ],
            may_fail => 1);
    };
    my ($status, $output) = $check->();
    is $status, 0, 'a good configuration' or diag $output;
    like $output, qr/^ok\s+$_/m, "$_ is looked at" for qw(configuration rules database);
    like $output, qr/^ok\s+server\s+localhost:25: .*not asked/m,
        'the server is not asked, and that is said';
    ($status, $output)
        = $check->(username => 'us', starttls => 'verify', password_file => '/nonexistent');
    isnt $status, 0, 'a password that cannot be read';
    like $output, qr/^FAULT\s+server\s+password_file: /m, 'is named';
    my $secret = $instance->write_file('secret', "word\n");
    my %login  = (username => 'us', starttls => 'encrypt', auth_unverified => 'yes');
    for my $row ([ 0644, 1 ], [ 0604, 1 ], [ 0620, 1 ], [ 0600, 0 ], [ 0640, 0 ]) {
        my ($mode, $is_warned) = @$row;
        chmod $mode, $secret;
        ($status, $output) = $check->(%login, password_file => $secret);
        is $output =~ /^warning\s+server\s+password_file: /m ? 1 : 0, $is_warned,
            sprintf 'a password file with the rights %03o', $mode
            or diag $output;
    }
};

subtest 'a second init and migrate change nothing' => sub {
    my $schema = sub {
        $stage->db->sql(
            "SELECT version, name, sha256, applied_at FROM bounce.schema_migration ORDER BY 1;\n");
    };
    my $before = $schema->();
    for my $action (qw(init migrate check)) {
        my ($status, $output) = $daemon->bouncectl('db', $action, '--conninfo', $conninfo);
        is $status, 0, "$action: exit status" or diag $output;
    }
    is $schema->(), $before, 'the table of migrations is as it was';
};

subtest 'functions that are not those of the program' => sub {
    my $text = sub {
        $stage->db->value("SELECT pg_get_functiondef('bounce_internal.supersedes'::regproc)");
    };
    my $ours = $text->();
    $stage->db->sql(
        "DROP FUNCTION bounce_internal.hard_rate; UPDATE bounce.schema_functions SET sha256 = "
            . "repeat('0', 64);\n");
    my ($status, $output) = $daemon->bouncectl('db', 'check', '--conninfo', $conninfo);
    is $status, 1, 'check says so';
    like $output, qr/functions/, 'and names them';
    ($status, $output) = $daemon->bouncectl('db', 'migrate', '--conninfo', $conninfo);
    is $status,   0,     'migrate puts them back' or diag $output;
    is $text->(), $ours, 'the same as before';
    is $stage->db->value(
        "SELECT count(*) FROM pg_proc WHERE proname = 'hard_rate' AND proacl::text ~ '[{,]='"), 0,
        'and what is made new is nobody\'s';
    is code_of($daemon->bouncectl('db', 'check', '--conninfo', $conninfo)), 0, 'current again';
};

subtest 'rights that somebody has revoked' => sub {
    my $acl = sub {
        $stage->db->value("SELECT count(*) FROM pg_proc AS p, aclexplode(p.proacl) AS e WHERE "
                . "p.pronamespace = 'bounce'::regnamespace AND e.grantee = 'bounce_milter'::regrole"
        );
    };
    my $before = $acl->();
    my ($status, $output) = $daemon->bouncectl('db', 'migrate', '--conninfo', $conninfo);
    is $status, 0, 'none: migrate' or diag $output;
    unlike $output, qr/applied/, 'says that it had nothing to do';
    $stage->db->sql("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA bounce FROM bounce_milter;\n");
    $daemon->write_conf;
    ($status, $output) = check();
    is $status, 1, 'all of the milter\'s: --check' or diag $output;
    like $output, qr/permission denied .*: the account lacks rights; "bouncectl db migrate" gives/,
        'says what to do';
    ($status, $output) = $daemon->bouncectl('db', 'migrate', '--conninfo', $conninfo);
    is $status, 0, 'migrate' or diag $output;
    like $output, qr/^applied +rights$/m, 'says that it has given them back';
    is $acl->(), $before, 'all of them';
    is code_of(check()), 0, 'and the milter has what it needs';
};

subtest 'init twice at the same time' => sub {
    $stage->db->sql("CREATE DATABASE twice;\n", dbname => 'postgres');
    my $twice = $stage->db->conninfo(dbname => 'twice');
    my $init  = sub { ($daemon->bouncectl('db', 'init', '--conninfo', $twice))[0] == 0 };
    is Bounce::Process::in_parallel($init, $init),                       0, 'both succeed';
    is code_of($daemon->bouncectl('db', 'check', '--conninfo', $twice)), 0, 'the schema is there';
};

subtest 'a schema that is not known' => sub {
    my $start = sub {
        $daemon->write_conf;
        return $instance->run(
            [ 'timeout', 600, $daemon->program('bounce-milter'), '-c', $daemon->conf ],
            may_fail => 1);
    };
    $stage->db->sql("INSERT INTO bounce.schema_migration (version, name, sha256) "
            . "VALUES (9999, 'later', repeat('0', 64));\n");
    my ($status, $output) = $start->();
    is $status, 1, 'newer: the daemon refuses to start' or diag $output;
    isnt code_of($daemon->bouncectl('db', 'check', '--conninfo', $conninfo)), 0,
        'newer: bouncectl db check says so';
    isnt code_of($daemon->bouncectl('db', 'migrate', '--conninfo', $conninfo)), 0,
        'newer: migrate touches nothing';
    $stage->db->sql("DELETE FROM bounce.schema_migration WHERE version = 9999;\n");
    $stage->db->sql(
        "UPDATE bounce.schema_migration SET sha256 = repeat('0', 64) WHERE version = 57;\n");
    ($status, $output) = $start->();
    is $status, 1, 'a migration was changed: it refuses to start' or diag $output;
    $stage->db->sql("CREATE DATABASE empty;\n", dbname => 'postgres');
    $daemon->set(
        conninfo => $stage->db->conninfo(dbname => 'empty', user => Bounce::Daemon::ACCOUNT));
    ($status, $output) = $start->();
    is $status, 1, 'no schema: it refuses to start';
    like $output, qr/bouncectl db init/, 'and says what to run';
};

done_testing();
