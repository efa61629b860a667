# SPDX-License-Identifier: BSD-2-Clause
# bouncectl db create makes everything that the database needs, in one step and as often as you
# like: database, schema, login roles in their groups, the two parameters that everybody sets.
use Bounce::Test;

my $stage  = stage(servers => 0);
my $daemon = $stage->daemon;
my $db     = $stage->db;

my $name     = q('it\\'s "mine"');
my $conninfo = $db->conninfo(dbname => $name);

sub create {
    my (@option) = @_;
    my ($status, $output) = $daemon->bouncectl(qw(db create), @option, '--conninfo', $conninfo);
    is $status, 0, "db create @option" or diag $output;
    return;
}

sub parameter {
    my ($parameter) = @_;
    return $db->value("SELECT value FROM bounce.system_parameter WHERE name = '$parameter'",
        dbname => $name);
}

create(qw(--bounce-domain bounces.example.org --operator-mailbox me@example.org));
is $db->value('SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname ='
        . ' current_database()', dbname => $name), 'UTF8', 'the database';
is parameter('bounce_domain'),    'bounces.example.org', 'bounce_domain';
is parameter('operator_mailbox'), 'me@example.org',      'operator_mailbox';
my %group = (milter => 'milter', fetch => 'milter', delivery => 'delivery');
for (sort keys %group) {
    is $db->value("SELECT rolcanlogin AND pg_has_role(oid, 'bounce_$group{$_}', 'MEMBER')"
            . " FROM pg_roles WHERE rolname = 'bounce$_'"), 't', "the role bounce$_";
}
create(qw(--bounce-domain other.example.org));
is parameter('bounce_domain'),    'other.example.org', 'a second time: what is given';
is parameter('operator_mailbox'), 'me@example.org',    'and nothing else';

finish();
