# SPDX-License-Identifier: BSD-2-Clause
# bounce-milter --check names what lets a bounce meet us no more although all filters are right:
# recipients and senders that Postfix refuses, rules for contents, addresses that it rewrites, and
# values with which its programs do not start. Each was tried with a Postfix that runs.
use Bounce::Test;
use Bounce::MilterCheck qw(with_option);
use IO::Socket::UNIX;

my $wiring  = Bounce::MilterCheck->new(stage(servers => 0));
my $domain  = Bounce::MilterCheck::DOMAIN;
my $parent  = $domain =~ s/^[^.]+\.//r;
my $queue   = $wiring->queue;
my $ours    = Bounce::MilterCheck::OURS;
my %nowhere = (virtual_mailbox_domains => '', virtual_mailbox_maps => '');

sub inline {
    my (%entry) = @_;
    return 'inline:{ ' . join(', ', map { "{ $_ = $entry{$_} }" } sort keys %entry) . ' }';
}

my @good = (
    [
        'a relay with its own list of recipients' => (
            main => {
                %nowhere,
                relay_domains        => $parent,
                relay_recipient_maps => inline("\@$domain" => 'x'),
                transport_maps       => inline(".$parent"  => 'lmtp:[127.0.0.1]:24') })
    ],
    [
        'subdomains with a dot, where they are not meant otherwise' => (
            main => {
                %nowhere,
                parent_domain_matches_subdomains => '',
                relay_domains                    => ".$parent",
                transport_maps                   => inline(".$parent" => 'lmtp:[127.0.0.1]:24')
            })
    ],
    [
        'LMTP by a service of our own, and a socket that is there' => (
            main   => { virtual_transport => 'mda:unix:bounce-milter/socket' },
            master => sub { $_ .= "mda unix - - n - - lmtp\n" },
            before => sub {
                IO::Socket::UNIX->new(Local => $wiring->socket, Listen => 1)->close;
                chmod 0660, $wiring->socket or die "chmod: $!\n";
                return;
            },
            after => sub { unlink $wiring->socket })
    ],
    [
        'a mailbox by a program' => (
            main   => { virtual_transport => 'deliver' },
            master => sub {
                $_ .= "deliver unix - n n - - pipe user=nobody argv=/bin/cat\n";
            })
    ],
    [
        'a filter by the name of its port, a transport for all others, caches not made yet' => (
            main => {
                smtpd_milters      => "inet:localhost:smtp, $ours",
                transport_maps     => inline($domain => ':', '*' => 'discard:'),
                address_verify_map => 'btree:/nowhere/verify',
                relocated_maps     => inline('old@example.org' => 'new@example.net')
            })
    ],
    [
        'port 25 of a machine of its own, NUL refused' => (
            main => {
                message_reject_characters => '\0',
                transport_maps            => inline('other.example' => 'smtp:[127.0.0.1]')
            })
    ],
    [
        'all return paths in one mailbox of a person' => (
            main => {
                %nowhere,
                mydestination        => $domain,
                recipient_delimiter  => '+',
                local_recipient_maps => inline(bounce => 'x') })
    ],
    [
        'aliases of the bounce domain' => (
            main => {
                %nowhere,
                virtual_alias_domains => $domain,
                virtual_alias_maps    => inline("\@$domain" => "keeper\@$parent") })
    ],
    [
        'rules that stop others' => (
            main => {
                smtpd_sender_restrictions => 'check_sender_access '
                    . inline('spam.example' => 'REJECT'),
                smtpd_recipient_restrictions => 'permit_mynetworks, '
                    . 'check_recipient_access '
                    . inline($domain => 'OK', "postmaster\@$parent" => 'REJECT')
                    . ', reject_unauth_destination, reject_unverified_recipient, reject',
                smtpd_data_restrictions => 'reject_multi_recipient_bounce',
                header_checks           => 'regexp:{ {/^Subject: make money/ REJECT} }',
                sender_canonical_maps   => inline('root' => "admin\@$parent"),
                masquerade_domains      => "!$domain $parent",
                always_bcc              => "archive\@$parent",
                content_filter          => 'smtp:[127.0.0.1]:10024'
            })
    ],
    [
        'tables of clients that stop some, and room' => (
            main => {
                smtpd_client_restrictions => 'check_client_access cidr:{ {8.8.8.0/24 REJECT} }, '
                    . 'check_client_access inline:{ {127.0.0.1 = OK} }',
                inet_protocols => 'ipv4',
                smtpd_milters  => '{ inet:127.0.0.1:8892, default_action=accept, '
                    . 'connect_timeout = 30s, { protocol = 6 } }, '
                    . Bounce::MilterCheck::OURS,
                queue_minfree => 1
            })
    ],
    [
        'submission for our users only' => (
            master => sub {
                $_
                    .= "submission inet n - y - - smtpd\n"
                    . "  -o smtpd_tls_security_level=encrypt\n"
                    . "  -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n";
            })
    ],
    [
        'rules in capitals, tables with other answers, contents that are changed' => (
            main => {
                smtpd_relay_restrictions => 'PERMIT_MYNETWORKS, Reject_Unauth_Destination',
                smtpd_helo_restrictions  => 'WARN_IF_REJECT REJECT',
                smtpd_client_restrictions    => 'reject_rbl_client zen.example.net, sleep 1',
                smtpd_sender_restrictions    => 'check_sender_access '
                    . inline('<>' => 'WARN reject'),
                smtpd_recipient_restrictions => 'reject_rhsbl_sender dbl.example.net, '
                    . 'check_policy_service { unix:private/lmtp, timeout=10s }',
                header_checks => 'regexp:{ {/^Subject: Undelivered/ HOLD} {/^X-/ IGNORE} }',
                smtpd_tls_security_level => 'none',
                milter_protocol          => '6 no_header_reply',
                header_size_limit        => 1000,
                smtpd_recipient_limit    => 1,
                smtpd_timeout            => 300,
                receive_override_options => 'no_unknown_recipient_checks'
            },
            master => with_option('cleanup +unix', 'receive_override_options=no_milters'))
    ],
    [
        'a mark of one character in an option, arguments in braces' => (
            master => sub {
                s/^(smtp +inet .*)/$1 -v\n  -o { smtpd_banner = mail ESMTP }/m;
                $_ .= "scan unix - n n - 10 pipe\n  flags=Rq user=nobody argv=\/bin\/true a b\n";
            })
    ],
    [
        'a list that has not all, and rules that ask for it too late' => (
            main => {
                virtual_mailbox_maps            => inline("bounces\@$domain" => 'bounces/'),
                smtpd_reject_unlisted_recipient => 'no',
                smtpd_recipient_restrictions    =>
                    'permit_auth_destination, reject_unlisted_recipient'
            })
    ],
    [
        'a scanner behind us' => (
            master => sub {
                $_
                    .= "127.0.0.1:10025 inet n - y - - smtpd\n  -o smtpd_milters=\n"
                    . "  -o smtpd_client_restrictions=permit_mynetworks,reject\n"
                    . "  -o { smtpd_relay_restrictions = permit_mynetworks, reject }\n";
            })
    ],
);
for my $case (@good) {
    my ($name,   %case)   = @$case;
    my ($status, $output) = $wiring->check(%case);
    is $status, 0, "no fault: $name";
    unlike $output, qr/^(?:FAULT|warning\s+Postfix)/m, "and none is named: $name" or diag $output;
}

