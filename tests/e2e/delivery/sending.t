# SPDX-License-Identifier: BSD-2-Clause
# bounce-delivery against a server that answers each recipient as told.
use Bounce::Delivery;
use Bounce::Mail;
use Bounce::SmtpServer;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
my $worker = Bounce::Delivery->new_for(
    $stage, $remote,
    batch  => 10,
    reply_wait => 10,    # of one that falls silent
    site_rules => $stage->instance->write_file('delivery-site.rules', ''))->start;

sub taken { my ($address) = @_; return $remote->taken($address) }

sub tasks {
    my ($key) = @_;
    return $stage->count('bounce.task WHERE status = \'open\' AND dedup_key = :\'key\'',
        key => $key);
}

subtest 'each recipient has an outcome of its own' => sub {
    $remote->answer('gone@customer.example',
        '550 5.1.1 <gone@customer.example>: Recipient address rejected: User unknown');
    $remote->answer('busy@customer.example', '451 4.7.1 Greylisted, please try again in 7 minutes');
    $remote->answer('virus@customer.example',    '550 5.7.1 Message rejected: virus found');
    $remote->answer('whoknows@customer.example', '554 No.');
    my $id = $worker->submit(
        to => [ map { "$_\@customer.example" } qw(anna gone busy virus whoknows) ]);
    my $state = $worker->wait_for_state($id, 'RETRY');
    is $state->{state}, 'RETRY', 'one is tried again';
    is_deeply $state->{info}{accepted}, ['anna@customer.example'], 'accepted';
    is_deeply $state->{info}{rejected}, [ map { "$_\@customer.example" } qw(gone virus whoknows) ],
        'rejected';
    is_deeply $state->{info}{pending}, ['busy@customer.example'], 'pending';
    is $state->{attempts}, 1, 'one attempt';
    my $row = $worker->recipients($id);
    is "@{$row->{'gone@customer.example'}}{qw(state class reason)}", 'bounced hard user_unknown',
        'hard: as if it had come back by mail';
    is "@{$row->{'virus@customer.example'}}{qw(state class reason)}",
        'bounced technical virus_detected', 'technical';
    is "@{$row->{'whoknows@customer.example'}}{qw(state class reason)}",
        'bounced technical recipient_refused', 'nobody can tell why: refused';
    is $row->{'busy@customer.example'}{state}, 'open', 'refused for now: no bounce';
    like $row->{'busy@customer.example'}{response}, qr/^451 4\.7\.1 Greylisted/,
        'the last reply is kept';
    my $wait = $stage->db->value(<<"END");
SELECT round(extract(epoch FROM q.due_at -
  (SELECT max(l.at) FROM bounce.communication_log AS l WHERE l.communication_id = $id)))
FROM bounce.recipient_delivery AS q
JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
WHERE r.address = 'busy\@customer.example'
END
    cmp_ok $wait, '>', 400, 'it waits as long as the server asked for';
    is $stage->count("bounce.address_block WHERE address_key = 'gone\@customer.example'"), 1,
        'the dead address is blocked';
    is tasks('hard_bounce:gone@customer.example'), 1, 'and a task';
    is tasks('delivery_problem:virus_detected:customer.example'), 1,
        'the technical one is gathered';
    $remote->answer('busy@customer.example', undef);
    $stage->db->sql("SELECT bounce.retry_communication($id);\n");
    $state = $worker->wait_for_state($id, 'SUCCESS');
    is "$state->{state} $state->{attempts}", 'SUCCESS 2', 'the second time it is taken';
    is taken('busy@customer.example'),       1,           'once';
    is taken('anna@customer.example'),       1,           'and the other one is not sent again';
};

