# SPDX-License-Identifier: BSD-2-Clause
# bouncectl db check names what somebody has taken away from the roles of the schema and from the
# accounts of the daemons, and what to do; whoever does not own the schema is told that nobody has
# looked.
use Bounce::Test;
use JSON::PP;

my $stage  = stage(servers => 0);
my $daemon = $stage->daemon;
my $db     = $stage->db;
my @owner  = ('--conninfo', $db->conninfo);

sub ctl { my (@words) = @_; return $daemon->bouncectl(@words) }

is code_of(ctl(qw(db create --bounce-domain bounces.example.org), @owner)), 0, 'db create';
my ($status, $output) = ctl(qw(db check), @owner);
is $status, 0, 'nothing is missing' or diag $output;
unlike $output, qr/lacks|no member|rights/, 'and nothing is said';
my $lists = 'SELECT md5(string_agg(c.relacl::text, E\'\\n\' ORDER BY c.oid)) FROM pg_class AS c '
    . 'WHERE c.relnamespace = \'bounce\'::regnamespace';
my $before = $db->value($lists);

for my $row (
    [
        'EXECUTE on one function',
        'REVOKE EXECUTE ON FUNCTION bounce.milter_settings() FROM bounce_milter',
        qr/^bounce_milter lacks EXECUTE on bounce\.milter_settings\(\)$/m
    ],
    [
        'EXECUTE on all functions',
        'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA bounce FROM bounce_milter, bounce_operator',
        qr/^bounce_milter lacks EXECUTE on bounce\.\w+\(.*^and \d+ more$/ms
    ],
    [
        'a table',
        'REVOKE SELECT ON bounce.schema_migration FROM bounce_delivery',
        qr/^bounce_delivery lacks SELECT on bounce\.schema_migration$/m
    ],
    [
        'a column',
        'REVOKE UPDATE (state) ON bounce.delivery FROM bounce_application',
        qr/^bounce_application lacks UPDATE on column state of bounce\.delivery$/m
    ],
    [
        'the schema',
        'REVOKE USAGE ON SCHEMA bounce FROM bounce_console',
        qr/^bounce_console lacks USAGE on schema bounce$/m
    ],
    [
        'membership',
        'REVOKE bounce_delivery FROM bouncedelivery',
        qr/^bouncedelivery is no member of bounce_delivery$/m
    ],
    )
{
    my ($what, $sql, $expected) = @$row;
    $db->sql("$sql;\n");
    ($status, $output) = ctl(qw(db check), @owner);
    is $status, 1, "$what: is a fault";
    like $output, $expected, 'named' or diag $output;
    like $output, qr/"bouncectl db migrate" gives .*, "bouncectl db create" /, 'with what to do';
    ($status, $output) = ctl(qw(db check --json), @owner);
    my $missing = decode_json($output)->{missing_rights};
    like join("\n", @$missing, 'and 1 more'), $expected, 'and to programs';
    is code_of(ctl($what eq 'membership' ? qw(db create) : qw(db migrate), @owner)), 0, 'mended';
    is code_of(ctl(qw(db check), @owner)), 0, 'nothing is missing any more';
}
is $db->value($lists), $before, 'looking has changed nothing';

($status, $output)
    = ctl(qw(db check --conninfo), $db->conninfo(user => Bounce::Daemon::ACCOUNT));
is $status, 0, 'a daemon may ask for the version' or diag $output;
like $output, qr/rights: not looked at, ask as the owner of the schema/, 'and is told the rest';

finish();
