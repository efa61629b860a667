# SPDX-License-Identifier: BSD-2-Clause
# What comes over SMTP, and the mail that is not for the milter.
use Bounce::Test;

my $stage = stage();

subtest 'no client can say that it is our own MTA' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['nina@customer.example']);
    $stage->bounce('postfix-user-unknown', $letter, to => Bounce::Stage::BOUNCE_MAILBOX,
        reporting => 'mail.example.org');
    my $own = $stage->db->value(
        'SELECT count(*) FROM bounce.bounce_message AS m JOIN bounce.bounce AS b ON b.bounce_message_id = m.id WHERE m.own_mta AND b.communication_id = :id',
        id => $letter->{id});
    is $own,                                        0, 'not marked as own';
    is $stage->is_blocked('nina@customer.example'), 0, 'not blocked';
};

# [name, header and body as sent]; what arrives is compared without the Received lines on top
my @untouched = (
    [   'plain',
        "From: a\@example.org\r\nTo: b\@elsewhere.test\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\nMessage-ID: <plain\@example.org>\r\nSubject: lunch\r\n\r\nAt twelve?\r\n"
    ],
    [   'dots and blanks',
        "Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nFrom: a\@example.org\r\nMessage-ID: <dots\@example.org>\r\nSubject:   two  blanks\r\n\tfolded\r\n\r\n.\r\n..\r\n.a\r\n\r\n\r\n"
    ],
    [   'eight bits',
        "Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nFrom: a\@example.org\r\nMessage-ID: <eight\@example.org>\r\nSubject: gr\xfc\xdfe\r\n\r\n\xe4\xf6\xfc \x80\xff\r\n"
    ],
    [   'a DSN of others',
        "Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nFrom: MAILER-DAEMON\@elsewhere.test\r\nMessage-ID: <dsn\@elsewhere.test>\r\nContent-Type: multipart/report; boundary=x\r\nX-Bounce-Class: hard\r\n\r\n--x\r\n\r\nno\r\n--x--\r\n"
    ],
);
for my $case (@untouched) {
    my ($name, $mail) = @$case;
    my $before = $stage->remote->received;
    my ($code) = $stage->smtp->send(from => 'a@example.org', to => ['b@elsewhere.test'], mail => $mail, raw => 1);
    is $code, 250, "$name: taken";
    is_soon(sub { scalar $stage->remote->received }, $before + 1, "$name: arrives at the other domain");
    my ($received) = grep { $_->{data} =~ /^\Q@{[$mail =~ m{^(Message-ID:.*?)\r$}m]}\E/m } $stage->remote->received;
    (my $data = $received->{data}) =~ s/\A(?:Received:.*\n(?:[ \t].*\n)*)+//;
    is $data, $mail, "$name: byte by byte what was sent";
}
is $stage->count("bounce.bounce_message WHERE envelope_recipients && ARRAY['b\@elsewhere.test']"), 0,
    'nothing of it is recorded';

subtest 'a message for both loses only our recipient' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['paul@customer.example']);
    my $to     = $letter->{return_path}{'paul@customer.example'};
    my $before = $stage->remote->received;
    my ($code) = $stage->smtp->send(from => '', to => [ $to, 'c@elsewhere.test' ],
        mail => $stage->report('postfix-user-unknown', $letter));
    is $code,                   250,       'taken';
    is $stage->status($letter), 'bounced', 'recorded';
    is_soon(sub { scalar $stage->remote->received }, $before + 1, 'and passed on');
    is_deeply + ($stage->remote->received)[-1]{recipients}, ['c@elsewhere.test'], 'to the other recipient alone';
    is $stage->mta->mailbox('bounces'), 0, 'the bounce domain gets nothing';
};

subtest 'the return path in capitals' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['rosa@customer.example']);
    (my $to = $letter->{return_path}{'rosa@customer.example'}) =~ s/\@(.*)/'@' . uc $1/e;
    is code_of($stage->bounce('postfix-user-unknown', $letter, to => $to)), 250,       'taken';
    is $stage->status($letter),                                             'bounced', 'capitals in the domain';
    my $second = $stage->register(process => 'invoice', to => ['saskia@customer.example']);
    is code_of(
        $stage->bounce('postfix-user-unknown', $second, to => uc $second->{return_path}{'saskia@customer.example'})),
        250, 'taken';
    is $stage->status($second), 'bounced', 'the case of the token folded on the way';
};

finish();
