# SPDX-License-Identifier: BSD-2-Clause
# What comes over SMTP, and the mail that is not for the milter.
use Bounce::Test;

my $stage = stage();

subtest 'no client can say that it is our own MTA' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['nina@customer.example']);
    my $mail = $stage->report('postfix-user-unknown', $letter, to => Bounce::Stage::BOUNCE_MAILBOX);
    $mail =~ s/mx\.customer\.example/mail.example.org/g;    # our own MTA's name in every field
    is code_of(
        $stage->smtp->send(from => '', to => [Bounce::Stage::BOUNCE_MAILBOX], mail => $mail)), 250,
        'taken';
    my ($bounce) = $stage->bounces($letter);
    is "$bounce->{own_mta} $bounce->{trust}",       '0 message_id', 'not taken for one of our own';
    is $stage->is_blocked('nina@customer.example'), 0,              'not blocked';
};

my $date = "Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nFrom: a\@example.org\r\n";

# [name, Message-ID, what follows it]; what arrives is compared without the Received lines on top
my @untouched = (
    [ 'plain', 'plain', "To: b\@elsewhere.test\r\nSubject: lunch\r\n\r\nAt twelve?\r\n" ],
    [
        'dots and blanks',
        'dots', "Subject:   two  blanks\r\n\tfolded\r\n\r\n.\r\n..\r\n.a\r\n\r\n\r\n"
    ],
    [ 'eight bits', 'eight', "Subject: gr\xfc\xdfe\r\n\r\n\xe4\xf6\xfc \x80\xff\r\n" ],
    [
        'a DSN of others',
        'dsn',
        "Content-Type: multipart/report; boundary=x\r\nX-Bounce-Class: hard\r\n\r\n--x\r\n\r\n"
            . "no\r\n--x--\r\n"
    ],
);
for my $case (@untouched) {
    my ($name, $id, $rest) = @$case;
    my $mail   = "${date}Message-ID: <$id\@example.org>\r\n$rest";
    my $before = $stage->remote->received;
    my ($code) = $stage->smtp->send(
        from => 'a@example.org',
        to   => ['b@elsewhere.test'],
        mail => $mail,
        raw  => 1
    );
    is $code, 250, "$name: taken";
    is_soon(
        sub { scalar $stage->remote->received },
        $before + 1,
        "$name: arrives at the other domain"
    );
    my ($received) = grep { $_->{data} =~ /^Message-ID: <$id\@/m } $stage->remote->received;
    (my $data = $received->{data}) =~ s/\A(?:Received:.*\n(?:[ \t].*\n)*)+//;
    is $data, $mail, "$name: byte by byte what was sent";
}
is $stage->count("bounce.bounce_message WHERE envelope_recipients && ARRAY['b\@elsewhere.test']"),
    0,
    'nothing of it is recorded';

subtest 'a return path as a bang path' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['uucp@customer.example']);
    my ($local, $domain) = split /@/, $letter->{return_path}{'uucp@customer.example'};
    is code_of($stage->smtp->send(
        from => '',
        to   => ["$domain!$local"],
        mail => $stage->report('postfix-user-unknown', $letter)
        )),
        250, 'taken';
    is $stage->status($letter), 'bounced', 'and read: Postfix delivers it to the bounce domain';
};

subtest 'a message for both loses only our recipient' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['paul@customer.example']);
    my $to     = $letter->{return_path}{'paul@customer.example'};
    my $before = $stage->remote->received;
    my ($code) = $stage->smtp->send(
        from => '',
        to   => [ $to, 'c@elsewhere.test' ],
        mail => $stage->report('postfix-user-unknown', $letter));
    is $code,                   250,       'taken';
    is $stage->status($letter), 'bounced', 'recorded';
    is_soon(sub { scalar $stage->remote->received }, $before + 1, 'and passed on');
    is_deeply + ($stage->remote->received)[-1]{recipients}, ['c@elsewhere.test'],
        'to the other recipient alone';
    is $stage->mta->mailbox('bounces'), 0, 'the bounce domain gets nothing';
};

subtest 'the return path in capitals' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['rosa@customer.example']);
    (my $to = $letter->{return_path}{'rosa@customer.example'}) =~ s/\@(.*)/'@' . uc $1/e;
    is code_of($stage->bounce('postfix-user-unknown', $letter, to => $to)), 250, 'taken';
    is $stage->status($letter), 'bounced', 'capitals in the domain';
    my $second = $stage->register(process => 'invoice', to => ['saskia@customer.example']);
    is code_of($stage->bounce(
        'postfix-user-unknown', $second,
        to => uc $second->{return_path}{'saskia@customer.example'}
        )),
        250, 'taken';
    is $stage->status($second), 'bounced', 'the case of the token folded on the way';
};

finish();