subtest 'what goes over the wire' => sub {
    my $id = $worker->submit(
        to      => ['Wire <wire@customer.example>'],
        bcc     => ['hidden@customer.example'],
        subject => "Rechnung \x{c3}\x{a4}",
        html    => '<p>x</p>'
    );
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'sent';
    my ($mail) = grep { $_->{recipients}[0] eq 'wire@customer.example' } $remote->received;
    my $envelope_id
        = $stage->db->value("SELECT envelope_id FROM bounce.communication WHERE id = $id");
    like $mail->{sender}, qr/^bounce\+[a-z2-7]{36}\@bounces\.example\.org$/,
        'the return path is signed';
    like $mail->{sender_options},       qr/\bENVID=$envelope_id\b/,               'ENVID';
    like $mail->{sender_options},       qr/\bRET=HDRS\b/,                         'RET';
    like $mail->{recipient_options}[0], qr/NOTIFY=FAILURE,DELAY/,                 'NOTIFY';
    like $mail->{recipient_options}[0], qr/ORCPT=rfc822;wire\@customer\.example/, 'ORCPT';
    is Bounce::Mail::header($mail->{data}, 'X-Communication-ID'), $envelope_id, 'our own header';
    is Bounce::Mail::header($mail->{data}, 'Auto-Submitted'), 'auto-generated', 'Auto-Submitted';
    like Bounce::Mail::header($mail->{data}, 'Date'),    qr/^\w{3}, +\d+ \w{3} \d{4} /, 'Date';
    like Bounce::Mail::header($mail->{data}, 'Subject'), qr/=\?utf-8\?/i, 'Subject encoded';
    unlike $mail->{data}, qr/hidden/, 'nothing shows the hidden recipient';
    is scalar(@{ $mail->{recipients} }), 1, 'each recipient is a transaction of its own';
    my ($other) = grep { $_->{recipients}[0] eq 'hidden@customer.example' } $remote->received;
    isnt $other->{sender}, $mail->{sender}, 'with its own return path';
};

subtest 'raw MIME goes out as it is, with our identity' => sub {
    my $id = $worker->submit(
        to  => ['raw@customer.example'],
        raw => "From: a\@example.org\nBcc: secret\@example.org,\n other\@example.org\n"
            . "Message-ID: <old\@x>\nSubject: raw\n\n.dot\nline\n"
    );
    $worker->wait_for_state($id, 'SUCCESS');
    my ($mail) = grep { $_->{recipients}[0] eq 'raw@customer.example' } $remote->received;
    like $mail->{data},   qr/\r\n\r\n\.dot\r\nline\r\n/, 'the body';
    unlike $mail->{data}, qr/secret|other\@|old\@x/,     'Bcc and the old Message-ID are gone';
    my $message_id = Bounce::Mail::header($mail->{data}, 'Message-ID');
    is $stage->count(
        "bounce.communication_message_id WHERE '<' || message_id || '>' = :'id'",
        id => $message_id
        ),
        1, 'its Message-ID is known';
};

subtest 'an outcome that was not heard is unknown, and is not sent again' => sub {
    $remote->answer('@end lost@customer.example', 'disconnect');
    my $id    = $worker->submit(to => ['lost@customer.example']);
    my $state = $worker->wait_for_state($id, 'ERROR');
    is $state->{state}, 'ERROR', 'ERROR';
    like $state->{error}, qr/outcome unknown/, 'it says so';
    is $worker->recipients($id)->{'lost@customer.example'}{delivery}, 'unknown', 'unknown';
    is taken('lost@customer.example'),                                1, 'it had been taken';
    is tasks("delivery_problem:unknown:$id"),                         1, 'a task asks a person';
    $remote->answer('@end lost@customer.example', undef);
    $stage->db->sql("UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id = $id;\n");
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS',
        'the person says RETRY: sent again';
    is taken('lost@customer.example'), 2, 'as he wished';
    my @ids = map { Bounce::Mail::header($_->{data}, 'Message-ID') }
        grep { $_->{recipients}[0] eq 'lost@customer.example' } $remote->received;
    isnt $ids[0], $ids[1], 'under a fresh Message-ID';
    is $stage->count("bounce.communication_message_id WHERE communication_id = $id"), 2,
        'both are known';
    $remote->answer('@end silent@customer.example', 'silence');
    $id = $worker->submit(to => ['silent@customer.example']);
    is $worker->wait_for_state($id, 'ERROR')->{state}, 'ERROR',
        'silence after the final dot is the same';
};

