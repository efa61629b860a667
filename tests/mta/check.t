# SPDX-License-Identifier: BSD-2-Clause
# bounce-milter --check at a real Sendmail whose configuration is broken: each break is named, and
# so is what to do; where Postfix is there as well, the one that runs is looked at.
use Bounce::Daemon;
use Bounce::Test;
use Bounce::Unpacked;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
plan skip_all => 'root and mounts are needed' unless Bounce::Unpacked->is_possible($instance);
$stage->daemon->set(rules_dir => $stage->one_rule);
$stage->daemon->start;

my $mta = Bounce::Unpacked->new($instance, "$ENV{MTA}/sendmail",
    accounts => 'smmta smmsp bouncemilter');
my $socket = $stage->daemon->milter_socket;

# What Debian has, and our recipe with the socket of here.
my $recipe = join '',
    $instance->read_lines(Bounce::Instance::tree() . '/etc/sendmail/bounce-milter.mc');
$recipe =~ s{S=unix:/run/bounce-milter/socket}{S=$socket} or die "the recipe has no socket\n";
$recipe =~ s{P=/usr/local/bin/bouncectl}{P=@{[$stage->daemon->program('bouncectl')]}}
    or die "the recipe has no mailer\n";
my $mc = <<'END' . $recipe;
divert(-1)
include(`/usr/share/sendmail/cf/m4/cf.m4')
divert(0)dnl
OSTYPE(`debian')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confDOMAIN_NAME', `mx.example.org')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`mailertable')dnl
FEATURE(`access_db')dnl
FEATURE(`blocklist_recipients')dnl
RELAY_DOMAIN(`bounces.example.org')dnl
DAEMON_OPTIONS(`Name=MTA')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
END

$mta->write('/etc/hosts', "127.0.0.1 localhost\n192.0.2.1 mx.example.org mx\n");

# What --check says; access, mailertable, virtusertable: what they have; late: a file of which
# nothing was made any more. Maps are closed to our account, as Debian has them.
sub check {
    my (%case) = @_;
    local $_ = $mc;
    $case{mc}->() if $case{mc};
    $mta->write('/etc/mail/sendmail.mc', $_);
    $mta->write("/etc/mail/$_", $case{$_} // '') for qw(access virtusertable);
    $mta->write('/etc/mail/mailertable',
        $case{mailertable} // "bounces.example.org\tbounces:bounces.example.org\n");
    $mta->run('sh', '-c', <<'END');
set -e
cd /etc/mail
m4 sendmail.mc >sendmail.cf
for map in mailertable access virtusertable; do
    /usr/libexec/sendmail/makemap hash $map <$map
done
chown -R root:root .
chmod 640 *.db
install -d /var/spool/mqueue
END
    $mta->run('touch', '-d', '1 hour', "/etc/mail/$case{late}") if $case{late};
    my @command = ($stage->daemon->program('bounce-milter'), '--check', '-c', $stage->daemon->conf);
    return $instance->run([ @{ $mta->{inside} }, @command ], may_fail => 1);
}

my ($status, $output) = check();
is $status, 0, 'as the recipe has it' or diag $output;
like $output,   qr/^ok\s+Sendmail\s+hands us/m,     'Sendmail is looked at';
unlike $output, qr/^(?:warning|FAULT)\s+Sendmail/m, 'and nothing is said of it';

for my $row (
    [
        'commas between timeouts',
        { mc => sub { s/T=C:30s;S:30s/T=C:30s,S:30s/ } },
        qr{sendmail.cf: line \d+: Xbounce-milter: `=' expected: Sendmail does not start; mend}
    ],
    [
        'a filter twice',
        { mc => sub { $_ .= "INPUT_MAIL_FILTER(`bounce-milter', `S=unix:/run/x, F=T')dnl\n" } },
        qr{duplicate filter definition.*: Sendmail does not start; mend}
    ],
    [
        'a key in small letters',
        { mc => sub { s/`S=unix/`s=unix/ } },
        qr{unknown filter equate s=: Sendmail does not start; mend}
    ],
    [
        'a domain that is not relayed',
        { mc => sub { s/^RELAY_DOMAIN.*\n//m } },
        qr{RCPT TO:<\S+> .* "550 Relaying denied", .*; write RELAY_DOMAIN\(`bounces.example.org'}
    ],
    [
        'a domain that is refused',
        { access => "To:bounces.example.org\tREJECT\n" },
        qr{RCPT TO:<\S+> .* "550 Mailbox disabled .*; .*, and look at the access map}
    ],
    [
        'a map that refuses',
        { mailertable => "bounces.example.org\terror:nouser No such\n" },
        qr{mail for bounces.example.org is refused: a map answers "error:nouser No such"; take}
    ],
    [
        'a map of users that refuses',
        {
            mc => sub {
                s/^MAILER/FEATURE(`virtusertable')dnl\nVIRTUSER_DOMAIN(`bounces.example.org')\n$&/m;
            },
            virtusertable => "\@bounces.example.org\terror:nouser no\n"
        },
        qr{is refused: a map answers "error:no"; take}
    ],
    [
        'a typing error in the mailertable',
        { mailertable => "bounces.example.org\tbounce:bounces.example.org\n" },
        qr{is refused: it goes to the mailer bounce, which no line defines; write}
    ],
    [
        'bouncectl is elsewhere',
        { mc => sub { s{P=/[^,]+/bouncectl}{P=/nowhere/bouncectl} } },
        qr{the mailer bounces runs /nowhere/bouncectl, which cannot be run, .*; write}
    ],
    [
        'an envelope that is masqueraded',
        {
            mc => sub {
                s/^MAILER/MASQUERADE_AS(`example.org')dnl
FEATURE(`masquerade_envelope')dnl
FEATURE(`masquerade_entire_domain')dnl
MASQUERADE_DOMAIN(`example.org')dnl\n$&/m;
            }
        },
        qr{a mail of ours leaves with the sender bounce\S+\@example.org instead of .*; leave}
    ],
    [
        'no room',
        { mc => sub { s/^MAILER/define(`confMIN_FREE_BLOCKS', `9000000000000')dnl\n$&/m } },
        qr{/var/spool/mqueue has \d+ blocks left, so all mail is put off: .*; make room}
    ],
    [
        'a sender that is refused',
        {
            mc => sub {
                $_
                    .= 'LOCAL_RULESETS'
                    . "\nSLocal_check_mail\n"
                    . qq{R<>\t\$#error \$@ 5.7.1 \$: "550 no bounces, please"\n};
            }
        },
        qr{MAIL FROM:<> .* "550 no bounces, please", .*; let the null sender in}
    ],
) {
    my ($what, $case, $expected) = @$row;
    ($status, $output) = check(%$case);
    is $status, 1, "$what: exit status";
    like $output, qr/^FAULT\s+Sendmail\s+.*$expected/m, "$what: is named, and what to do"
        or diag $output;
}

for my $row (
    [
        'a domain of its own',
        { mc => sub { s/^(RELAY)_DOMAIN/LOCAL_DOMAIN/m } },
        qr{bounces.example.org is of this machine's own \(class w\), .*; take it out of}
    ],
    [
        'a mailertable without the domain',
        { mailertable => "other.example.org\tbounces:bounces.example.org\n" },
        qr{its own reports do not reach us: mail for \S+ goes to the mailer esmtp instead of}
    ],
    [
        'makemap is forgotten',
        { late => 'mailertable' },
        qr{/etc/mail/mailertable is newer than \S+mailertable.db, which .*; makemap hash}
    ],
    [ 'm4 is forgotten', { late => 'sendmail.mc' }, qr{sendmail.mc is newer than .*; make -C} ],
    [
        'a load that every machine has',
        { mc => sub { s/^MAILER/define(`confREFUSE_LA', `1')dnl\n$&/m } },
        qr{refuses every client while the load is 1 or more .*; in sendmail.mc}
    ],
    [
        'one client at a time',
        { mc => sub { s/^MAILER/define(`confMAX_DAEMON_CHILDREN', `1')dnl\n$&/m } },
        qr{refuses every client while 1 are connected .*; in sendmail.mc}
    ],
    [
        'a client in a second',
        { mc => sub { s/^MAILER/define(`confCONNECTION_RATE_THROTTLE', `1')dnl\n$&/m } },
        qr{lets 1 clients in a second connect, and all others wait .*; in sendmail.mc}
    ],
    [
        'a client in a minute',
        {
            mc     => sub { s/^MAILER/FEATURE(`ratecontrol')dnl\n$&/m },
            access => "ClientRate:\t1\n"
        },
        qr{has ClientRate: 1: a mail system that connects more often .*; write ClientRate: 0}
    ],
    [
        'another port',
        { mc => sub { s/Name=MTA/Name=MTA, Port=2525/ } },
        qr{DaemonPortOptions have no port 25, .*; in sendmail.mc}
    ],
    [
        'a filter in front that is away',
        {
            mc => sub {
                s/^(INPUT_MAIL)/INPUT_MAIL_FILTER(`spam', `S=unix:\/run\/spam, F=T')dnl\n$1/m;
            }
        },
        qr{the socket of another filter, spam, is not there, so all mail is put off, .*; start}
    ],
) {
    my ($what, $case, $expected) = @$row;
    ($status, $output) = check(%$case);
    is $status, 0, "$what may be intended";
    like $output, qr/^warning\s+Sendmail\s+.*$expected/m, 'and is named' or diag $output;
}

for my $row (
    [ 'another name of the socket', sub { s{S=unix:(.*)/milter/}{S=local:$1/milter/../milter/} } ],
    [
        'submission without filters, and another filter that lets pass',
        sub {
            s/^DAEMON_OPTIONS/DAEMON_OPTIONS(`Name=MSA, Port=587, M=Ea, InputMailFilters=')\n$&/m;
            s/^INPUT_MAIL/INPUT_MAIL_FILTER(`spam', `S=inet:8891\@localhost, F=')dnl\n$&/m;
        }
    ],
    [
        'other domains that are masqueraded',
        sub {
            s/^MAILER/MASQUERADE_AS(`example.org')\nFEATURE(`masquerade_envelope')
MASQUERADE_DOMAIN(`apps.example.org')\n$&/m;
        }
    ],
) {
    my ($what, $mc) = @$row;
    ($status, $output) = check(mc => $mc);
    is $status, 0, "$what: no fault" or diag $output;
    unlike $output, qr/^(?:warning|FAULT)\s+Sendmail/m, "$what: and nothing is said"
        or diag $output;
}

# It gives root's rights up.
($status, $output) = check(mc => sub { s/^MAILER/define(`confRUN_AS_USER', `smmsp')dnl\n$&/m });
is $status, 1, 'an account that may not use the socket';
like $output, qr/^FAULT\s+socket\s+Sendmail's account smmsp cannot enter .*; give/m, 'is named'
    or diag $output;
like $output, qr/^warning\s+Sendmail\s+RunAsUser = smmsp: .*, not as bouncemilter, .*; in sendm/m,
    'and that it becomes no other' or diag $output;

# Both: the one whose process is there.
$mta->write('/etc/postfix/main.cf',   "compatibility_level = 3.6\n");
$mta->write('/etc/postfix/master.cf', '');
($status, $output) = check();
like $output, qr/^warning\s+Postfix\s+Sendmail is there as well, but not running/m,
    'Postfix is meant';
unlike $output, qr/^\w+\s+Sendmail/m, 'and Sendmail not looked at' or diag $output;
$mta->run(qw(install -d /run/sendmail/mta));
$mta->write('/run/sendmail/mta/sendmail.pid', "$$\n/usr/sbin/sendmail-mta -bd\n");
($status, $output) = check();
is $status, 0, 'Sendmail runs' or diag $output;
like $output, qr/^warning\s+Postfix\s+not looked at: it is not running, but Sendmail is/m,
    'Postfix is not looked at';
like $output, qr/^ok\s+Sendmail\s+hands us/m, 'and Sendmail is';
$mta->run(qw(install -d /var/spool/postfix/pid));
$mta->write('/var/spool/postfix/pid/master.pid', sprintf "%15d\n", $$);
($status, $output) = check();
is $status, 1, 'both run, and one does not reach us' or diag $output;
like $output, qr/^warning\s+Postfix\s+it and Sendmail are running, and both are looked at/m,
    'both are looked at';
like $output, qr/^FAULT\s+Postfix/m,          'Postfix';
like $output, qr/^ok\s+Sendmail\s+hands us/m, 'and Sendmail';

done_testing();
