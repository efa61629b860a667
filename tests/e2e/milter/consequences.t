# SPDX-License-Identifier: BSD-2-Clause
# What each class of bounce makes of communication, recipient, address, tasks and resends.
use Bounce::Test;

my $stage = stage();

sub row {
    my ($letter, $address) = @_;
    my $r = $stage->recipient($letter, $address);
    return join ' ', map { $_ // '-' } @$r{qw(state class reason)};
}

# Sent to the signed return path, or to the plain bounce address, where only the report's own words
# help.
#<<< perltidy
my @table = (
    # template, way, recipient afterwards, matched by, block, task, resend
    ['postfix-user-unknown', 'signed','bounced hard user_unknown',          'token',      1, 1, 0],
    ['qmail-prose',          'signed','bounced hard user_unknown',          'token',      1, 1, 0],
    ['exchange-mailbox-full','signed','bounced soft mailbox_full',          'token',      0, 0, 1],
    ['exchange-spam-refused','signed','bounced technical spam_rejected',    'token',      0, 0, 0],
    ['exim-too-big',         'signed','bounced technical message_too_large', 'token',      0, 0, 0],
    ['postfix-delay',        'signed','sent - ',                            'token',      0, 0, 0],
    ['sendmail-success',     'signed','sent - ',                            'token',      0, 0, 0],
    ['read-receipt',         'signed','sent - ',                            'token',      0, 0, 0],
    ['complaint',            'signed','sent - ',                            'token',      0, 0, 0],
    ['out-of-office',        'signed','sent - ',                            'token',      0, 0, 0],
    # an id that only the recipient's side knows: believed enough to mark, not enough to block
    ['postfix-user-unknown', 'plain', 'bounced hard user_unknown',          'message_id', 0, 1, 0],
    ['exim-prose',           'plain', 'bounced hard user_unknown',          'message_id', 0, 1, 0],
    ['exchange-mailbox-full','plain', 'bounced soft mailbox_full',          'message_id', 0, 0, 1],
    ['out-of-office',        'plain', 'sent - ',                            'reference',  0, 0, 0],
    # only an address, which anybody can write: nothing but a task
    ['address-only',         'plain', 'sent - ',                            'address',    0, 1, 0],
);
#>>>

for my $case (@table) {
    my ($template, $way, $recipient, $matched_by, $blocked, $task, $resend) = @$case;
    my $name    = "$template, $way";
    my $address = "$template-$way\@bank.example";
    my $letter  = $stage->register(process => 'invoice', to => [$address]);
    my ($code, $text)
        = $stage->bounce($template, $letter,
        $way eq 'plain' ? (to => Bounce::Stage::BOUNCE_MAILBOX) : ());
    is $code,        250,        "$name: taken" or diag $text;
    is row($letter), $recipient, "$name: the recipient";
    my ($state) = split / /, $recipient;
    is $stage->status($letter), $state, "$name: the communication";
    my ($bounce) = $stage->bounces($letter);
    is $bounce->{matched_by},                  $matched_by, "$name: matched by";
    is $stage->is_blocked($address),           $blocked,    "$name: blocked";
    is $stage->tasks('hard_bounce', $address), $task,       "$name: a task hard_bounce";
    is defined $stage->recipient($letter)->{next_attempt_at} ? 1 : 0, $resend, "$name: a resend";
}
is $stage->mta->mailbox('bounces'),  0, 'what is stored is delivered nowhere';
is $stage->mta->mailbox('operator'), 0, 'and no person is bothered with it';

subtest 'only the recipient that bounced' => sub {
    my @to     = qw(clara@office.example dora@office.example emil@office.example);
    my $letter = $stage->register(process => 'receipt', to => \@to);
    is code_of($stage->bounce('sendmail-several-one-failed', $letter)), 250, 'taken';
    is row($letter, $to[0]),            'bounced hard user_unknown', 'the one that failed';
    is row($letter, $to[1]),            'sent - ',                   'the one that was delivered';
    is row($letter, $to[2]),            'sent - ',                   'the one that is still tried';
    is scalar $stage->bounces($letter), 3,                           'all three are recorded';
};

subtest 'a provider that refuses makes one task, not one per mail' => sub {
    $stage->bounce('exchange-spam-refused',
        $stage->register(process => 'newsletter', to => ["p$_\@bank.example"]))
        for 1 .. 3;
    my $tasks = $stage->db->rows(
        "SELECT * FROM bounce.task_detail WHERE kind = 'delivery_problem' "
            . "AND reason = 'spam_rejected'");
    is @$tasks,            1, 'one task';
    is $tasks->[0]{count}, 4, 'which counts them (one is of the table above)';
};

subtest 'when the resends are used up, a person is asked' => sub {
    $stage->parameter(resend_max_attempts => 0, 'receipt');
    my $letter = $stage->register(process => 'receipt', to => ['voll@school.example']);
    $stage->bounce('exchange-mailbox-full', $letter);
    is row($letter), 'bounced soft mailbox_full',                       'bounced';
    is $stage->recipient($letter)->{next_attempt_at},            undef, 'nothing scheduled';
    is $stage->tasks('resend_exhausted', 'voll@school.example'), 1,     'a task instead';
};

subtest 'a bounce of a mail that we do not know' => sub {
    my $stranger = {
        to          => ['someone@customer.example'],
        sender      => 'x@elsewhere.test',
        subject     => 'Offer',
        message_id  => 'never-sent@elsewhere.test',
        envelope_id => ''
    };
    is code_of(
        $stage->bounce('postfix-user-unknown', $stranger, to => Bounce::Stage::BOUNCE_MAILBOX)),
        250, 'taken';
    is $stage->count("bounce.task WHERE kind = 'bounce_without_communication' AND status = 'open'"),
        1, 'is a task';
    is $stage->is_blocked('someone@customer.example'), 0, 'and blocks nobody';
};

subtest 'what nobody can classify reaches the operator' => sub {
    my $letter = $stage->register(process => 'newsletter', to => ['jonas@farm.example']);
    is code_of($stage->bounce('nobody-can-tell', $letter)), 250, 'taken';
    is_soon(sub { scalar $stage->mta->mailbox('operator') }, 1, 'one mail in the operator mailbox');
    my ($mail) = map { $_->[1] } $stage->mta->mailbox('operator');
    is Bounce::Mail::header($mail, 'X-Bounce-Class'), 'unclassified', 'says the class';
    ok Bounce::Mail::header($mail, 'X-Bounce-Reason'), 'the reason';
    my $id = Bounce::Mail::header($mail, 'X-Bounce-Id');
    is $stage->db->value(
        'SELECT m.disposition FROM bounce.bounce AS b '
            . 'JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id WHERE b.id = :id',
        id => $id
        ),
        'forward',
        'and where it is recorded';
    like $mail, qr/afternoons are best/, 'with its text';
    is row($letter), 'sent - ', 'the communication stays as it was';
};

finish();
