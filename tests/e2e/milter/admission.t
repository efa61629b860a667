# SPDX-License-Identifier: BSD-2-Clause
# bounce-milter --check names what keeps bounces out although all filters are right: recipients that
# Postfix refuses.
use Bounce::Test;
use Bounce::Wiring;

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
);
for my $row (@broken) {
    my ($what, $case, $expected) = @$row;
    my ($status, $output) = $wiring->check(%$case);
    is $status, 1, "$what: exit status";
    like $output, $expected, "$what: is named, and what to do" or diag $output;
}

done_testing();
