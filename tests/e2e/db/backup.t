# SPDX-License-Identifier: BSD-2-Clause
# Moving to another host: the database is dumped with mails and bounces in it and restored, as
# doc/high-availability.md says. The copy has the same rows, is a schema that the programs know, and
# goes on: what was recorded before is known there, and what comes is recorded.
use Bounce::Test;

my $stage    = stage();
my $instance = $stage->instance;
my $db       = $stage->db;
my @letter
    = map { $stage->register(process => 'invoice', to => ["anna\@customer$_.example"]) } 1, 2;
my $mail     = $stage->report('postfix-user-unknown', $letter[0]);
my @send     = (from => '', to => [ values %{ $letter[0]{return_path} } ], mail => $mail);
is code_of($stage->smtp->send(@send)), 250, 'a bounce is recorded';

my $dump = $instance->make_dir('dump', user => $instance->server_user) . '/bounce.dump';
my @as   = (user => $instance->server_user);
ok $stage->daemon->stop, 'the daemon is stopped: the MTA keeps the mail';
$instance->run([ 'pg_dump', '-Fc', '-f', $dump, '-d', $db->conninfo ], @as);
$db->sql("CREATE DATABASE moved;\n", dbname => 'postgres');
my $moved = $db->conninfo(dbname => 'moved');
my ($status, $output)
    = $instance->run([ 'pg_restore', '--exit-on-error', '-d', $moved, $dump ], @as, may_fail => 1);
is $status, 0, 'restored' or diag $output;

# Every row of every table.
sub content {
    my ($dbname) = @_;
    return $db->sql(<<'SQL', dbname => $dbname);
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text)) '
  'FROM %s AS t', c.oid::regclass, c.oid::regclass)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname LIKE 'bounce%' AND c.relkind = 'r' ORDER BY c.oid::regclass::text
\gexec
SQL
}

is content('moved'), content('bounce'), 'with the same rows';
($status, $output) = $stage->daemon->bouncectl('db', 'check', '--conninfo', $moved);
is $status, 0, 'and a schema that the programs know' or diag $output;

$stage->daemon->set(
    conninfo => $db->conninfo(dbname => 'moved', user => Bounce::Daemon::ACCOUNT));
$stage->daemon->start;
is code_of($stage->smtp->send(@send)),                          250, 'the daemon goes on there';
is code_of($stage->bounce('postfix-user-unknown', $letter[1])), 250, 'with the next bounce too';
is $db->sql("SELECT count(*) FROM bounce.bounce;\n", dbname => 'moved') + 0, 2,
    'which is recorded, and what was known is not recorded again';

finish();
