# SPDX-License-Identifier: BSD-2-Clause
# bounce-fetch logs in with tokens of OAuth 2.0 that it renews itself: against a real Dovecot, which
# asks the token server of the tests whether a token is good.
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Test;
use Bounce::TokenServer;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $server   = Bounce::TokenServer->new($instance);
my $dovecot  = Bounce::Dovecot->start($instance, settings => $server->dovecot_settings);
$server->start($dovecot);

my $rules = $stage->one_rule;
my $fetch  = Bounce::Fetch->new($stage, rules_dir => $rules);
my $grant  = "$fetch->{dir}/test.refresh";
my $secret = $instance->write_file('mailboxes/test.secret', $server->SECRET . "\n");
chmod 0600, $secret;
chown + (getpwnam $instance->daemon_user)[ 2, 3 ], $secret if $instance->is_root;

sub grant {
    my ($token) = @_;
    $instance->write_file('mailboxes/test.refresh', "$token\n");
    chmod 0600, $grant;
    chown + (getpwnam $instance->daemon_user)[ 2, 3 ], $grant if $instance->is_root;
    return;
}
grant($server->FIRST);

sub mailbox {
    my (%key) = @_;
    return $fetch->mailbox_of(
        $dovecot,
        password_file      => '',
        auth_method        => 'oauth',
        refresh_token_file => $grant,
        token_url          => $server->url,
        token_ca_file      => $dovecot->certificate,
        client_id          => $server->CLIENT,
        client_secret_file => $secret,
        scope              => 'https://mail.example/IMAP offline_access',
        %key
    );
}

my $count = 0;

sub arrives {
    my $name   = 'o' . ++$count;
    my $letter = $stage->register(process => 'invoice', to => ["$name\@customer.example"]);
    my $path   = $letter->{return_path}{ $letter->{to}[0] };
    $dovecot->put("Return-Path: <>\nDelivered-To: $path\n"
            . $stage->report('postfix-user-unknown', $letter));
    return;
}
sub recorded { return $stage->count('bounce.bounce_message') }
sub asked    { return scalar(my @forms = $server->asked) }

sub kept {
    return join '', $instance->read_lines($grant);
}

# Dovecot offers both; XOAUTH2 alone is what Outlook and Gmail are known for.
sub offer {
    my ($mechanisms) = @_;
    my $conf = join '', $instance->read_lines($instance->path('dovecot.conf'));
    $conf =~ s/^auth_mechanisms = .*/auth_mechanisms = plain $mechanisms/m;
    $dovecot->stop;
    $instance->write_file('dovecot.conf', $conf);
    $dovecot->launch;
    return;
}

for my $row ([ 'oauthbearer', 'imaps', 'pop3s' ], [ 'xoauth2', 'imap', 'pop3s' ]) {
    my ($mechanism, @protocols) = @$row;
    offer($mechanism);
    for my $protocol (@protocols) {
        subtest "$mechanism, $protocol" => sub {
            mailbox(protocol => $protocol);
            arrives();
            my ($before, $asked) = (recorded(), asked());
            my ($status, $said) = $fetch->once;
            is $status,    0,           'logged in' or diag $said;
            is recorded(), $before + 1, 'read';
            my @forms = $server->asked;
            is @forms, $asked + 1, 'one token was asked for';
            is_deeply $forms[-1],
                {
                grant_type    => 'refresh_token',
                refresh_token => "refresh-$asked",
                client_id     => $server->CLIENT,
                client_secret => $server->SECRET,
                scope         => 'https://mail.example/IMAP offline_access'
                },
                'as RFC 6749 section 6 has it';
            is kept(), $server->refresh . "\n", 'the next refresh token is in the file';
            is sprintf('%03o', (stat $grant)[2] & oct 777), '600', 'which its owner alone can read';
        };
    }
}

subtest '--check' => sub {
    mailbox();
    my ($status, $said) = $fetch->once('--check');
    is $status, 0, 'logs in' or diag $said;
    chmod 0644, $grant;
    ($status, $said) = $fetch->once('--check');
    like $said, qr/refresh_token_file: others may read/, 'warns';
    is kept(), $server->refresh . "\n", 'keeps the next refresh token';
};

