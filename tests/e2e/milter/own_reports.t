# SPDX-License-Identifier: BSD-2-Clause
# The reports that our own Postfix makes: bounce(8), defer(8) and trace(8) by the way of
# bounce-cleanup.
use Bounce::Test;
use Encode qw(encode_utf8);
use utf8;

my %warns = (delay_warning_time => '1s');
my $stage = stage(postfix => { lifetime => 600, main => {%warns} });

# send_letter(letter, from =>, message_id =>, body =>, ...): hands a registered mail to Postfix.
sub send_letter {
    my ($letter, %option) = @_;
    my $to         = $letter->{to}[0];
    my $message_id = $option{message_id} // $letter->{message_id};
    my $mail
        = "From: $letter->{sender}\nTo: $to\nSubject: $letter->{subject}\n"
        . "Message-ID: <$message_id>\nDate: "
        . Bounce::Mail::rfc5322_date(time) . "\n\n"
        . ($option{body} // "Your document.\n");
    my ($code, $text) = $stage->smtp->send(
        %option,
        from => $option{from} // $letter->{return_path}{$to},
        to   => [$to],
        mail => $mail
    );
    is $code, 250, 'Postfix takes the mail' or diag $text;
    return;
}

sub refuse {
    my ($address, $reply) = @_;
    $stage->remote->answer($address, $reply);
    return $stage->register(process => 'invoice', to => [$address]);
}

subtest 'refused for good' => sub {
    my $letter = refuse('gone@remote.test', '550 5.1.1 <gone@remote.test>: User unknown');
    send_letter($letter);
    is_soon(sub { $stage->status($letter) }, 'bounced', 'the communication is bounced');
    my ($bounce) = $stage->bounces($letter);
    ok $bounce->{own_mta}, 'known as made by our own MTA';
    is "$bounce->{class} $bounce->{reason} $bounce->{matched_by}", 'hard user_unknown token',
        'read and matched';
    is $stage->is_blocked('gone@remote.test'), 1, 'blocked';
};

subtest 'tried until it gave up, with a warning on the way' => sub {
    my $letter = refuse('full@remote.test', '452 4.2.2 <full@remote.test>: Mailbox full');
    send_letter($letter);
    is_soon(sub { scalar $stage->bounces($letter) }, 1, 'there is a warning');
    $stage->mta->stop;
    $stage->mta->restart(main => { %warns, maximal_queue_lifetime => '1s' });
    is_soon(sub { $stage->status($letter) }, 'bounced', 'the communication is bounced');
    my ($warning, $end) = $stage->bounces($letter);
    is "$warning->{kind} $warning->{class}", 'delay technical', 'the warning was a notice';
    is "$end->{kind} $end->{action} $end->{class}", 'dsn failed soft',
        'soft, though the action is "failed"';
    ok $stage->recipient($letter)->{next_attempt_at}, 'a resend is scheduled';
    is $stage->is_blocked('full@remote.test'), 0, 'not blocked';
};

subtest 'a return path without a token: believed all the same, for it is our own MTA' => sub {
    my $letter = refuse('gone2@remote.test', '550 5.1.1 <gone2@remote.test>: User unknown');
    send_letter($letter, from => Bounce::Stage::BOUNCE_MAILBOX);
    is_soon(sub { $stage->status($letter) }, 'bounced', 'the communication is bounced');
    my ($bounce) = $stage->bounces($letter);
    is "$bounce->{matched_by} $bounce->{trust}", 'message_id own_mta',
        'by the Message-ID of the returned mail';
    is $stage->is_blocked('gone2@remote.test'), 1, 'blocked';
};

subtest 'a report inside a mail that our own MTA returns is the word of a stranger' => sub {
    my $victim = $stage->register(process => 'invoice', to => ['victim@remote.test']);
    $stage->remote->answer('relay@remote.test', '550 5.1.1 <relay@remote.test>: User unknown');
    my $forged = <<"END";
From: MAILER-DAEMON\@mx.example.net
To: ${\Bounce::Stage::BOUNCE_MAILBOX}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; victim\@remote.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <victim\@remote.test>: User unknown

--b
Content-Type: message/rfc822

From: $victim->{sender}
To: victim\@remote.test
Message-ID: <$victim->{message_id}>
X-Communication-ID: $victim->{envelope_id}

--b--
END
    my ($code) = $stage->smtp->send(
        from => Bounce::Stage::BOUNCE_MAILBOX,
        to   => ['relay@remote.test'],
        mail => $forged
    );
    is $code, 250, 'Postfix takes it from anybody who may send';
    is_soon(
        sub {
            $stage->count("bounce.bounce WHERE recipient = 'relay\@remote.test' "
                    . "AND communication_id IS NULL");
        },
        1,
        'its report is about the recipient that it tried'
    );
    is $stage->status($victim),                   'sent', 'the victim is not bounced';
    is $stage->is_blocked('victim@remote.test'), 0,      'nor blocked';
};

subtest 'a quoted local part that looks like an address is not that address' => sub {
    my $victim = $stage->register(
        process => 'invoice',
        to      => [ 'victim2@remote.test', 'fellow@remote.test' ]);
    my $address = '"victim2@remote.test"@other.test';
    $stage->remote->answer($address, "550 5.1.1 <$address>: User unknown");
    my ($code) = $stage->smtp->send(
        from => Bounce::Stage::BOUNCE_MAILBOX,
        to   => [$address],
        mail => "Message-ID: <$victim->{message_id}>\n"
            . "X-Communication-ID: $victim->{envelope_id}\n\nx\n"
    );
    is $code, 250, 'Postfix takes it from anybody who may send';
    is_soon(sub { $stage->count("bounce.bounce WHERE recipient = :'who'", who => $address) },
        1, 'its report is about the recipient that it tried');
    is $stage->recipient($victim)->{state},       'sent', 'the other one is not bounced';
    is $stage->is_blocked('victim2@remote.test'), 0,      'nor blocked';
};

# Without the letters that a reader of prose leaves out, or in lower case, or with its ORCPT in its
# place, each is the address of somebody else.
subtest 'what may be read as the address of another is believed of nobody' => sub {
    my @try = (
        [ 'an apostrophe'              => q{'victim3@remote.test} ],
        [ 'a bar'                      => q{|victim3@remote.test} ],
        [ 'a brace'                    => '{victim3@remote.test' ],
        [ 'a domain with an underline' => 'victim3@remote.test_' ],
        [ 'a Chinese letter'           => '你victim3@remote.test' ],
        [ 'a quotation mark'           => '“victim3@remote.test' ],
        [ 'a domain beyond ASCII'      => 'victim3@remote.test你' ],
        [ 'the Kelvin sign'            => "\x{212A}im\@remote.test" ],
        [ 'the sign for ohm'           => "\x{2126}\@remote.test" ],
        [ 'a path, and an ORCPT'       => '/x@remote.test',  'ORCPT=rfc822;victim3@remote.test' ],
        [ 'a name, and an ORCPT'       => 'Kim/Sales@Notes', 'ORCPT=rfc822;victim3@remote.test' ]);
    my $victim = $stage->register(
        process => 'invoice',
        to      => [ 'victim3@remote.test', 'kim@remote.test', encode_utf8("\x{3C9}\@remote.test") ]
    );
    my $before = $stage->count('bounce.bounce_message');
    $stage->remote->answer('@rcpt', '550 5.1.1 User unknown');
    for my $case (@try) {
        my ($name, $address, $orcpt) = @$case;
        my ($code) = $stage->smtp->send(
            from         => Bounce::Stage::BOUNCE_MAILBOX,
            to           => [ encode_utf8($address) ],
            mail_options => 'SMTPUTF8',
            rcpt_options => $orcpt,
            mail         => "Message-ID: <$victim->{message_id}>\n"
                . "X-Communication-ID: $victim->{envelope_id}\n\nx\n"
        );
        is $code, 250, "$name: Postfix takes it from anybody who may send";
    }
    is_soon(sub { $stage->count('bounce.bounce_message') - $before },
        scalar @try, 'there is a report of each');
    my $believed = "bounce.bounce WHERE trust >= 'own_mta' AND communication_id = :'id' "
        . 'AND recipient_id IS NOT NULL';
    is $stage->count($believed, id => $victim->{id}), 0,
        'and none that is believed as our own is about a recipient of the mail';
    is $stage->is_blocked($_), 0, "$_ is not blocked" for @{ $victim->{to} };
    $stage->remote->answer('@rcpt', undef);
};

subtest 'a mail over bounce_size_limit comes back as headers only' => sub {
    my $large  = ('x' x 70 . "\n") x 2000;
    my $letter = refuse('gone3@remote.test', '550 5.1.1 <gone3@remote.test>: User unknown');
    send_letter($letter, from => Bounce::Stage::BOUNCE_MAILBOX, body => $large);
    is_soon(sub { $stage->status($letter) }, 'bounced', 'the communication is bounced');
    my ($bounce) = $stage->bounces($letter);
    is $bounce->{matched_by}, 'message_id', 'by the Message-ID among those headers';
    my $raw
        = $stage->db->value(
        "SELECT encode(raw, 'escape') FROM bounce.bounce_message WHERE id = :id",
        id => $bounce->{bounce_message_id});
    like $raw, qr{^Content-Type: text/rfc822-headers}m, 'for there is nothing else';
};

subtest 'ENVID comes back as Original-Envelope-Id' => sub {
    my $letter = refuse('gone4@remote.test', '550 5.1.1 <gone4@remote.test>: User unknown');
    send_letter(
        $letter,
        from         => Bounce::Stage::BOUNCE_MAILBOX,
        message_id   => 'made-by-a-relay@elsewhere.test',
        mail_options => "RET=HDRS ENVID=$letter->{envelope_id}"
    );
    is_soon(sub { $stage->status($letter) }, 'bounced', 'the communication is bounced');
    is [ $stage->bounces($letter) ]->[0]{matched_by}, 'envelope_id', 'by the envelope id alone';
};

subtest 'NOTIFY=SUCCESS' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['somebody@example.org']);
    send_letter($letter, rcpt_options => 'NOTIFY=SUCCESS');
    is_soon(sub { scalar $stage->bounces($letter) }, 1, 'trace(8) reports the delivery');
    my ($bounce) = $stage->bounces($letter);
    is "$bounce->{kind} $bounce->{action} $bounce->{class}", 'success delivered technical',
        'which is a notice';
    is $stage->status($letter), 'sent', 'and changes nothing';
};

subtest 'an internationalised address (RFC 6531, 6533)' => sub {
    my $address = 'jürgen@bücher.example';
    my $bytes   = encode_utf8($address);
    my $letter  = refuse($bytes, "550 5.1.1 <$bytes>: User unknown");
    send_letter($letter, mail_options => 'SMTPUTF8', from => Bounce::Stage::BOUNCE_MAILBOX);
    is_soon(sub { $stage->status($letter) }, 'bounced', 'the communication is bounced');
    my ($bounce) = $stage->bounces($letter);
    is $bounce->{recipient},       $address,       'the recipient is read';
    is $bounce->{reason},          'user_unknown', 'and the reason';
    is $stage->is_blocked($bytes), 1,              'and blocked as it is written';
};

subtest 'the connection is refused' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['somebody@closed.test']);
    $stage->instance->stop_server('remote');
    send_letter($letter);
    is_soon(sub { $stage->status($letter) }, 'bounced', 'the communication is bounced');
    is $stage->recipient($letter)->{class},  'soft',          'soft';
    is $stage->recipient($letter)->{reason}, 'network_error', 'for what it is';
};

ok $stage->wait_for(60, sub { $stage->mta->queue eq '' }), 'nothing stays in the queue';
is $stage->mta->mailbox('operator'), 0, 'nothing was too much for the classifier';

finish();
