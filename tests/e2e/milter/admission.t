# SPDX-License-Identifier: BSD-2-Clause
# bounce-milter --check names what lets a bounce meet us no more although all filters are right:
# recipients and senders that Postfix refuses, rules for contents, addresses that it rewrites.
use Bounce::Test;
use Bounce::Wiring qw(with_option);

my $wiring  = Bounce::Wiring->new(stage(servers => 0));
my $domain  = Bounce::Wiring::DOMAIN;
my $parent  = $domain =~ s/^[^.]+\.//r;
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
                    . Bounce::Wiring::OURS,
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
                    '{ inet:127.0.0.1:8892, default_action=accept }, ' . Bounce::Wiring::OURS
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
        qr/while hash:\S+ cannot be read, mail is put off: .*"postmap TABLE"/
    ],
    [ { myorigin => $domain }, qr/myorigin is the bounce domain, .*; choose/ ],
    [
        { virtual_mailbox_limit => 1000 },
        qr/virtual_mailbox_limit is below message_size_limit.*; raise/
    ],
) {
    my ($main, $expected) = @$row;
    my ($name) = keys %$main;
    my ($status, $output) = $wiring->check(main => $main);
    is $status, 0, "$name may be intended";
    like $output, qr/^warning\s+Postfix\s+.*$expected/m, 'and is named' or diag $output;
}

done_testing();
