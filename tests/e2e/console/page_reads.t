# SPDX-License-Identifier: BSD-2-Clause
# What a page reads of the database does not grow with what was sent: the same pages, with seven
# times as many mails of the same days, processes and tasks. PostgreSQL counts the blocks that each
# statement has touched; time would depend on the machine. Today and yesterday, which may not be
# counted yet, have no mails. The documents are those of a month, and there are more of them.
use Bounce::Console;
use Bounce::Test;

use constant { FEW => 15_000, MANY => 100_000, DAYS => 60, TASKS => 200 };

my %page = (
    'Today'                  => '/',
    'Tasks'                  => '/tasks',
    'Tasks by domain'        => '/tasks?order=domain',
    'Tasks with some words'  => '/tasks?text=nonsense',
    'Documents'              => '/documents',
    'Letters'                => '/letters',
    'Queue'                  => '/queue',
    'A task'                 => '/task?id=LAST',
    'A preview'              => '/tasks/preview?way=dead&note=x&id=LAST',
    'A mail'                 => '/mail?id=LAST',
    'Search for a reference' => '/search?text=R-LAST',
    map { ("Figures by $_" => "/figures?by=$_") } qw(day week month class reason process),
);

my $tree  = Bounce::Instance::tree();
my $stage = stage(servers => 0);
my $db    = $stage->db;
$db->sql("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements';\n",
    dbname => 'postgres');
$db->stop;
$db->restart;
$db->sql("CREATE EXTENSION pg_stat_statements;\nDELETE FROM bounce.process;\n");
$db->sql("CREATE DATABASE many TEMPLATE bounce;\n", dbname => 'postgres');
my %few  = touched(bounce => FEW);
my %many = touched(many   => MANY);

# An index of a larger table may be a level higher.
use constant LEVELS => 4;
for my $name (sort keys %page) {
    my $most = $name eq 'Documents' ? 6 : 1.3;
    cmp_ok $many{$name}, '<', $most * $few{$name} + LEVELS,
        "$name: $many{$name} blocks, with fewer mails $few{$name}";
}
cmp_ok $few{'A preview'}, '<', $few{'A task'}, 'a preview reads no task but its own';
finish();

# The blocks that the statements of each page have touched, after some that have filled the caches.
# From the sixth time on PostgreSQL may plan for all values at once; a search then asks ten indexes,
# each of which may be a level higher, and is asked for twice only. Every ten seconds a page asks
# as well whether the account is still what it was, whichever page it is: that is left out.
sub touched {
    my ($dbname, $rows) = @_;
    $db->sql(
        "\\i $tree/tests/bench/$_.sql\n",
        dbname  => $dbname,
        rows    => $rows,
        days    => DAYS,
        age     => 2,
        tasks   => TASKS,
        known   => 10,
        domains => 400
    ) for qw(db console);
    my $console = Bounce::Console->new($stage,
        conninfo => $db->conninfo(user => 'bounce_daemon', dbname => $dbname));
    $console->person("eva-$dbname" => 'bounce_clerk')->start;
    my $eva  = $console->visitor->log_in("eva-$dbname");
    my %seen = map { ($_ => blocks($dbname, $eva, $page{$_}, $rows, /^Search/ ? 2 : 7)) }
        sort keys %page;
    $console->stop;
    return %seen;
}

sub blocks {
    my ($dbname, $eva, $path, $rows, $rounds) = @_;
    my $last = $rows - $rows % 23;
    $path =~ s/LAST/$last/;
    for my $round (1 .. $rounds) {
        $db->sql("SELECT pg_stat_statements_reset();\n", dbname => $dbname);
        my $page = $eva->get($path);
        $page->{status} =~ /^(200|303)$/ or die "$path: $page->{status}\n$page->{content}";
    }
    return $db->value(<<'END', dbname => $dbname);
SELECT coalesce(sum(s.shared_blks_hit + s.shared_blks_read), 0)
FROM pg_stat_statements AS s JOIN pg_roles AS r ON r.oid = s.userid
WHERE r.rolname LIKE 'eva-%' AND s.query NOT LIKE '%AS may\_log\_in%'
END
}