my $cleanup = 'bounce-cleanup/unix';
my $refused = qr{FAULT\s+Postfix\s+mail for the bounce domain \Q$domain\E is refused};

# [what is broken, the case, what --check says]
my @broken = (
    [
        'a mailbox for one address of the bounce domain only',
        { main => { virtual_mailbox_maps => inline("bounces\@$domain" => 'bounces/') } },
        qr{$refused: virtual_mailbox_domains has it, but virtual_mailbox_maps has no .*; write \@}
    ],
    [
        'the same by a rule, where the parameter is off',
        {
            main => {
                virtual_mailbox_maps            => inline("bounces\@$domain" => 'bounces/'),
                smtpd_reject_unlisted_recipient => 'no',
                smtpd_recipient_restrictions    => 'reject_unlisted_recipient'
            }
        },
        qr{smtpd_recipient_restrictions: "reject_unlisted_recipient" refuses .*; write \@\Q$domain}
    ],
    [
        'the bounce domain of a relay without its recipients',
        {
            main => {
                %nowhere,
                relay_domains        => $domain,
                relay_recipient_maps => inline("staff\@$parent" => 'x'),
                transport_maps       => inline($domain          => 'smtp:[127.0.0.1]:10025') }
        },
        qr{$refused: relay_domains has it, but relay_recipient_maps has no .*; write \@\Q$domain\E}
    ],
    [
        'the bounce domain as a domain of accounts',
        { main => { %nowhere, mydestination => "localhost $domain", alias_maps => '' } },
        qr{$refused: mydestination has it, but local_recipient_maps has no .*; write the}
    ],
    [
        'the bounce domain in two lists',
        { main => { mydestination => "localhost $domain", alias_maps => '' } },
        qr{$refused: mydestination has it, but local_recipient_maps}
    ],
    [
        'an alias domain without aliases',
        { main => { %nowhere, virtual_alias_domains => $domain } },
        qr{$refused: virtual_alias_domains has it, but virtual_alias_maps has no .*; write the dom}
    ],
    [
        'a null client, which delivers nothing',
        {
            main => {
                %nowhere,
                mydestination        => $domain,
                local_recipient_maps => '',
                local_transport      => 'error:local mail delivery is disabled'
            }
        },
        qr{$refused: mydestination has it, but local_transport = error:.*; write the domain into}
    ],
    [
        'a transport that refuses',
        { main => { transport_maps => inline($domain => 'error:5.1.2 no such domain') } },
        qr{$refused: .* has it, but transport_maps answers "error:.*; take that entry}
    ],
    [
        'the empty sender is refused',
        {
            main => {
                smtpd_sender_restrictions => 'permit_mynetworks, check_sender_access '
                    . inline('<>' => 'REJECT no bounces') }
        },
        qr{main.cf: smtpd_sender_restrictions: .* answers "REJECT .*" to the empty sender, .*; take}
    ],
    [
        'the empty sender is refused in a class of rules',
        {
            main => {
                smtpd_restriction_classes    => 'strict',
                strict                       => 'check_sender_access ' . inline('<>' => '550 no'),
                smtpd_recipient_restrictions => 'strict, permit_mynetworks'
            }
        },
        qr{smtpd_recipient_restrictions: check_sender_access .* answers "550 no" to the empty se}
    ],
    [
        'the bounce domain is refused as a recipient',
        {
            main => {
                smtpd_recipient_restrictions => 'check_recipient_access '
                    . inline($parent => 'REJECT') }
        },
        qr{check_recipient_access .* answers "REJECT" to \S+\@\Q$domain\E; write .*"\Q$domain\E OK"}
    ],
    [
        'smtpd for our own clients only',
        { main => { smtpd_client_restrictions => 'permit_mynetworks, reject' } },
        qr{main.cf: smtpd_client_restrictions: "reject" refuses every other mail system; take it}
    ],
    [
        'a relay for our own clients only, in master.cf',
        {
            master =>
                with_option('smtp +inet', 'smtpd_recipient_restrictions=permit_mynetworks,reject')
        },
        qr{master.cf, -o of smtp/inet: smtpd_recipient_restrictions: "reject" refuses}
    ],
    [
        'nothing says who may relay, so that smtpd ends',
        { main => { smtpd_relay_restrictions => '', smtpd_recipient_restrictions => '' } },
        qr{smtp/inet cannot start: neither smtpd_relay_restrictions nor .*; write smtpd_relay_restr}
    ],
    [
        'encryption is demanded of everybody',
        { main => { smtpd_tls_security_level => 'encrypt' } },
        qr{smtpd_tls_security_level = encrypt: mail systems without TLS cannot .*; write may}
    ],
    [
        'a proxy before the queue',
        { main => { smtpd_proxy_filter => '127.0.0.1:10024' } },
        qr{smtp/inet hands mail to smtpd_proxy_filter = 127.0.0.1:10024, and .*; write smtpd_mil}
    ],
    [
        'Postfix does not wait for an answer',
        {
            main => {
                smtpd_milters =>
                    '{ unix:bounce-milter/socket, default_action=tempfail, content_timeout=10s }'
            }
        },
        qr{smtp/inet: content_timeout of its filter is 10s, but an answer may take 20 s .*; write 6}
    ],
    [
        'Postfix does not wait for an answer to its reports',
        { main => { milter_content_timeout => '3' } },
        qr{$cleanup: milter_content_timeout is 3, but an answer may take 20 s}
    ],
    [
        'Postfix does not wait for a command',
        {
            main => {
                smtpd_milters => '{ unix:bounce-milter/socket, default_action=tempfail, '
                    . 'command_timeout = 1s, content_timeout=60s }'
            }
        },
        qr{smtp/inet: command_timeout of its filter is 1s: on a busy machine .*; write 30s}
    ],
    [
        'Postfix does not wait for a connection',
        { main => { milter_connect_timeout => '2s' } },
        qr{smtp/inet: milter_connect_timeout is 2s: on a busy machine .*; write 30s}
    ],
    [
        'bounces are too large',
        { main => { message_size_limit => 20_000 } },
        qr{message_size_limit = 20000: .*; write 10240000}
    ],
    [
        'a rule for headers that refuses reports',
        {
            main =>
                { header_checks => 'regexp:{ {/^Subject: Undelivered Mail/ REJECT backscatter} }' }
        },
        qr{header_checks of cleanup/unix: .* answers "REJECT backscatter" to "Subject: Und.*; take}
    ],
    [
        'a rule for bodies that discards reports',
        { main => { body_checks => 'regexp:{ {/^Diagnostic-Code:/ DISCARD} }' } },
        qr{body_checks of $cleanup: .* answers "DISCARD" .*; .*-o body_checks= below bounce-clean}
    ],
    [
        'a strict reading of MIME',
        { main => { strict_8bitmime => 'yes' } },
        qr{strict_8bitmime = yes refuses bounces of mail systems that .*; write no}
    ],
    [
        'the return path is rewritten when a mail leaves',
        { main => { sender_canonical_maps => 'regexp:{ {/.*/ office@example.org} }' } },
        qr{sender_canonical_maps makes office\@example.org of bounce\S+\@\Q$domain\E: .*; leave}
    ],
    [
        'the return path is rewritten by smtp',
        { main => { smtp_generic_maps => inline("\@$domain" => "office\@$parent") } },
        qr{smtp_generic_maps makes office\@\Q$parent\E of bounce}
    ],
    [
        'the bounce domain is masqueraded',
        { main => { masquerade_domains => $parent } },
        qr{masquerade_domains makes \Q$parent\E of \Q$domain\E .*; write !\Q$domain\E before}
    ],
    [
        'the cleanup of the reports is private',
        { master => sub { s/^bounce-cleanup unix n/bounce-cleanup unix -/m } },
        qr{bounce-cleanup/unix is private .*; write n into its third column}
    ],
    [
        'the service of the reports is public',
        { master => sub { s/^(bounce +unix +)-/$1n/m } },
        qr{bounce/unix is not private .*; write - into its third column}
    ],
    [
        'services are switched off',
        { main => { master_service_disable => 'inet' } },
        qr{master_service_disable = inet: smtp/inet does not run; take}
    ],
    [
        'every client is refused by a table',
        {
            main => {
                smtpd_client_restrictions => 'permit_mynetworks, check_client_access '
                    . 'cidr:{ {0.0.0.0/0 REJECT closed} }'
            }
        },
        qr{smtpd_client_restrictions: check_client_access .* answers "REJECT closed" to every}
    ],
    [
        'an option that Postfix does not know',
        { main => { smtpd_milters => '{unix:bounce-milter/socket, default-action=tempfail}' } },
        qr{smtpd_milters of smtp/inet: unix:\S+ has no option "default-action", so smtpd cannot st}
    ],
    [
        'a brace that is not closed',
        { main => { smtpd_milters => '{ unix:bounce-milter/socket, default_action=tempfail' } },
        qr{the brace before unix:\S+ is not closed, so smtpd cannot start; write \{ unix:}
    ],
    [
        'a filter at an address of a family that Postfix does not use',
        {
            main => {
                inet_protocols => 'ipv6',
                smtpd_milters  =>
                    '{ inet:127.0.0.1:8892, default_action=accept }, ' . Bounce::MilterCheck::OURS
            }
        },
        qr{inet_protocols = ipv6, so Postfix cannot connect to inet:127.0.0.1:8892 and .*; write i}
    ],
    [
        'no room for mail',
        { main => { queue_minfree => '9999999999999' } },
        qr{queue has \d+ MB left, so all mail is put off: .* wants 9536743 MB, by queue_minfree}
    ],
    [
        'a list in an -o without braces',
        {
            master =>
                with_option('smtp +inet', 'smtpd_milters=unix:bounce-milter/socket, inet:h:1')
        },
        qr{master.cf, smtp/inet: "inet:h:1" belongs to no option, so smtpd cannot start; a value w}
    ],
    [
        'an -o whose brace is not closed',
        { master => with_option('smtp +inet', '{ smtpd_milters = unix:bounce-milter/socket') },
        qr{missing '\}' in "\{ smtpd_milters.*: Postfix does not start; close the brace}
    ],
    [
        'an -o without a blank that turns filters off',
        { master => sub { s/^(smtp +inet .*\n)/$1  -osmtpd_milters=\n/m } },
        qr{come to smtp/inet never reach us: master.cf, -o of smtp/inet: smtpd_milters is empty}
    ],
    [
        'a value that no program of Postfix starts with',
        { main => { mail_owner => 'nosuch' } },
        qr{no program of Postfix starts: .*mail_owner: unknown user name value: nosuch; write it}
    ],
    [
        'a template that is not there',
        { main => { bounce_template_file => '/nonexistent' } },
        qr{bounce_template_file = /nonexistent cannot be read, so bounce cannot start .*; write it}
    ],
    [
        'an old protocol for our filter alone',
        {
            main => {
                smtpd_milters =>
                    '{ unix:bounce-milter/socket, default_action=tempfail, protocol=2 }'
            }
        },
        qr{smtp/inet: milter_protocol = 2 is too old for us; write 6}
    ],
    [
        'a protocol without the body',
        { main => { milter_protocol => '6 no_body' } },
        qr{milter_protocol = 6 no_body: Postfix does not know "no_body" and puts .*; write 6}
    ],
    [
        'a small limit for the reports alone',
        { master => with_option('bounce-cleanup', 'message_size_limit=20000') },
        qr{master.cf, -o of $cleanup: message_size_limit = 20000: .*; write 10240000}
    ],
    [
        'a small limit behind smtpd',
        { master => with_option('cleanup +unix', 'message_size_limit=20000') },
        qr{master.cf, -o of cleanup/unix: message_size_limit = 20000: .*; write 10240000}
    ],
    [
        'a level of TLS that smtpd takes for "encrypt"',
        { main => { smtpd_tls_security_level => 'secure' } },
        qr{smtpd_tls_security_level = secure: mail systems without TLS cannot .*; write may}
    ],
    [
        'reports are redirected',
        { main => { header_checks => "regexp:{ {/^Subject: Undelivered/ REDIRECT a\@$parent} }" } },
        qr{header_checks of cleanup/unix: .* answers "REDIRECT .*" to "Subject: Und.*; take}
    ],
    [
        'a rule for the mail that is returned',
        { main => { nested_header_checks => 'regexp:{ {/^Received:/ REJECT no} }' } },
        qr{nested_header_checks of cleanup/unix: .* answers "REJECT no" to "Received: .*; take}
    ],
    [
        'a rule in capitals',
        { main => { smtpd_sender_restrictions => 'REJECT' } },
        qr{smtpd_sender_restrictions: "REJECT" refuses every other mail system; take it away}
    ],
    [
        'a table without a rule before it',
        { main => { smtpd_sender_restrictions => inline('<>' => 'REJECT no') } },
        qr{smtpd_sender_restrictions: .* answers "REJECT no" to the empty sender, .*; take}
    ],
    [
        'every greeting is refused',
        { main => { smtpd_helo_restrictions => 'check_helo_access static:REJECT' } },
        qr{smtpd_helo_restrictions: check_helo_access static:REJECT answers "REJECT" to every}
    ],
    [
        'a table that sends bounces elsewhere',
        {
            main => {
                smtpd_recipient_restrictions => 'check_recipient_access '
                    . inline($domain => "REDIRECT office\@$parent")
            }
        },
        qr{check_recipient_access .* answers "REDIRECT .*" to \S+\@\Q$domain\E; write}
    ],
    [
        'a transport that discards',
        { main => { transport_maps => inline($domain => 'discard:') } },
        qr/transport_maps = discard:: what we leave of mail for \Q$domain\E is thrown away: .*virt/
    ],
    [
        'a transport that discards for all',
        { main => { transport_maps => inline('*' => 'discard:x') } },
        qr/transport_maps = discard:x: what we leave .* is thrown away/
    ],
    [
        'the transport of the class discards',
        { main => { virtual_transport => 'discard:' } },
        qr/virtual_transport = discard:: what we leave .* is thrown away/
    ],
    [
        'a transport that puts off',
        { main => { transport_maps => inline($domain => 'retry:4.0.0 later') } },
        qr/is refused: .*transport_maps answers "retry:4.0.0 later"; take that entry out/
    ],
    [
        'the bounce domain has moved',
        { main => { relocated_maps => inline("\@$domain" => 'x@example.net') } },
        qr/is refused: .*relocated_maps says that it has moved; leave \@\Q$domain\E out of it/
    ],
    [
        'a dot before the bounce domain',
        { main => { virtual_mailbox_domains => ".$domain" } },
        qr/mail for the bounce domain \Q$domain\E is refused: it is neither in/
    ],
    [
        'a dot before the bounce domain of a relay',
        {
            main => {
                %nowhere,
                relay_domains  => ".$domain",
                transport_maps => inline($domain => 'smtp:[127.0.0.1]:10025')
            }
        },
        qr/mail for the bounce domain \Q$domain\E is refused: it is neither in/
    ],
    [
        'the lines of the example above those of Postfix',
        { master => sub { $_ .= "bounce unix - - y - 0 bounce\n" } },
        qr{reports that bounce/unix makes never reach us; in master.cf, write below it: -o}
    ],
    [
        'a second smtpd without filters below ours',
        { master => sub { s/^(smtp +inet.*\n)/$1$1  -o { smtpd_milters = }\n/m } },
        qr{bounces that come to smtp/inet never reach us: master.cf, -o of smtp/inet: smtpd_mil}
    ],
    [
        'semicolons between filters',
        { main => { smtpd_milters => "inet:localhost:1; $ours" } },
        qr{smtpd_milters of smtp/inet: "inet:localhost:1;" ends in no port, .*; write inet:HOST}
    ],
    [
        'characters that are refused',
        { main => { message_reject_characters => '\200-\377' } },
        qr{cleanup/unix: message_reject_characters = \S+ refuses bounces .*; leave it empty}
    ],
    [
        'programs that are not there',
        { main => { daemon_directory => '/nowhere' } },
        qr{daemon_directory = /nowhere: there is no smtpd, .*; write what}
    ],
    [
        'a transport that master.cf does not have',
        { main => { virtual_transport => 'dovecot' } },
        qr{virtual_transport = dovecot: master.cf has no service dovecot/unix, .*; add it, or}
    ],
    (
        map {
            my ($name, $value) = @$_;
            [
                "$name below its minimum",
                { main => { $name => $value } },
                qr{main.cf: $name = $value: what reads it ends with a fatal error; write 1 or more}
            ]
        } [ smtpd_recipient_limit => 0 ],
        [ smtpd_timeout          => '0s' ],
        [ milter_connect_timeout => '00' ],
        [ hopcount_limit         => 0 ],
        [ queue_run_delay        => '0h' ]
    ),
    [
        'a value below what all programs want',
        { main => { header_size_limit => 0 } },
        qr{no program of Postfix starts: .*header_size_limit.*; write it as postconf\(5\) has it}
    ],
    [
        'a minimum in master.cf',
        { master => with_option('smtp +inet', 'smtpd_soft_error_limit=0') },
        qr{master.cf, -o of smtp/inet: smtpd_soft_error_limit = 0: .*; write 1 or more}
    ],
    [
        'the bounces in a quarantine',
        { main => { smtpd_milters => '{unix:bounce-milter/socket,default_action=quarantine}' } },
        qr{smtpd_milters: "quarantine" loses the bounces .*tempfail}
    ],
);
for my $row (@broken) {
    my ($what, $case, $expected) = @$row;
    my ($status, $output) = $wiring->check(%$case);
    is $status, 1, "$what: exit status";
    like $output, $expected, "$what: is named, and what to do" or diag $output;
}

for my $row (
    [
        { smtpd_recipient_restrictions => 'reject_unverified_recipient' },
        qr/reject_unverified_recipient asks for each return path .*; write .*check_recipient_access/
    ],
    [
        { soft_bounce => 'yes' },
        qr/soft_bounce = yes: .* after maximal_queue_lifetime.*; write no/
    ],
    [
        { inet_interfaces => '127.0.0.1, [::1]' },
        qr/inet_interfaces = 127.0.0.1, \[::1\]: no other mail system .*; write all/
    ],
    [
        { transport_maps => 'hash:/nowhere/transport' },
        qr{transport_maps: /nowhere/transport.db is not there, .* put off; .*"postmap TABLE"}
    ],
    [ { myorigin => $domain }, qr/myorigin is the bounce domain, .*; choose/ ],
    [
        { mynetworks => '127.0.0.0/8, cidr:/nowhere/networks' },
        qr{main.cf: mynetworks: /nowhere/networks is not there, and what Postfix would ask}
    ],
    [
        { smtpd_banner => 'mail' },
        qr{-o of smtp/inet: smtpd_command_filter: /nowhere/filter is not there},
        with_option('smtp +inet', 'smtpd_command_filter=pcre:/nowhere/filter')
    ],
    [
        { smtpd_banner => 'mail' },
        qr{master.cf has smtp/inet more than once, and Postfix takes the last; remove},
        sub { s/^(smtp +inet.*\n)/$1$1/m }
    ],
    [
        { smtpd_upstream_proxy_protocol => 'haproxy' },
        qr{smtpd_upstream_proxy_protocol = haproxy: only a proxy .* to smtp/inet, .*; right where}
    ],
    [
        { smtpd_banner => 'mail' },
        qr{smtp/inet may run as one process, .*; write - into},
        sub { s/^smtp +inet .*/smtp inet n - y - 1 smtpd/m }
    ],
    [ { inet_protocols => 'ipv6' }, qr/inet_protocols has no ipv4: .*; write all, unless/ ],
    [ { maximal_queue_lifetime => '0d' }, qr/maximal_queue_lifetime = 0d: what is put off .*5d/ ],
    [ { hopcount_limit => 2 }, qr/hopcount_limit = 2: mail that has passed .*; write 50/ ],
    [
        { smtpd_client_message_rate_limit => 1 },
        qr/smtpd_client_message_rate_limit = 1: a mail system that brings more .*; write 0/
    ],
    [ { defer_transports => 'virtual' }, qr/defer_transports has virtual: .*; take it out/ ],
    [
        { smtpd_client_connection_count_limit => 1 },
        qr/smtpd_client_connection_count_limit = 1: a mail system with as many .*; write 50/
    ],
    [
        { smtpd_hard_error_limit => 1 },
        qr/smtpd_hard_error_limit = 1: a mail system that hears .*; write 20/
    ],
    [ { default_process_limit => 2 }, qr/default_process_limit = 2: as many slow .*; write 100/ ],
    [ { bounce_queue_lifetime => 0 }, qr/bounce_queue_lifetime = 0: what is put off once .*5d/ ],
    [
        { virtual_transport => 'lmtp:unix:private/dovecot-lmtp' },
        qr{virtual_transport = lmtp:\S+: there is no socket \Q$queue\E/private/dovecot-lmtp, as}
    ],
    [
        { transport_maps => inline($domain => 'lmtp:unix:/run') },
        qr{transport_maps = lmtp:unix:/run: there is no socket \Q$queue\E/run, as seen from the}
    ],
    [
        {
            %nowhere,
            mydestination        => $domain,
            local_recipient_maps => '',
            mailbox_transport    => 'lmtp:unix:private/lmtp'
        },
        qr{mailbox_transport = lmtp:unix:private/lmtp: there is no socket \S+/private/lmtp, .*; st}
    ],
    [
        { transport_maps => inline($domain => 'smtp:[127.0.0.1]') },
        qr/transport_maps = smtp:\[127.0.0.1\]: that is this machine, .*; write virtual/
    ],
    [
        { transport_maps => inline($domain => 'relay:mail.example.org:25') },
        qr/transport_maps = relay:\S+: that is this machine, .*; write virtual/
    ],
    [
        { transport_maps => inline($domain => 'smtp:[mx.other.example]') },
        qr/transport_maps = smtp:\S+: .* goes to another mail system; right if/
    ],
    [
        { virtual_mailbox_limit => 1000 },
        qr/virtual_mailbox_limit is below message_size_limit.*; raise/
    ],
    [
        { soft_bounce => 'no' },
        qr{master.cf, -o of smtp/unix: soft_bounce = yes: .*; write no},
        with_option('smtp +unix', 'soft_bounce=yes')
    ],
    [
        { smtpd_milter => 'unix:bounce-milter/socket' },
        qr{main.cf: Postfix has no parameter "smtpd_milter=unix:.*; if that is no typing error}
    ],
    [
        { smtpd_helo_required => 'true' },
        qr/main.cf: smtpd_helo_required = true is not yes or no: .* fatal error/
    ],
    [ { smtpd_timeout => '1x' }, qr/smtpd_timeout = 1x is not a time as 30s, 5m/ ],
    [
        { smtpd_hard_error_limit => 20 },
        qr{master.cf, -o of smtp/inet: smtpd_hard_error_limit = many is not a number},
        with_option('smtp +inet', 'smtpd_hard_error_limit=many')
    ],
    [
        { smtpd_sender_restrictions => 'reject_unknown_sender_domians' },
        qr/"reject_unknown_sender_domians" is no rule that we know: .*451 .*; is it a typing err/
    ],
    [
        { smtpd_recipient_restrictions => 'check_policy_service unix:private/nowhere' },
        qr{check_policy_service: \S+/private/nowhere is not there, .*; start that service, or take}
    ],
    [
        {
            smtpd_sasl_auth_enable => 'yes',
            smtpd_sasl_type        => 'dovecot',
            smtpd_sasl_path        => 'private/nowhere'
        },
        qr{smtpd_sasl_path of smtp/inet: \S+/private/nowhere is not there, .*; start Dovecot, or}
    ],
    [
        { mydestination => $domain, local_recipient_maps => '' },
        qr/\Q$domain\E is in mydestination and in virtual_mailbox_domains, of which .*; take it/
    ],
    [
        { relay_domains => $domain },
        qr/\Q$domain\E is in virtual_mailbox_domains and in relay_domains, of which .*; take it/
    ],
    [
        { virtual_mailbox_base => '/nonexistent/virtual' },
        qr{virtual_mailbox_base = /nonexistent/virtual is no directory, .*; install -d}
    ],
    [
        { virtual_uid_maps => inline('office@example.org' => 5000) },
        qr/virtual_uid_maps has nobody for \Q$domain\E: .*; write static:5000/
    ],
    [
        { notify_classes => 'bounce', bounce_notice_recipient => "postmaster\@$domain" },
        qr/notify_classes has bounce, and bounce_notice_recipient = .* is recorded twice; write an/
    ],
    [
        { smtpd_banner => 'mail' },
        qr/no smtpd listens at port 25, .*; take the # away/,
        sub { s/^smtp +inet/2525 inet/m }
    ],
    [
        { smtpd_banner => 'mail' },
        qr{127.0.0.1:smtp/inet is for this machine alone: .*; write smtp, unless},
        sub { s/^smtp +inet/127.0.0.1:smtp inet/m }
    ],
) {
    my ($main, $expected, $master) = @$row;
    my $name = join ', ', sort keys %$main;
    my ($status, $output) = $wiring->check(main => $main, master => $master);
    is $status, 0, "$name may be intended";
    like $output, qr/^warning\s+Postfix\s+.*$expected/m, 'and is named' or diag $output;
}

done_testing();
