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

$mta->write('/etc/hosts',            "127.0.0.1 localhost\n192.0.2.1 mx.example.org mx\n");
$mta->write('/etc/mail/mailertable', "bounces.example.org\tbounces:bounces.example.org\n");

# What --check says; access: the access map, as everybody may read it.
sub check {
    my (%case) = @_;
    local $_ = $mc;
    $case{mc}->() if $case{mc};
    $mta->write('/etc/mail/sendmail.mc', $_);
    $mta->write('/etc/mail/access',      $case{access} // '');
    $mta->run('sh', '-c', <<'END');
set -e
cd /etc/mail
m4 sendmail.mc >sendmail.cf
for map in mailertable access; do /usr/libexec/sendmail/makemap hash $map <$map; done
chown -R root:root .
chmod a+r *.db
END
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
