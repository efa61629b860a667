# SPDX-License-Identifier: BSD-2-Clause
# The daemon starts while the database is away: it knows from its last run which mail is ours, and
# only that mail has to come again.
use Bounce::Test;
use IO::Socket::UNIX;

my $stage    = stage();
my $instance = $stage->instance;
my $daemon   = $stage->daemon;
my $state    = $instance->path('milter/parameters');
my $domain   = Bounce::Postfix::BOUNCE_DOMAIN;

sub other_mail {
    my ($to) = @_;
    return $stage->smtp->send(
        from => 'a@example.org',
        to   => [ $to // 'b@elsewhere.test' ],
        mail => "Subject: lunch\n\nnow?\n"
    );
}

sub state_text {
    return join '', grep { !/^#/ } $instance->read_lines($state);
}

# Starts it and waits until it says that it waits, or that it is ready.
sub launch_and_wait_for {
    my ($pattern) = @_;
    my $before = $daemon->log_lines($pattern);
    $daemon->launch;
    return ok $stage->wait_for(60, sub { $daemon->log_lines($pattern) > $before }), "$pattern";
}

subtest 'what it keeps' => sub {
    my $expected = "bounce_domain = $domain\noperator_mailbox = " . Bounce::Stage::OPERATOR . "\n";
    is state_text(), $expected,          'the domain and the mailbox of the operator, and no key';
    is + (stat $state)[2] & 07777, 0600, 'for its own eyes';
    my $inode = (stat _)[1];
    $stage->parameter(mark_min_trust => 'token');
    is + (stat $state)[1], $inode, 'what has not changed is not written';
    $stage->parameter(bounce_domain => "$domain, other.test");
    is_soon(
        sub { state_text() =~ /^bounce_domain = (.*)/; $1 },
        "$domain other.test",
        'a change is, at once'
    );
    $stage->parameter(bounce_domain => $domain);
    is_soon(\&state_text, $expected, 'and as a whole');
};

subtest 'only what is ours waits' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
    my $own    = $stage->register(process => 'invoice', to => ['gone@remote.test']);
    my $bounce = sub { $stage->bounce('postfix-user-unknown', $letter) };
    ok $daemon->stop, 'stopped';
    $stage->db->stop;
    launch_and_wait_for(qr/waiting for the database/);
    ok $stage->wait_for(60, sub { $daemon->is_listening }), 'it serves';
    my ($code, $text) = $bounce->();
    is $code, 451, 'a bounce is to come again';
    like $text, qr/4\.3\.2 .*the database has not answered/, 'and hears why';
    is code_of(other_mail()),                   250, 'everybody else passes';
    is code_of(other_mail("bounces\@$domain")), 451, 'whatever is for our domain is ours';
    ok $stage->wait_for(60, sub { $stage->remote->received }), 'and arrives';
    $stage->remote->answer('gone@remote.test', '550 5.1.1 <gone@remote.test>: User unknown');
    is code_of($stage->smtp->send(
        from => $own->{return_path}{'gone@remote.test'},
        to   => $own->{to},
        mail => "From: billing\@example.org\nMessage-ID: <$own->{message_id}>\nSubject: x\n\nx\n"
        )),
        250, 'our own mail goes out as well';
    ok $stage->wait_for(
        60, sub { $stage->mta->log_lines(qr/milter-reject: END-OF-MESSAGE .*4\.3\.2/) }
        ),
        'the report of our own Postfix is made again, refused at its end';
    is + ($stage->mta->log_lines(qr/cleanup.*milter-reject: RCPT|configuration error/))[0], undef,
        'which it does not take for a wrong configuration';
    $stage->db->restart;
    is_soon(sub { ($bounce->())[0] }, 250, 'the database is back: taken');
    is scalar($stage->bounces($letter)), 1, 'recorded once';
    is_soon(sub { $stage->status($own) }, 'bounced', 'our own report is recorded too');
    is scalar($stage->bounces($own)), 1, 'once';
};

subtest 'a database that accepts and says nothing' => sub {
    ok $daemon->stop, 'stopped';
    my $postmaster = $instance->pid('postgres');
    $instance->run([ $instance->as_root('kill', '-STOP', $postmaster) ]);
    launch_and_wait_for(qr/ready on .*known last/);
    is code_of(other_mail()), 250, 'others are served at once';
    ok $daemon->stop, 'and a stop does not wait for it';
    $instance->run([ $instance->as_root('kill', '-CONT', $postmaster) ]);
    $daemon->start;
};

my $account = Bounce::Daemon::ACCOUNT;
my $forget_schema = "UPDATE bounce.schema_functions SET sha256 = repeat('0', 64);\n";

# What only a person can mend. While it lasts, whoever has nothing to do with us does not suffer.
sub refused {
    my ($what, $break, $mend, $says) = @_;
    my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
    ok $daemon->stop, 'stopped';
    $break->();
    my ($status, $output)
        = $instance->run([ $daemon->program('bounce-milter'), '-c', $daemon->conf, '--check' ],
        may_fail => 1);
    is $status, 1, "$what: --check fails";
    like $output, qr/^FAULT +database +.*$says/m, 'and names it';
    my @before = $daemon->log_lines($says);
    launch_and_wait_for($says);
    ok $stage->wait_for(60, sub { $daemon->is_listening }), 'it serves';
    is code_of(other_mail()), 250, 'everybody else passes';
    my $bounce = sub { $stage->bounce('postfix-user-unknown', $letter) };
    my ($code, $text) = $bounce->();
    is $code, 451, 'a bounce is to come again';
    $mend->();
    is_soon(sub { ($bounce->())[0] }, 250, 'mended: taken, by the same process');
    is scalar($stage->bounces($letter)), 1, 'recorded once';
    cmp_ok $daemon->log_lines($says) - @before, '<', 5, 'it was said at growing pauses';
    return;
}

subtest 'a database that refuses us for good' => sub {
    my $sql = sub { my ($script) = @_; return sub { $stage->db->sql($script) } };
    refused(
        'wrong schema',
        $sql->($forget_schema),
        sub {
            is code_of($daemon->bouncectl(qw(db migrate --conninfo), $stage->db->conninfo)), 0,
                'migrated';
        },
        qr/bouncectl db migrate/
    );
    refused(
        'wrong password',
        sub {
            $stage->db->sql("ALTER ROLE $account PASSWORD 'new';\n");
            $stage->db->let_in_by_password($account);
        },
        sub { $stage->db->let_in('peer map=private', $account); $sql->("SELECT 1;\n")->() },
        qr/no password supplied/
    );
    refused(
        'no rights',
        $sql->("REVOKE bounce_milter FROM $account;\n"),
        $sql->("GRANT bounce_milter TO $account;\n"),
        qr/permission denied/
    );
};

subtest 'to the background' => sub {
    my $start = sub {
        return $instance->run([ $daemon->program('bounce-milter'), '-c', $daemon->conf, '-d' ],
            may_fail => 1);
    };
    ok $daemon->stop, 'stopped';
    is code_of($start->()), 0, 'whoever sends it there goes on once it serves';
    ok defined IO::Socket::UNIX->new(Peer => $daemon->{socket}), 'which it does';
    my $pid = $instance->path('milter/pid');
    my ($number) = map {/(\d+)/} $instance->read_lines($pid);
    is code_of($start->()), 1, 'and hears of one that cannot';
    $instance->run([ $instance->as_root('kill', $number) ]);
    ok $stage->wait_for(60, sub { !-e $pid }), 'ended';
};

subtest 'nothing known' => sub {
    $stage->db->stop;
    for my $text (undef, "bounce_domain =\n", "nonsense\n") {
        my $what = defined $text ? "a file with $text" : 'no file';
        unlink $state;
        $instance->write_file('milter/parameters', $text) if defined $text;
        $instance->run([ $instance->as_root('chown', $instance->daemon_user, $state) ])
            if defined $text;
        launch_and_wait_for(qr/waiting for the database/);
        ok !$daemon->is_listening, "$what: the socket stays closed, the MTA keeps its mail";
        ok $daemon->stop,          'stopped';
    }
    $stage->db->restart;
    $stage->db->sql($forget_schema);
    unlink $state;
    for my $option ([], ['-d']) {
        my ($status, $output)
            = $instance->run([ $daemon->program('bounce-milter'), '-c', $daemon->conf, @$option ],
            may_fail => 1);
        is $status, 1, "a refusal ends it: @$option";
        like $output, qr/bouncectl db migrate/, 'and it says what to run' unless @$option;
    }
    is code_of($daemon->bouncectl(qw(db migrate --conninfo), $stage->db->conninfo)), 0, 'migrated';
    $stage->db->stop;
    $daemon->launch;
    $stage->db->restart;
    is_soon(sub { $daemon->is_listening ? 1 : 0 }, 1, 'it is there when the database is');
    is_soon(
        \&state_text,
        "bounce_domain = $domain\noperator_mailbox = " . Bounce::Stage::OPERATOR . "\n",
        'and the file is mended'
    );
};

finish();