subtest 'a refusal at the other stages' => sub {
    my %rule = (
        '@data d4@customer.example' => '451 4.3.0 not now',
        '@data d5@customer.example' => '554 5.6.0 no such content',
        '@end e4@customer.example'  => '452 4.2.2 mailbox full',
        '@end e5@customer.example'  => '550 5.1.1 User unknown'
    );
    $remote->answer($_, $rule{$_}) for keys %rule;
    my %want = (d4 => 'pending', d5 => 'rejected', e4 => 'pending', e5 => 'rejected');
    my $id   = $worker->submit(to => [ map { "$_\@customer.example" } sort keys %want ]);
    $worker->wait_for_state($id, 'RETRY');
    my $row = $worker->recipients($id);
    is $row->{"$_\@customer.example"}{delivery}, $want{$_}, $_ for sort keys %want;
    is $row->{'e5@customer.example'}{reason}, 'user_unknown',
        'user unknown after DATA is user unknown';
    is $stage->count("bounce.recipient_delivery WHERE state = 'sending'"), 0, 'nothing hangs';
};

subtest 'a blocked address is refused on every path' => sub {
    my $id    = $worker->submit(to => [ 'gone@customer.example', 'fine@customer.example' ]);
    my $state = $worker->wait_for_state($id, 'SUCCESS');
    is_deeply $state->{info}{rejected}, ['gone@customer.example'], 'refused';
    like $state->{error}, qr/blocked/, 'and it says why';
    is $worker->recipients($id)->{'gone@customer.example'}{response}, 'the address is blocked',
        'for the recipient too';
    is taken('gone@customer.example'), 0, 'the server never heard of it';
};

subtest 'the owner of a process is told' => sub {
    $stage->parameter(owner_mailbox         => 'owner@customer.example');
    $stage->parameter(owner_notice          => 'on');
    $stage->parameter(owner_notice_interval => '1 second');
    $remote->answer("dead$_\@customer.example", '550 5.1.1 User unknown')                 for 1, 2;
    $worker->wait_for_state($worker->submit(to => ["dead$_\@customer.example"]), 'ERROR') for 1, 2;
    $stage->wait_for(60, sub { taken('owner@customer.example') });
    my ($notice) = grep { $_->{recipients}[0] eq 'owner@customer.example' } $remote->received;
    is $notice->{sender},                                       '', 'with the null return path';
    is Bounce::Mail::header($notice->{data}, 'Auto-Submitted'), 'auto-generated', 'by RFC 3834';
    (my $text = $notice->{data}) =~ s/=\r?\n//g;
    like $text, qr/dead1\@customer\.example: no such mailbox/, 'of what has failed';
    $stage->parameter(owner_notice => 'off');
};

subtest 'the site rules, after SIGUSR1' => sub {
    my $reason = sub {
        my ($name) = @_;
        $remote->answer("$name\@customer.example", '554 5.6.0 the moon is in the wrong house');
        my $id = $worker->submit(to => ["$name\@customer.example"]);
        $worker->wait_for_state($id, 'ERROR');
        return $worker->recipients($id)->{"$name\@customer.example"}{reason};
    };
    like $reason->('moon1'), qr/^(?!virus_detected)./, 'without them another rule decides';
    $stage->instance->write_file('delivery-site.rules',
              "[site.moon]\nreason = virus_detected\nmatch = the moon is in\n"
            . "example = the moon is in the wrong house\n");
    $stage->instance->signal_server('bounce-delivery', 'USR1');
    ok $stage->wait_for(60, sub { $worker->log_lines(qr/: rules and log level reloaded/) }),
        'reloaded';
    is $reason->('moon2'), 'virus_detected', 'the new rule decides';
    $stage->instance->write_file('delivery-site.rules', "[broken\n");
    $stage->instance->signal_server('bounce-delivery', 'USR1');
    ok $stage->wait_for(60, sub { $worker->log_lines(qr/not reloaded.*delivery-site\.rules:1/) }),
        'a broken file is named, with its line';
    is $reason->('moon3'), 'virus_detected', 'and the old rules stay';
};

