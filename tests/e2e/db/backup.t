# SPDX-License-Identifier: BSD-2-Clause
# Moving to another host: the database is dumped with mails and bounces in it and restored in
# another cluster, by the commands of doc/high-availability.md. The copy has the same rows and
# rights, is a schema that the programs know, and goes on: what was recorded before is known there,
# what comes is recorded, and what was lost with a backup comes back from the MTA's archive.
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;
use Bounce::Test;

my $stage    = stage();
my $instance = $stage->instance;
my $db       = $stage->db;
my @letter
    = map { $stage->register(process => 'invoice', to => ["anna\@customer$_.example"]) } 1 .. 3;
my $mail     = $stage->report('postfix-user-unknown', $letter[0]);
my @send     = (from => '', to => [ values %{ $letter[0]{return_path} } ], mail => $mail);
is code_of($stage->smtp->send(@send)), 250, 'a bounce is recorded';
$db->sql(<<'END');
CREATE ROLE billing LOGIN IN ROLE bounce_application;
SELECT bounce.give_process('invoice', 'billing', 'test');
END

# --- the page, command by command -----------------------------------------------------------
my $folder = $instance->make_dir('dump', user => $instance->server_user);
my ($page) = join('', $instance->read_lines(
    Bounce::Instance::tree() . '/doc/high-availability.md'))
    =~ /^## Backup, restore, another host\n(.*?)^## /ms;
my @command = $page =~ /^ {4}(.+)$/mg;
is scalar @command, 4, 'two commands to back up, two to restore';

sub runs {
    my ($server, @line) = @_;
    for my $line (@line) {
        my ($status, $output) = $instance->run(
            [ 'sh', '-c', "cd '$folder' && $line" ],
            user     => $instance->server_user,
            env      => { $server->environment(dbname => 'postgres') },
            may_fail => 1
        );
        is $status, 0, $line or diag $output;
    }
    return;
}

ok $stage->daemon->stop, 'the daemon is stopped: the MTA keeps the mail';
runs($db, @command[ 0, 1 ]);
my $there = Bounce::Postgres->new(Bounce::Instance->new(name => "check-$$-there"))->start;
runs($there, @command[ 2, 3 ]);

# Every row of every table, and who may do what.
sub content {
    my ($server) = @_;
    return $server->sql(<<'SQL');
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text)) '
  'FROM %s AS t', c.oid::regclass, c.oid::regclass)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname LIKE 'bounce%' AND c.relkind = 'r' ORDER BY c.oid::regclass::text
\gexec
SELECT o.what, a.grantee::regrole::text, a.privilege_type
FROM (SELECT c.oid::regclass::text AS what, c.relowner AS owner, c.relacl AS acl FROM pg_class AS c
      WHERE c.relnamespace::regnamespace::text LIKE 'bounce%'
      UNION ALL
      SELECT p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
      FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text LIKE 'bounce%'
      UNION ALL
      SELECT d.datname, d.datdba, coalesce(d.datacl, acldefault('d', d.datdba))
      FROM pg_database AS d WHERE d.datname = 'bounce') AS o, LATERAL aclexplode(o.acl) AS a
WHERE a.grantee <> o.owner ORDER BY 1, 2, 3;
SELECT m.roleid::regrole, m.member::regrole FROM pg_auth_members AS m
ORDER BY m.roleid::regrole::text, m.member::regrole::text;
SQL
}

is content($there), content($db), 'the same rows and rights';
my ($status, $output) = $stage->daemon->bouncectl('db', 'check', '--conninfo', $there->conninfo);
is $status, 0, 'and a schema that the programs know' or diag $output;

$stage->daemon->set(conninfo => $there->conninfo(user => Bounce::Daemon::ACCOUNT));
$stage->daemon->start;
sub recorded { return $there->value('SELECT count(*) FROM bounce.bounce') }
is code_of($stage->smtp->send(@send)),                          250, 'the daemon goes on there';
is code_of($stage->bounce('postfix-user-unknown', $letter[1])), 250, 'with the next bounce too';
is recorded(), 2, 'which is recorded, and what was known is not recorded again';

# --- back to that backup ----------------------------------------------------------------------
my $after = $stage->report('postfix-user-unknown', $letter[2]);
$stage->smtp->send(from => '', to => [ values %{ $letter[2]{return_path} } ], mail => $after);
is recorded(), 3, 'a bounce after the backup';
ok $stage->daemon->stop, 'the daemon stops';
$there->sql("DROP DATABASE bounce;\n", dbname => 'postgres');
runs($there, $command[3]);
is recorded(), 1, 'the backup is restored, and knows nothing of it';
my $archive = $instance->write_file('archive', "From MAILER-DAEMON Sat Nov 28 12:00:00 2026\n"
        . "Delivered-To: " . (values %{ $letter[2]{return_path} })[0] . "\n$after");
for my $time ('once', 'again') {
    ($status, $output) = $stage->daemon->bouncectl('intake', $archive, '--conninfo',
        $there->conninfo, '--rules', $instance->rules_dir);
    is $status, 0, "the MTA's archive is taken in, $time" or diag $output;
    is recorded(), 2, 'and what was lost is there, once';
}

finish();
