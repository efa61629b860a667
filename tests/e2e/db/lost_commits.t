# SPDX-License-Identifier: BSD-2-Clause
# A failover without synchronous replication, as doc/high-availability.md says: the leader dies with
# commits that its standby never got. The MTA's archive brings the bounces back, each once, and no
# number of what is lost is given to something else.
use Bounce::Test;

my $stage    = stage();
my $instance = $stage->instance;
my $db       = $stage->db;
my $standby  = Bounce::Postgres->standby($db);
$db->sql("ALTER SYSTEM RESET synchronous_standby_names;\n");
$db->sql("SELECT pg_reload_conf();\n");
$stage->daemon->stop;
$stage->daemon->set(
    conninfo => $db->conninfo_of_leader($standby, user => Bounce::Daemon::ACCOUNT));
$stage->daemon->start;
$stage->parameter(deliver_stored => 'on');

my @letter = map { $stage->register(process => 'invoice', to => ["k$_\@customer.example"]) } 1, 2;
is code_of($stage->bounce('postfix-user-unknown', $letter[0])), 250, 'one that the standby gets';
my $end = $db->value('SELECT pg_current_wal_lsn()');
my $has_it = sub { $standby->value("SELECT pg_last_wal_replay_lsn() >= '$end'") eq 't' };
ok $stage->wait_for(60, $has_it), 'it has it';

$standby->sql("ALTER SYSTEM SET primary_conninfo = '';\n");
$standby->sql("SELECT pg_reload_conf();\n");
my $is_cut = sub { $standby->value('SELECT count(*) FROM pg_stat_wal_receiver') == 0 };
ok $stage->wait_for(60, $is_cut), 'the wire is cut';
is code_of($stage->bounce('postfix-user-unknown', $letter[1])), 250, 'one that it never gets';
# more than the 32 numbers by which PostgreSQL's log runs ahead of a sequence
$db->sql(<<'SQL');
SELECT count(bounce.register_communication(process => 'invoice', status => 'sent',
               recipients => ARRAY['lost' || n || '@customer.example']))
FROM generate_series(1, 40) AS n;
SQL
my $lost = $stage->register(process => 'invoice', to => ['lost@customer.example']);
is code_of($stage->bounce('postfix-user-unknown', $lost)), 250, 'and one of a mail that is lost';
$stage->wait_for(60, sub { 3 == (() = $stage->mta->mailbox('bounces')) });
my @archive = map { $_->[1] } $stage->mta->mailbox('bounces');
is scalar @archive, 3, 'the MTA keeps all three';

$db->crash;
$standby->promote;
$db->follow($standby);
is $stage->recipient($letter[0])->{state}, 'bounced', 'the new leader has what it got';
is $stage->recipient($letter[1])->{state}, 'sent',    'and knows nothing of the other';

# the two commands of the page
my ($statement) = join('', $instance->read_lines(
    Bounce::Instance::tree() . '/doc/high-availability.md')) =~ /^( +SELECT setval.*?;)$/ms;
$db->sql($statement);
my $next = $stage->register(process => 'invoice', to => ['next@customer.example']);
cmp_ok $next->{id}, '>', $lost->{id}, 'no number is given out again';
my $file = $instance->write_file('archive',
    join "\n", map { "From MAILER-DAEMON Sat Nov 28 12:00:00 2026\n$_" } @archive);
my @intake = ('intake', $file, '--conninfo', $db->conninfo,
    '--rules', $instance->rules_dir);
for my $time ('once', 'again') {
    my ($status, $output) = $stage->daemon->bouncectl(@intake);
    is $status, 0, "the archive is taken in, $time" or diag $output;
    is $stage->recipient($letter[1])->{state}, 'bounced', 'what was lost is there';
    is $stage->is_blocked('k2@customer.example'), 1, 'and blocked';
    is scalar(my @all = $stage->bounces($_)), 1, 'once' for @letter;
    is $stage->recipient($next)->{state}, 'sent', 'a mail of later is not taken for the lost one';
    is $stage->count('bounce.bounce'), 3, 'all bounces are there';
}
is code_of($stage->bounce('postfix-user-unknown', $next)), 250, 'the milter goes on there';
is $stage->recipient($next)->{state}, 'bounced', 'with the next bounce';

finish();