subtest 'a daemon' => sub {
    mailbox(protocol => 'pop3s');
    my $asked = asked();
    $fetch->start;
    my $reads = sub {
        my ($what) = @_;
        my $before = recorded();
        arrives();
        ok $stage->wait_for(60, sub { recorded() == $before + 1 }), $what;
    };
    $reads->("look $_") for 1 .. 3;
    is asked(), $asked + 1, 'three sessions have one token';
    $server->withdraw;
    $reads->('a token that is refused is renewed at once');
    is asked(), $asked + 2, 'once';
    is scalar(my @told = $fetch->log_lines(qr/refused/)), 0, 'and that is no fault';
    # good for a second more than the minute before whose end it is renewed
    $server->set(expires_in => 61);
    $server->withdraw;
    $reads->('a token that lasts a minute');
    my $renewed = asked();
    ok $stage->wait_for(60, sub { asked() > $renewed + 1 }), 'is renewed before it expires';
    $server->set(expires_in => 60);
    $server->withdraw;
    $reads->('a token that lasts no longer than that minute');
    $renewed = asked();
    $reads->("look $_ with it") for 1 .. 3;
    is asked(), $renewed, 'serves several sessions, too';
    $server->set;
    ok $fetch->stop, 'stopped';
};

subtest 'stopped while the token server is silent' => sub {
    mailbox(token_wait => 20);
    my $asked = asked();
    $server->set(silence => 20);
    $fetch->start;
    is_soon(sub { asked() }, $asked + 1, 'it is asked');
    ok $fetch->stop, 'stopped: nobody waits for its answer';
    $server->set;
};

# [answer, keys of the mailbox, what is said]
my $long = '{"access_token":"' . 'x' x 100_000 . '"}';
for my $row (
    [   [ 400, '{"error":"invalid_grant","error_description":"AADSTS70008:\\r\\nexpired"}' ],
        {},
        qr/refresh_token_file: the grant is over; let .* anew.*invalid_grant: AADSTS70008:  expired/
    ],
    [ [ 401, '{"error":"invalid_client"}' ], {}, qr/client_secret_file: client_id and its secret/ ],
    [ [ 400, '{"error":"invalid_scope"}' ],  {}, qr/scope: not what was consented to/ ],
    [   [ 401, '{"error":"invalid_client","error_description":"what is s&cret?"}' ],
        {}, qr/invalid_client: what is \*\*\*\?/
    ],
    [ [ 400, '{"error":"client_secret=s%26cret&x"}' ], {}, qr/no token: status 400 \*\*\*$/m ],
    [ [ 503, 'busy' ],                       {}, qr/token_url: no token: status 503/ ],
    [ [ 200, '<html>' ],                     {}, qr/token_url: no token: status 200/ ],
    [ [ 200, '[' x 60_000 ],                 {}, qr/token_url: no token: status 200/ ],
    [ [ 200, '{"access_token":"a\\u0001b"}' ], {}, qr/token_url: no token: status 200/ ],
    [ [ 200, $long ],                        {}, qr/token_url: the answer is too long/ ],
    [ [ 200, '{}', map {"X-$_: " . 'y' x 1000} 1 .. 99 ], {}, qr/the answer is too long/ ],
    [ [ 307, '', "Location: @{[ $server->url ]}" ], {}, qr/token_url: no token: status 307/ ],
    [ undef, { token_ca_file => '' }, qr/token_url: SSL certificate problem/ ],
    [ undef, { token_url => 'https://localhost:1/' }, qr/token_url: Failed to connect/ ],
    [ undef, { refresh_token_file => '/nonexistent' }, qr/refresh_token_file: .*No such file/ ],
) {
    my ($answer, $key, $pattern) = @$row;
    $server->set($answer ? (answer => $answer) : ());
    mailbox(%$key);
    my $asked = asked();
    my ($status, $said) = $fetch->once;
    isnt $status, 0, "no success: $pattern";
    like $said, $pattern, 'said';
    unlike $said, qr/s(?:&|%26)cret/, 'without the secret';
    cmp_ok asked() - $asked, '<=', 1, 'asked once at most';
}

subtest 'put right' => sub {
    $server->set;
    mailbox();
    grant('stolen');
    like(($fetch->once)[1], qr/the grant is over/, 'a wrong refresh token');
    is kept(), "stolen\n", 'stays';
    grant($server->refresh);
    is + ($fetch->once)[0], 0, 'a right one is taken from the file';
};

finish();
