# SPDX-License-Identifier: BSD-2-Clause
# bounce-delivery through a real Postfix: encryption with a certificate that is checked, the bounce
# of its own that comes back by the milter, and the resend.
use Bounce::Ctl;
use Bounce::Delivery;
use Bounce::Test;

my $stage = stage(servers => 0);
my $dir   = $stage->instance->make_dir('tls');
certificate('right', 'IP:127.0.0.1');
certificate('wrong', 'DNS:other.example');
certificate('old',   'IP:127.0.0.1', '200101000000Z', '200102000000Z');
my %tls = (
    smtpd_tls_security_level  => 'may',
    smtpd_tls_cert_file       => "$dir/right.pem",
    smtpd_tls_key_file        => "$dir/right.key",
    smtpd_tls_received_header => 'yes'
);
$stage->{postfix} = { main => {%tls} };
$stage->start_servers;
$stage->parameter(delivery_probe_delay     => '1 second');
$stage->parameter(delivery_probe_max_delay => '1 second');
$stage->parameter(resend_initial_delay     => '1 hour');
my $server = '127.0.0.1:' . $stage->mta->port;

# A certificate of our own authority, for that subject alternative name; valid for two days from
# now, unless the days are named.
sub certificate {
    my ($name, $alternative, $from, $until) = @_;
    my $run = sub { $stage->instance->run([ 'openssl', @_ ]) };
    my $key = sub { (qw(-newkey rsa:2048 -nodes -keyout), "$dir/$_[0].key") };
    authority($run, $key) unless -e "$dir/ca.pem";
    $run->('req', $key->($name), '-out', "$dir/$name.csr", '-subj', "/CN=$name");
    my $extension = $stage->instance->write_file("tls/$name.ext", "subjectAltName=$alternative\n");
    my @validity  = $from ? ('-startdate', $from, '-enddate', $until) : qw(-days 2);
    my @files     = ('-in', "$dir/$name.csr", '-out', "$dir/$name.pem", '-extfile', $extension);
    $run->(qw(ca -batch -notext -rand_serial -config), "$dir/ca.conf", @validity, @files);
    return;
}

# "openssl ca" wants a configuration and a list of what it has signed.
sub authority {
    my ($run, $key) = @_;
    $run->('req', '-x509', $key->('ca'), '-out', "$dir/ca.pem", '-days', 2, '-subj', '/CN=Test CA');
    $stage->instance->write_file('tls/index.txt', '');
    $stage->instance->write_file('tls/ca.conf',   <<"END");
[ca]
default_ca = own
[own]
certificate = $dir/ca.pem
private_key = $dir/ca.key
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
END
    return;
}

sub worker {
    my ($name, %key) = @_;
    return Bounce::Delivery->new(
        $stage->instance, $stage->db,
        name   => $name,
        server => $server,
        %key
    )->start;
}

sub problem {
    return $stage->db->value("SELECT coalesce(max(problem), '') FROM bounce.delivery_server");
}

sub arrived {
    my ($address) = @_;
    return grep { "@{ $_->{recipients} }" eq $address } $stage->remote->received;
}