subtest 'a domain that is not ASCII' => sub {
    my $id = $worker->submit(to => ['anna@idn.example'], due => '2100-01-01');
    my $to = "anna\@b\x{c3}\x{bc}cher.example";
    $stage->db->sql(
        "UPDATE bounce.communication_recipient SET address = '$to' WHERE communication_id = $id;
        UPDATE bounce.communication_content SET header_to = ARRAY['Anna <$to>']
        WHERE communication_id = $id;
        UPDATE bounce.recipient_delivery SET due_at = now() WHERE communication_id = $id;\n"
    );
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'sent';
    my ($mail) = grep { $_->{recipients}[0] eq 'anna@xn--bcher-kva.example' } $remote->received;
    ok $mail, 'to its A-label';
    like + ($mail // { recipient_options => [''] })->{recipient_options}[0],
        qr/ORCPT=rfc822;anna\@xn--bcher-kva\.example/, 'in ORCPT too';
    like Bounce::Mail::header(($mail // { data => '' })->{data}, 'To'),
        qr/anna\@xn--bcher-kva\.example/, 'and in To';
};

subtest 'a local part that is not ASCII' => sub {
    my $to = "j\x{c3}\x{b6}rg\@customer.example";
    my $id = $worker->submit(to => ["J\x{c3}\x{b6}rg <$to>"]);
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'sent, by SMTPUTF8';
    my ($mail) = grep { $_->{recipients}[0] eq $to } $remote->received;
    like $mail->{sender_options},                   qr/ SMTPUTF8$/,      'which is asked for';
    like $mail->{recipient_options}[0],             qr/ORCPT=utf-8;$to/, 'ORCPT is of that type';
    like Bounce::Mail::header($mail->{data}, 'To'), qr/<$to>/, 'To has the address as it is';
    $remote->answer('@without', 'SMTPUTF8');
    $id = $worker->submit(to => [ $to, 'ascii@customer.example' ]);
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'without: the others get it';
    my $row = $worker->recipients($id)->{"j\x{f6}rg\@customer.example"};
    like "$row->{delivery} $row->{class} $row->{response}",
        qr/^rejected technical 550 5\.6\.7 not sent, the address needs SMTPUTF8/, 'and it says why';
    is $stage->count("bounce.address_block WHERE address_key = :'to'", to => $to), 0,
        'nobody is blocked';
    $remote->answer('@without', undef);
};

subtest 'a refusal without words is not taken for the one before it' => sub {
    my %reply = (
        1 => '550 5.1.1 User unknown',
        2 => '550',
        3 => '550 ',
        4 => '550 5.1.1 User unknown',
        5 => '550'
    );
    $remote->answer("bare$_\@customer.example", $reply{$_}) for keys %reply;
    # behind somebody who is accepted: so it is not the server that refuses everybody
    my $id = $worker->submit(
        to => [ map { "$_\@customer.example" } 'fine', map { "bare$_" } 1 .. 5 ]);
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'refused, but for one';
    my $row = $worker->recipients($id);
    is join(' ', map { $row->{"bare$_\@customer.example"}{class} } 1 .. 5),
        'hard technical technical hard technical', 'each by its own';
    is $row->{'bare2@customer.example'}{response} =~ s/ +$//r, '550', 'nothing is added';
    is $stage->count("bounce.address_block WHERE address_key LIKE 'bare%'"), 2,
        'nobody else is blocked';
};

# Commands and replies are pipelined: one must not be taken for another.
subtest 'a refusal without words, with others behind it' => sub {
    my $domain = $stage->db->value("SELECT bounce.parameter('bounce_domain')");
    my $pid    = $worker->pid;
    $stage->parameter(bounce_domain => '');    # no tokens: one transaction for all
    $remote->answer('many1@customer.example', '550 5.1.1 User unknown');
    $remote->answer('many2@customer.example', '550');
    my $id = $worker->submit(to => [ map { "many$_\@customer.example" } 1 .. 4 ]);
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'to RCPT: the others get it';
    my $row = $worker->recipients($id);
    is join(' ', map { $row->{"many$_\@customer.example"}{delivery} } 1 .. 4),
        'rejected rejected accepted accepted', 'each by what was said to it';
    $remote->answer('@mail', '550');
    $id = $worker->submit(to => ['alone@customer.example']);
    ok $stage->wait_for(
        60,
        sub {
            $stage->count(
                "bounce.task WHERE status = 'open' AND dedup_key LIKE 'delivery_problem:server:%'");
        }
        ),
        'to MAIL: the server cannot be used';
    $remote->answer('@mail', undef);
    is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'and then it can';
    is $worker->pid,                                     $pid,      'it is the same worker';
    ok $stage->instance->is_alive('bounce-delivery'), 'and alive';
    $stage->parameter(bounce_domain => $domain);
};

# Nothing that is no refusal for good ends a mail, and nothing but a yes is followed by DATA.
subtest 'a reply of no class that is known here' => sub {
    for my $reply ('199 what', '354 go on', '650 what') {
        my ($code) = $reply =~ /^(\d+)/;
        my $to     = "odd$code\@customer.example";
        my $refuse = '554 5.5.1 DATA was said';
        $remote->answer('@data', $refuse);
        $remote->answer($to,     $reply);
        my $id = $worker->submit(to => [$to]);
        is $worker->wait_for_state($id, 'RETRY')->{state}, 'RETRY', "$code at RCPT: tried again";
        my $row = $worker->recipients($id)->{$to};
        is "$row->{delivery} $row->{response}", "pending $reply", 'as temporary';
        $remote->answer($_, undef) for '@data', $to;
        $stage->db->sql("SELECT bounce.retry_communication($id);\n");
        is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', 'and then it is taken';
    }
};

# name, the server's rule, what is left of the options of MAIL and RCPT; a raw mail has bytes above
# ASCII
subtest 'a server that offers little' => sub {
    for my $row (
        [
            'no 8BITMIME',
            [ '@without', '8BITMIME' ],
            qr/^SIZE=\d+ RET=HDRS ENVID=\w+ NOTIFY=FAILURE,DELAY ORCPT=\S+$/
        ],
        [ 'no DSN',    [ '@without', 'DSN' ],  qr/^SIZE=\d+ BODY=8BITMIME $/ ],
        [ 'no SIZE',   [ '@without', 'SIZE' ], qr/^RET=HDRS ENVID=\w+ BODY=8BITMIME NOTIFY/ ],
        [ 'nothing',   [ '@ehlo',    '250 remote.test' ],         qr/^ $/ ],
        [ 'only HELO', [ '@ehlo',    '502 5.5.1 what is that?' ], qr/^ $/ ],
    ) {
        my ($name, $rule, $options) = @$row;
        (my $who = "few-$name\@customer.example") =~ tr/ /-/;
        $remote->answer(@$rule);
        my $id = $worker->submit(
            to  => [$who],
            raw => "Subject: x\nContent-Type: text/plain; charset=utf-8\n"
                . "Content-Transfer-Encoding: 8bit\n\n\x{c3}\x{a4}\n"
        );
        is $worker->wait_for_state($id, 'SUCCESS')->{state}, 'SUCCESS', $name;
        my ($mail) = grep { $_->{recipients}[0] eq $who } $remote->received;
        like "$mail->{sender_options} $mail->{recipient_options}[0]", $options,
            "$name: nothing is asked for that it does not have";
        like $mail->{data}, qr/\r\n\r\n\x{c3}\x{a4}\r\n/, "$name: the mail is as it was";
        $remote->answer($rule->[0], undef);
    }
};

subtest 'a mail that cannot be composed is not tried for ever, nor keeps others waiting' => sub {
    my $whole = $stage->db->value(
        "SELECT pg_get_functiondef('bounce_internal.attachments_of(bigint)'::regprocedure)");
    my @id = map { $worker->submit(to => ["compose$_\@customer.example"], due => '2100-01-01') }
        1 .. 3;
    $stage->db->sql(
        "CREATE OR REPLACE FUNCTION bounce_internal.attachments_of(communication_id bigint)
        RETURNS jsonb LANGUAGE plpgsql AS
        \$\$ BEGIN RETURN CASE WHEN communication_id = $id[1] THEN '{}' END; END \$\$;
        INSERT INTO bounce.communication_attachment (communication_id, place, content)
        SELECT id, 1, 'x' FROM bounce.communication WHERE id BETWEEN $id[0] AND $id[2];
        SELECT bounce.retry_communication(id) FROM bounce.communication
        WHERE id BETWEEN $id[0] AND $id[2];\n"
    );
    is $worker->wait_for_state($id[1], 'ERROR')->{state}, 'ERROR', 'it has failed';
    like $worker->state($id[1])->{error}, qr/cannot be composed: attachments: not a JSON array/,
        'it says why';
    is $worker->recipients($id[1])->{'compose2@customer.example'}{class}, 'technical',
        'which is not the address\'s fault';
    is $stage->count("bounce.task WHERE status = 'open' AND id = (SELECT task_id "
            . "FROM bounce.communication_recipient WHERE communication_id = $id[1])"), 1,
        'and a task';
    is $worker->wait_for_state($_, 'SUCCESS')->{state}, 'SUCCESS', 'the others go out'
        for @id[ 0, 2 ];
    $stage->db->sql("$whole;\n");
};

ok $worker->stop, 'it stops by itself';
finish();
