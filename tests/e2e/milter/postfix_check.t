# SPDX-License-Identifier: BSD-2-Clause
# bounce-milter --check follows every way of a bounce through a real Postfix's configuration, as
# Debian ships it with our examples, and names each break of it and what to do.
use Bounce::Test;
use Bounce::MilterCheck qw(with_option);
use IO::Socket::INET;
use IO::Socket::UNIX;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $daemon   = $stage->daemon;
my $wiring   = Bounce::MilterCheck->new($stage);
my $queue    = $wiring->queue;
my $socket   = $wiring->socket;

sub check { return $wiring->check(@_) }

sub as_comment { my ($service) = @_; return sub { s/^($service +unix)/#$1/m or die } }

my $own_name = 'milter_macro_daemon_name=bounce-internal';
my $ours     = Bounce::MilterCheck::OURS;
my $port     = $instance->free_port;
my $listen
    = sub { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 5) };
my $inet    = "inet:$port\@127.0.0.1";
my $cleanup = qr{FAULT\s+Postfix\s+bounce-cleanup/unix};

my $domain  = Bounce::MilterCheck::DOMAIN;
my $parent  = $domain =~ s/^[^.]+\.//r;
my %nowhere = (virtual_mailbox_domains => '');
my $refused = qr{FAULT\s+Postfix\s+mail for the bounce domain \Q$domain\E is refused: .*; write it};

my @good = (
    [ 'the examples' => () ],
    [
        'another filter with "accept" beside ours' => (
            main => { smtpd_milters => "{ inet:localhost:8892, default_action=accept } $ours" })
    ],
    [
        'another filter, and "accept" for it in main.cf' => (
            main => {
                milter_default_action => 'accept',
                smtpd_milters         => "inet:localhost:8892, $ours",
                non_smtpd_milters     => 'inet:localhost:8892'
            })
    ],
    [
        'two of ours, each for a bounce domain of its own' => (
            main   => { smtpd_milters => "$ours, { unix:other/socket, default_action=tempfail }" },
            master => sub {
                s[-o non_smtpd_milters=unix:bounce-milter/socket]
                 [-o { non_smtpd_milters = unix:other/socket, unix:bounce-milter/socket }];
            })
    ],
    [
        'a variable, and the absolute name of the socket outside a chroot' => (
            main   => { our_filter => $ours, smtpd_milters => '$our_filter' },
            master => sub { s{non_smtpd_milters=\S+}{non_smtpd_milters=unix:$socket} })
    ],
    [
        'submission without filters' => (
            master => sub { $_ .= "submission inet n - y - - smtpd\n  -o smtpd_milters=\n" })
    ],
    [
        'postscreen before smtpd' => (
            master => sub {
                s/^smtp +inet .*\n/smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n/m;
            })
    ],
    [
        'a content filter, and TLS for whoever wants to relay' => (
            main => {
                content_filter           => 'scan:[127.0.0.1]:10024',
                smtpd_client_restrictions => 'permit_auth_destination, reject_plaintext_session'
            },
            master => sub { $_ .= "scan unix - - n - - smtp\n" })
    ],
    [
        'an inet socket' => (
            conf   => { socket        => $inet },
            main   => { smtpd_milters => "{ inet:127.0.0.1:$port, default_action=tempfail }" },
            master => sub { s{unix:bounce-milter/socket}{inet:127.0.0.1:$port} })
    ],
    [
        'a service of its own for the bounce domain' => (
            main   => { smtpd_milters => '' },
            master => sub {
                $_ .= "127.0.0.1:10025 inet n - y - - smtpd\n" . "  -o { smtpd_milters = $ours }\n";
            })
    ],
    [
        'the bounce domain in a table' => (
            main => {
                virtual_mailbox_domains => "inline:{ { $domain = any }, { b.example = c } }"
            })
    ],
    [
        'the bounce domain in a file' => (
            main => {
                %nowhere,
                local_recipient_maps => '',
                mydestination        =>
                    $instance->write_file('domains', "# ours\nother.example\n$domain\n") })
    ],
    [
        'the bounce domain handed on by a transport' => (
            main => {
                %nowhere,
                relay_domains  => $parent,
                transport_maps => "inline:{ { $domain = smtp:[127.0.0.1]:10025 } }"
            })
    ],
);
for my $case (@good) {
    my ($name,   %case)   = @$case;
    my ($status, $output) = check(%case);
    is $status, 0, "no fault: $name" or diag $output;
    unlike $output, qr/^FAULT/m, "and none is named: $name";
    my $is_tried = $instance->is_root || $name =~ /inet/ ? 1 : 0;
    is $output =~ /not tried as Postfix's account/ ? 0 : 1, $is_tried,
        "tried as Postfix does where one can be root: $name";
}

# [what is broken, the case, what --check says]
my @broken = (
    [ 'the bounce domain in no list', { main => {%nowhere} }, $refused ],
    [
        'a typing error in the bounce domain',
        { main => { virtual_mailbox_domains => "x$domain" } },
        $refused
    ],
    [
        'the parent of the bounce domain only, where that does not count',
        { main => { %nowhere, mydestination => $parent } },
        $refused
    ],
    [
        'the bounce domain left out of a list',
        { main => { %nowhere, relay_domains => "!$domain, $parent" } }, $refused
    ],
    [
        'a transport alone',
        { main => { %nowhere, transport_maps => "inline:{ { $domain = smtp:[127.0.0.1] } }" } },
        $refused
    ],
    [
        'a table without the bounce domain',
        { main => { virtual_mailbox_domains => 'inline:{ { other.example = any } }' } }, $refused
    ],
    [
        'master.cf is the stock one',
        { stock => 1 },
        qr{reports that bounce/unix makes never reach us; .*internal_mail_filter_classes=bounce}
    ],
    [
        'no smtpd_milters',
        { main => { smtpd_milters => '' } },
        qr{come to smtp/inet never reach us: main.cf: smtpd_milters is empty; write smtpd_milters}
    ],
    [
        'a typing error in the socket',
        { main => { smtpd_milters => '{ unix:bounce-milter/sockte, default_action=tempfail }' } },
        qr{unix:bounce-milter/sockte is not our socket; write .*unix:bounce-milter/socket,}
    ],
    [
        'another port',
        {
            conf   => { socket        => $inet },
            main   => { smtpd_milters => 'inet:127.0.0.1:1' },
            master => sub { s{unix:bounce-milter/socket}{inet:127.0.0.1:$port} }
        },
        qr{inet:127.0.0.1:1 is not our socket; write .*inet:127.0.0.1:$port,}
    ],
    [
        'an -o smtpd_milters=',
        { master => with_option('smtp +inet', 'smtpd_milters=') },
        qr{never reach us: master.cf, -o of smtp/inet: smtpd_milters is empty; remove that -o}
    ],
    [
        'an -o smtpd_milters= of the smtpd behind postscreen',
        {
            master => sub {
                s/^smtp +inet .*\n/smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n/m;
                with_option('smtpd pass', 'smtpd_milters=')->();
            }
        },
        qr{come to smtpd/pass never reach us: master.cf, -o of smtpd/pass}
    ],
    [
        'a variable that the service sets otherwise',
        {
            main   => { our_filter => $ours, smtpd_milters => '$our_filter' },
            master => with_option('smtp +inet', 'our_filter=')
        },
        qr{come to smtp/inet never reach us: main.cf: smtpd_milters is empty}
    ],
    [
        'milter_default_action = accept in main.cf',
        {
            main =>
                { milter_default_action => 'accept', smtpd_milters => 'unix:bounce-milter/socket' }
        },
        qr{main.cf: milter_default_action: "accept" loses the bounces that smtp/inet has}
    ],
    [
        'accept in smtpd_milters',
        { main => { smtpd_milters => '{ unix:bounce-milter/socket, default_action = accept }' } },
        qr{main.cf: smtpd_milters: "accept" loses .*set default_action to tempfail}
    ],
    [
        'reject in smtpd_milters',
        { main => { smtpd_milters => '{ unix:bounce-milter/socket, default_action=reject }' } },
        qr{main.cf: smtpd_milters: "reject" loses}
    ],
    [
        'bounce-cleanup is missing',
        { master => sub { s/^bounce-cleanup .*\n(?: .*\n)*//m } },
        qr{bounce/unix: master.cf has no service bounce-cleanup/unix.*; add it}
    ],
    [
        'bounce-cleanup with accept',
        { master => sub { s/-o milter_default_action=tempfail/-o milter_default_action=accept/ } },
        qr{-o of bounce-cleanup/unix: milter_default_action: "accept" loses}
    ],
    [
        'bounce-cleanup with the accept of main.cf',
        {
            main   => { milter_default_action => 'accept' },
            master => sub { s/ *-o milter_default_action=tempfail\n// }
        },
        qr{main.cf: milter_default_action: "accept" loses the bounces that bounce-cleanup/unix has}
    ],
    [
        'bounce-cleanup without a milter',
        { master => sub { s/ *-o non_smtpd_milters=.*\n// } },
        qr{reports of this Postfix never reach us: main.cf: non_smtpd_milters is empty; write -o}
    ],
    [
        'bounce-cleanup with a process limit',
        { master => sub { s/^(bounce-cleanup .*) 0( +cleanup)/$1 20$2/m } },
        qr{$cleanup has the process limit 20: .*; write 0}
    ],
    [
        'another daemon name in master.cf',
        { master => sub { s/daemon_name=bounce-internal/daemon_name=bounce/ } },
        qr{$cleanup: milter_macro_daemon_name is "bounce", but own_mta_daemon_name is "bounce-inter}
    ],
    [
        'another daemon name in bounce-milter.conf',
        { conf => { own_mta_daemon_name => 'ours' } },
        qr{but own_mta_daemon_name is "ours".*; write -o milter_macro_daemon_name=ours}
    ],
    [
        'no daemon name for bounce-cleanup',
        { master => sub { s/ *-o $own_name\n// } },
        qr{$cleanup: milter_macro_daemon_name is "mail.example.org"}
    ],
    [
        'our mark in main.cf',
        { main => { milter_macro_daemon_name => 'bounce-internal' } },
        qr{main.cf: milter_macro_daemon_name = bounce-internal: every client's mail would count}
    ],
    [
        'our mark at smtpd',
        { master => with_option('smtp +inet', $own_name) },
        qr{-o of smtp/inet: milter_macro_daemon_name = bounce-internal: every client's mail}
    ],
    [
        'the macro is not sent',
        { main => { milter_connect_macros => 'j v' } },
        qr{$cleanup: milter_connect_macros lacks \Q{daemon_name}\E}
    ],
    [
        'bounce-cleanup for all',
        { main => { cleanup_service_name => 'bounce-cleanup' } },
        qr{pickup/unix hands its mail to bounce-cleanup/unix, where all of it counts}
    ],
    [
        'defer is forgotten',
        { master => sub { s/^(defer .*\n)(?: .*\n)*/$1/m } },
        qr{reports that defer/unix makes never reach us}
    ],
    [
        'an absolute name in a chroot',
        { main => { smtpd_milters => "{ unix:$socket, default_action=tempfail }" } },
        qr{smtp/inet runs in a chroot, where unix:\S+ is \Q$queue$socket\E; write .*unix:bounce-mil}
    ],
    [
        'a socket outside the chroot',
        {
            conf => { socket        => 'unix:' . $instance->path('milter/socket') },
            main => { smtpd_milters => 'unix:' . $instance->path('milter/socket') }
        },
        qr{our socket \S+ is outside the chroot \Q$queue\E of smtp/inet; .*set socket =}
    ],
    [
        'an -o with blanks, in braces',
        { master => with_option('smtp +inet', '{ smtpd_milters = }') },
        qr{never reach us: master.cf, -o of smtp/inet: smtpd_milters is empty; remove that -o}
    ],
    [
        'an -o with blanks, without braces',
        { master => with_option('smtp +inet', 'smtpd_milters = unix:bounce-milter/socket') },
        qr{-o of smtp/inet: "smtpd_milters" has no =value, so smtpd cannot start; no blanks}
    ],
    [
        'an -o at the beginning of its line',
        { master => sub { s/^ +-o internal_mail/-o internal_mail/m } },
        qr{FAULT\s+Postfix\s+postconf: fatal: .*master.cf}
    ],
    [
        'a comment behind a value',
        { main => { smtpd_milters => "$ours # bounces" } },
        qr{smtpd_milters of smtp/inet: "\#" is neither unix:PATH nor inet:HOST:PORT.*; remove it}
    ],
    [
        'the way our own file writes it',
        {
            conf   => { socket        => $inet },
            main   => { smtpd_milters => $inet },
            master => sub { s{unix:bounce-milter/socket}{inet:127.0.0.1:$port} }
        },
        qr{\Q$inet\E is not our socket; write .*inet:127.0.0.1:$port,}
    ],
    [
        'the same port of another host',
        {
            conf   => { socket        => $inet },
            main   => { smtpd_milters => "inet:192.0.2.7:$port" },
            master => sub { s{unix:bounce-milter/socket}{inet:127.0.0.1:$port} }
        },
        qr{inet:192.0.2.7:$port is not our socket; write .*inet:127.0.0.1:$port,}
    ],
    [
        'submission only',
        {
            main   => { smtpd_milters => '' },
            master => sub {
                $_ .= "submission inet n - y - - smtpd\n  -o { smtpd_milters = $ours }\n";
            }
        },
        qr{come to smtp/inet never reach us: main.cf: smtpd_milters is empty; write smtpd_milters}
    ],
    [
        'no_milters in main.cf',
        { main => { receive_override_options => 'no_address_mappings, no_milters' } },
        qr{come to smtp/inet never reach us: receive_override_options has no_milters; remove that}
    ],
    [
        'no_milters at smtpd',
        { master => with_option('smtp +inet', 'receive_override_options=no_milters') },
        qr{come to smtp/inet never reach us: receive_override_options has no_milters}
    ],
    [
        'a table that turns filters off',
        { main => { smtpd_milter_maps => 'static:DISABLE' } },
        qr{come to smtp/inet never reach us: smtpd_milter_maps = static:DISABLE; remove it}
    ],
    [
        'an old protocol',
        { main => { milter_protocol => 2 } },
        qr{smtp/inet: milter_protocol = 2 is too old for us; write 6}
    ],
    [
        'postscreen, and smtpd behind it is a comment',
        { master => sub { s/^smtp +inet .*\n/smtp inet n - y - 1 postscreen\n/m } },
        qr{postscreen hands its clients to smtpd/pass, which is not there; take the \# away}
    ],
    [
        'bounce is a comment',
        { master => sub { s/^bounce .*\n(?: .*\n)*//m } },
        qr{master.cf: there is no service bounce/unix}
    ],
    (
        map { [
            "$_ is a comment",
            { master => as_comment($_) },
            qr{master.cf: there is no service $_/unix, without which .*; take the \#}
        ] } qw(cleanup qmgr rewrite error)
    ),
    [
        'cleanup is turned off',
        { main => { master_service_disable => 'cleanup.unix' } },
        qr{master_service_disable = cleanup.unix: cleanup/unix does not run; take it out}
    ],
    [
        'bounce runs another program',
        { master => sub { s/^(bounce .*) bounce$/$1 discard/m or die } },
        qr{bounce/unix runs discard, which makes no reports; its last column must be bounce}
    ],
    [
        'a content filter that is not there',
        { main => { content_filter => 'scan:[127.0.0.1]:10024' } },
        qr{main.cf: content_filter = scan:\S+: master.cf has no service scan/unix, .*; add that}
    ],
    [
        'a content filter of smtpd that is not there',
        { master => with_option('smtp +inet', 'content_filter=scan:') },
        qr{-o of smtp/inet: content_filter = scan:: master.cf has no service scan/unix}
    ],
    [
        'TLS for everybody by a rule',
        { main => { smtpd_client_restrictions => 'reject_plaintext_session' } },
        qr{smtpd_client_restrictions: "reject_plaintext_session" refuses mail systems without}
    ],
    [
        'filters for the reports in main.cf alone',
        {
            main => {
                non_smtpd_milters            => 'unix:bounce-milter/socket',
                internal_mail_filter_classes => 'bounce'
            },
            stock => 1
        },
        qr{pickup/unix hands its mail to cleanup/unix, where all of it counts as our own MTA's}
    ],
    [
        'a second line for the same parameter',
        { end => "smtpd_milters =\n" },
        qr{come to smtp/inet never reach us: main.cf: smtpd_milters is empty}
    ],
    [
        'a link that leads out of the chroot',
        {
            conf   => { socket        => "unix:$queue/linked/socket" },
            main   => { smtpd_milters => 'unix:linked/socket' },
            master => sub { s{unix:bounce-milter/socket}{unix:linked/socket} },
            before => sub { symlink "$queue/bounce-milter", "$queue/linked" or die "$!\n" },
            after  => sub { unlink "$queue/linked" },
            root   => 1
        },
        qr{FAULT\s+socket\s+Postfix's account postfix cannot connect to .* from its chroot \Q$queue}
    ],
    [
        'an account that is not there',
        { conf => { user => 'nosuchuser' }, root => 1 },
        qr{user: .*nosuchuser}
    ],
    [
        'a socket for us alone',
        { conf => { socket_mode => '600' } },
        qr{FAULT\s+socket\s+Postfix's account postfix cannot connect to .*, mode 600; set socket_mo}
    ],
    [
        'a directory for us alone',
        {
            before => sub { chmod 0700, "$queue/bounce-milter" },
            after  => sub { $wiring->make_socket_dir }
        },
        qr{FAULT\s+socket\s+Postfix's account postfix cannot enter \S+/bounce-milter; give that dir}
    ],
    [
        'a directory that is not there',
        { conf => { socket => "unix:$queue/nowhere/socket" } },
        qr{FAULT\s+socket\s+"unix:\S+": \S+/nowhere: No such file}
    ],
    [
        'the socket of another filter',
        {
            before => sub {
                my $other = IO::Socket::UNIX->new(Local => $socket, Listen => 5) or die "$!\n";
                chmod 0777, $socket;
                return $other;
            },
            after => sub { unlink $socket }
        },
        qr{FAULT\s+socket\s+.*another filter answers there}
    ],
    [
        'a port in use',
        { conf => { socket => $inet }, before => $listen },
        qr{FAULT\s+socket\s+.*another program has this port; choose another}
    ],
    [
        'a pid file that cannot be written',
        { conf => { pid_file => '/proc/pid' } },
        qr{FAULT\s+pid_file\s+/proc/pid: .*; name a file in a directory that belongs to user}
    ],
    [
        'a password file that everybody reads',
        {
            conf => {
                      conninfo => $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT)
                    . ' passfile='
                    . $instance->write_file('pgpass', "*:*:*:*:secret\n") }
        },
        qr{FAULT\s+password\s+\S+/pgpass: others may read it, so libpq does not: chmod 600}
    ],
    [
        'a password in a configuration that everybody reads',
        {
            conf => {
                conninfo => $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT)
                    . ' password=secret'
            }
        },
        qr{FAULT\s+password\s+conninfo: everybody may read the password in \S+: chmod 640}
    ],
);
for my $row (@broken) {
    my ($what, $case, $expected) = @$row;
    next if $case->{root} && !$instance->is_root;    # what only root can see
    my ($status, $output) = check(%$case);
    is $status, 1, "$what: exit status";
    like $output, $expected, "$what: is named, and what to do" or diag $output;
}

for my $row (
    [ inet_interfaces            => 'loopback-only',     qr/no other mail system can bring us/ ],
    [ multi_instance_directories => '/etc/postfix-out',  qr/looks at one instance only/ ],
    [ smtpd_milter_maps          => 'cidr:/etc/clients', qr/clients that it lists meet/ ]
) {
    my ($name, $value, $expected) = @$row;
    my ($status, $output) = check(main => { $name => $value });
    is $status, 0, "$name may be intended";
    like $output, qr/^warning\s+Postfix\s+$name.*$expected/m, 'and is named' or diag $output;
}

for my $row (
    [ 'a relay domain without transport', { relay_domains => $domain }, qr/loops if that/ ],
    [
        'a table that cannot be asked',
        { mydestination => 'hash:/nowhere', local_recipient_maps => '' }, qr{/nowhere}
    ]
) {
    my ($name, $main, $expected) = @$row;
    my ($status, $output) = check(main => { %nowhere, %$main });
    is $status, 0, "$name may be right";
    like $output, qr/^warning\s+Postfix\s+.*$expected/m, 'and is named' or diag $output;
}

subtest 'a parameter that main.cf has twice' => sub {
    my ($status, $output) = check(end => "smtpd_milters = $ours\n");
    is $status, 0, 'is no fault' or diag $output;
    is scalar(() = $output =~ /overriding earlier entry: smtpd_milters/g), 1, 'and is said once'
        or diag $output;
};

subtest 'a main.cf that no program reads' => sub {
    my ($status, $output) = check(main => { line_length_limit => 40 });
    is $status, 1, 'is a fault';
    is scalar(() = $output =~ /invalid line_length_limit/g), 1, 'and is said once' or diag $output;
};

subtest 'beside a running daemon' => sub {
    $daemon->start;
    my ($status, $output) = check(
        conf   => { socket          => $daemon->milter_socket,    socket_mode   => '666' },
        main   => { queue_directory => $instance->path('milter'), smtpd_milters => 'unix:socket' },
        master => sub { s{unix:bounce-milter/socket}{unix:socket} });
    is $status, 0, 'its own socket is no fault' or diag $output;
    ok $daemon->stop, 'and it goes on as if nothing had been';
};

subtest 'no Postfix' => sub {
    local $ENV{MAIL_CONFIG} = '/nonexistent';
    my ($status, $output)
        = $instance->run([ $daemon->program('bounce-milter'), '-c', $daemon->conf, '--check' ],
        may_fail => 1);
    is $status, 0, 'is no fault' or diag $output;
    like $output, qr{^warning\s+Postfix\s+not looked at: .*nonexistent}m, 'and is said';
};

done_testing();