subtest 'encrypted, and the certificate is checked' => sub {
    my $worker = worker('verify', starttls => 'verify', tls_ca_file => "$dir/ca.pem");
    my $id     = $worker->submit(to => ['tls@remote.test']);
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'sent';
    is_soon(sub { scalar arrived('tls@remote.test') }, 1, 'arrived');
    like + ((arrived('tls@remote.test'))[0] // {})->{data}, qr/using TLSv1\.[23] with cipher/,
        'it was encrypted';
    ok $worker->stop, 'stopped';
};

# The server's session tickets come at any moment: many handshakes, and each must go on with EHLO.
subtest 'TLS 1.3' => sub {
    my $worker = worker(
        'tickets',
        starttls      => 'verify',
        tls_ca_file   => "$dir/ca.pem",
        batch         => 1,
        envelope_wait => 30
    );
    my @id = map { $worker->submit(to => ["t$_\@remote.test"]) } 1 .. 30;
    is_soon(
        sub {
            $stage->count(
                      "bounce.delivery WHERE state = 'SUCCESS' AND attempts = 1 "
                    . "AND communication_id >= $id[0]");
        },
        30,
        'all were sent at the first attempt'
    );
    is_soon(
        sub {
            scalar grep { "@{ $_->{recipients} }" =~ /^t\d+\@/ } $stage->remote->received;
        },
        30,
        'and arrived'
    );
    is
        scalar(
        grep { "@{ $_->{recipients} }" =~ /^t\d+\@/ && $_->{data} !~ /using TLSv1\.3 with cipher/ }
            $stage->remote->received), 0, 'each over TLS 1.3';
    is problem(), '', 'and the server never had a problem';
    ok $worker->stop, 'stopped';
};

subtest 'a certificate that is not trusted, or of another' => sub {
    my $worker = worker('untrusted', starttls => 'verify');
    my $id     = $worker->submit(to => ['tls2@remote.test']);
    is_soon(sub { problem() =~ /TLS/ ? 1 : 0 }, 1, 'not trusted') or diag(problem());
    ok $worker->stop, 'stopped';
    for my $case ([ wrong => qr/TLS: certificate: .*(?:mismatch|does not match)/i ],
        [ old => qr/TLS: certificate: .*expired/ ]) {
        my ($name, $words) = @$case;
        $stage->mta->stop;
        my %key = (smtpd_tls_cert_file => "$dir/$name.pem", smtpd_tls_key_file => "$dir/$name.key");
        $stage->mta->restart(main => { %tls, %key });
        $worker = worker($name, starttls => 'verify', tls_ca_file => "$dir/ca.pem");
        is_soon(sub { problem() =~ $words ? 1 : 0 }, 1, "a certificate that is $name")
            or diag(problem());
        is $worker->state($id)->{attempts}, 0, 'no attempt is counted';
        ok $worker->stop, 'stopped';
    }
    $worker = worker('encrypt', starttls => 'encrypt');
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'encrypted only: sent';
    ok $worker->stop, 'stopped';
};

subtest 'a soft bounce is sent again and arrives' => sub {
    my $worker = worker('resend');
    my $to     = 'full@remote.test';
    $stage->remote->answer($to, '452 4.2.2 Mailbox full');
    my $id = $worker->submit(
        to  => [$to],
        raw => "From: billing\@example.org\nTo: $to\nSubject: invoice\n\nHere.\n"
    );
    is_soon(
        sub {
            $stage->count("bounce.communication_log WHERE communication_id = $id "
                    . "AND event = 'resend_scheduled'") > 0 ? 1 : 0;
        },
        1,
        'Postfix gave up, its bounce is here'
    );
    $stage->remote->answer($to, undef);
    $stage->db->sql("SELECT bounce.retry_communication($id);\n");    # not in an hour
    is_soon(sub { scalar arrived($to) }, 1, 'the second time it arrives');
    is $worker->wait_for_state($id, 'SUCCESS')->{attempts}, 2, 'two attempts';
    is $stage->count("bounce.communication_message_id WHERE communication_id = $id"), 2,
        'under a fresh Message-ID';
    my ($mail) = arrived($to);
    my $attempt
        = $stage->db->value(
        "SELECT attempt FROM bounce_internal.token_read(split_part(:'sender', '\@', 1))",
        sender => $mail->{sender});
    is $attempt, 2, 'the return path names the attempt';
    is $stage->count(
              "bounce.communication_recipient WHERE communication_id = $id AND state = 'sent' "
            . "AND attempts = 2"), 1, 'the recipient has it';
    ok $worker->stop, 'stopped';
};

# Postfix itself delivers for example.org, and says so; what it gives to a server without DSN
# (RFC 3461) it reports as relayed.
subtest 'a report of success where the process wants it' => sub {
    my $worker    = worker('success');
    my $delivered = sub {
        my ($id) = @_;
        return $stage->db->value("SELECT coalesce(string_agg(split_part(address, '\@', 1), ' ' "
                . "ORDER BY address), '') FROM bounce.communication_recipient "
                . "WHERE communication_id = $id AND delivered_at IS NOT NULL");
    };
    my $reports = sub {
        my ($id) = @_;
        return $stage->db->value("SELECT coalesce(string_agg(action, ' ' ORDER BY action), '') "
                . "FROM bounce.bounce WHERE communication_id = $id");
    };
    $stage->parameter(report_delivered => 'on', 'newsletter');
    $stage->remote->answer('@without', 'DSN');
    my @to    = ('a@example.org', 'b@example.org', 'c@remote.test');
    my $quiet = $worker->submit(to => \@to);
    my $asked = $worker->submit(to => \@to, process => 'newsletter');
    is_soon(sub { $reports->($asked) }, 'delivered delivered relayed', 'a report for each');
    is $delivered->($asked), 'a b', 'delivered is kept for each recipient, relayed is not';
    is $stage->db->value("SELECT json -> 'info' ->> 'delivered' FROM bounce.delivery "
            . "WHERE communication_id = $asked"), '["a@example.org", "b@example.org"]',
        'and is told to the application';
    is $stage->db->value("SELECT string_agg(DISTINCT trust::text, ' ') FROM bounce.bounce "
            . "WHERE communication_id = $asked"), 'token', 'it came to the signed return path';
    is_soon(sub { $worker->state($asked)->{state} }, 'SUCCESS', 'nothing else changes');
    is_soon(sub { scalar arrived('c@remote.test') }, 2, 'both mails arrived');
    is $reports->($quiet), '', 'nobody is asked where the process does not want it';
    $stage->remote->answer('@without', undef);
    ok $worker->stop, 'stopped';
};

# bounce-delivery sends what would come back; Postfix takes it to the milter as anybody's report.
subtest 'test addresses behave as they are called' => sub {
    my $worker = worker('simulator');
    my %become = (
        'hard'         => [ 'hard',         'user_unknown',  'bounced' ],
        'soft'         => [ 'soft',         'mailbox_full',  'bounced' ],
        'technical'    => [ 'technical',    'spam_rejected', 'bounced' ],
        'unclassified' => [ 'unclassified', 'undetermined',  'sent' ],
        'delayed'      => [ 'technical',    'delayed',       'sent' ],
        'delivered'    => [ 'technical',    'delivered',     'sent' ],
        'complaint'    => [ 'technical',    'complaint',     'sent' ],
        'auto-reply'   => [ 'auto_reply',   'vacation',      'sent' ],
        'left'         => [ 'auto_reply',   'has_left',      'sent' ],
        'nonsense'     => [ 'hard',         'user_unknown',  'bounced' ],
    );
    my $reports = $stage->count('bounce.bounce');
    my @names   = sort keys %become;
    my %id      = map { ($_ => $worker->submit(to => ["$_+1\@bounce-test.invalid"])) } @names;
    is_soon(sub { $stage->count('bounce.bounce') - $reports }, scalar @names, 'a report of each');
    # which may be here before we have noted that Postfix took it
    is_soon(sub { $stage->count("bounce.delivery WHERE state = 'PROCESSING'") }, 0, 'all are sent');
    for my $name (@names) {
        is $stage->db->value("SELECT concat_ws(' ', b.class, b.reason, r.state, b.trust, m.source) "
                . "FROM bounce.bounce AS b JOIN bounce.bounce_message AS m "
                . "ON m.id = b.bounce_message_id JOIN bounce.communication_recipient AS r "
                . "ON r.id = b.recipient_id WHERE b.communication_id = $id{$name}"),
            "@{ $become{$name} } token milter", $name;
        is $worker->state($id{$name})->{attempts}, 1, "$name: sent once";
    }
    is $stage->count("bounce.communication_recipient WHERE delivered_at IS NOT NULL "
            . "AND communication_id = $id{delivered}"), 1, 'delivered is kept';
    is $stage->db->value("SELECT new_address || ' ' || has_left FROM bounce.auto_reply "
            . "WHERE communication_id = $id{left}"), 'successor@bounce-test.invalid true',
        'what a reply says, too';
    ok $stage->is_blocked('hard+1@bounce-test.invalid'), 'a hard one is blocked';
    is $stage->count("bounce.task WHERE domain = 'bounce-test.invalid'"), 0, 'nobody has a task';
    is scalar(grep { "@{ $_->{recipients} }" =~ /bounce-test/ } $stage->remote->received), 0,
        'nothing is sent there';
    $stage->db->sql("SELECT bounce.lift_block('hard+1\@bounce-test.invalid', 'five minutes');\n");
    my $again = $worker->submit(to => ['hard+1@bounce-test.invalid']);
    is_soon(sub { $stage->count("bounce.bounce WHERE communication_id = $again") },
        1, 'it can be done again');
    my ($status, $said) = Bounce::Ctl->new($stage)->run({ input => "Subject: t\n\nt\n" },
        qw(send - --now --process invoice --sender billing@example.org),
        qw(--to technical+2@bounce-test.invalid));
    is $status, 1, 'sent now, and back at once: it is not said to have arrived';
    like $said, qr/^\d+: sent, but technical\+2@\S+ came back: 550 5\.7\.1/, 'but what happened';
    ok $worker->stop, 'stopped';
};

finish();
