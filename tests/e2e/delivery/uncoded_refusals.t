# SPDX-License-Identifier: BSD-2-Clause
# A server that refuses everybody in words of its own, without a code that says why, at each step:
# words that say nothing of a recipient or a mail are no fault of theirs.
use Bounce::Delivery;
use Bounce::SmtpServer;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
$stage->parameter(delivery_probe_delay     => '1 second');
$stage->parameter(delivery_probe_max_delay => '1 second');
$stage->parameter(retry_initial_delay      => '20 seconds');
$stage->parameter(retry_jitter             => '0');

# Of two, one may claim a single mail, which is counted: nothing tells yet whose fault it is.
my $worker = Bounce::Delivery->new_for($stage, $remote, workers => 1)->start;

sub counted {
    my (@id) = @_;
    return $db->value("SELECT string_agg(DISTINCT d.attempts || ' ' || q.tries, ', ') "
            . 'FROM bounce.communication_delivery AS d JOIN bounce.recipient_delivery AS q '
            . "USING (communication_id) WHERE communication_id = ANY ('{"
            . join(',', @id)
            . "}')");
}

# Handed over in one commit, so that one worker claims all together.
sub submit {
    my (@to) = @_;
    my $list = join ',', map { qq("$_") } @to;
    return split / /, $db->value(<<"END");
SELECT string_agg(bounce.submit_communication(process => 'invoice', recipients => ARRAY[a],
  sender => 'billing\@example.org', subject => 'Your invoice', body_text => 'x')::text, ' ')
FROM unnest('{$list}'::text[]) AS a
END
}

sub repaired {
    my (@id) = @_;
    $remote->forget;
    is_soon(
        sub { $worker->states(@id) },
        'SUCCESS ' . @id,
        'repaired: everything goes out by itself'
    );
    is $stage->open_tasks,                    '', 'and the task is closed';
    is $stage->count('bounce.address_block'), 0,  'nobody is blocked';
    is $stage->count('bounce.bounce'),        0,  'and nothing is a bounce';
    return;
}

# stage, reply, domains of the 14
my $number = 0;
for my $row (
    [ '@mail', '550 go away',                 7 ],
    [ '@mail', '451 not today',               1 ],
    [ '@rcpt', '550 go away',                 7 ],
    [ '@rcpt', '550 go away',                 1 ],
    [ '@rcpt', '554 no',                      7 ],
    [ '@rcpt', '550',                         1 ],
    [ '@rcpt', '450 not today',               7 ],
    [ '@rcpt', '550 heute nicht',             1 ],
    [ '@rcpt', '550 allez-vous-en',           7 ],
    [ '@rcpt', '550 お断りします',                  1 ],
    [ '@rcpt', '550 5.0.0 go away',           7 ],
    [ '@rcpt', '554 this server is for sale', 1 ],
    [ '@data', '554 no',                      7 ],
    [ '@data', '550 not today',               1 ],
    [ '@end',  '554 no',                      7 ],
    [ '@end',  '550 not today',               1 ],
    [ '@end',  '550 5.7.1 go away',           7 ],
    [ '@end',  '451 heute nicht',             1 ],
) {
    my ($step, $reply, $domains) = @$row;
    subtest "$step $reply, $domains" => sub {
        $number++;
        $remote->answer($step, $reply);
        my @id    = submit(map { "p$number-$_\@customer" . $_ % $domains . '.example' } 1 .. 14);
        my $words = qr/^our mail server [^\n]*: [^\n]*\Q$reply\E/;
        is_soon(sub { $stage->open_tasks =~ $words ? 'known' : $stage->open_tasks },
            'known', 'it is known');
        is scalar(split /\n/, $stage->open_tasks), 1, 'by one task';
        like $stage->open_tasks, qr/, 14 communications wait/, 'that says how many wait';
        is counted(@id), '0 0', 'nothing is counted';
        repaired(@id);
    };
}

# Each the only one of its claim, whichever of two workers it comes to.
ok $worker->stop, 'it stops by itself';
$worker = Bounce::Delivery->new_for($stage, $remote, workers => 2)->start;
subtest 'one mail after the other' => sub {
    $remote->answer('@rcpt', '550 go away');
    my @id = submit('first@customer.example');
    is_soon(sub { $worker->states(@id) },
        'RETRY 1', 'the first: nothing tells yet whose fault it is');
    push @id, submit('second@customer.example');
    is_soon(sub { $stage->open_tasks =~ /550 go away/ ? 'known' : $stage->open_tasks },
        'known', 'the second tells');
    is counted($id[1]), '0 0', 'and is not counted';
    $remote->forget;
    is_soon(sub { $worker->states($id[1]) }, 'SUCCESS 1', 'repaired: it goes out');
    $worker->try_again($id[0]);
    is_soon(sub { $worker->states(@id) }, 'SUCCESS 2', 'and the first with its next try');
};

subtest 'one mail alone, and nobody else' => sub {
    $remote->answer('alone@customer.example', '550 go away');
    $worker->stop;
    $worker->start;    # which knows of nobody that was accepted
    my @id = submit('alone@customer.example');
    for my $try (1 .. 3) {
        is_soon(sub { counted(@id) }, "$try $try", "try $try");
        is $worker->states(@id), 'RETRY 1', 'refused in the same words again: not for good';
        $worker->try_again(@id) if $try < 3;    # nothing is in hand when another one is accepted
    }
    my @other = submit('other@customer.example');
    is_soon(sub { $worker->states(@other) }, 'SUCCESS 1', 'another one is accepted');
    $worker->try_again(@id);
    is_soon(sub { $worker->states(@id) }, 'ERROR 1', 'then it is refused for good');
    is $worker->recipients($id[0])->{'alone@customer.example'}{class}, 'technical',
        'and is not hard';
};

subtest 'dead addresses of one domain, in identical words' => sub {
    $remote->answer('@rcpt', '550 5.1.1 user unknown');
    my @id = submit(map { "dead$_\@dead.example" } 1 .. 5);
    is_soon(sub { $worker->states(@id) }, 'ERROR 5', 'are refused at once');
    is $stage->count("bounce.address_block WHERE address_key LIKE 'dead%'"), 5, 'and blocked';
    $remote->answer('@rcpt', '550 no such user');
    @id = submit(map { "gone$_\@gone.example" } 1 .. 3);
    is_soon(sub { $worker->states(@id) }, 'ERROR 3', 'without a code, too');
    is $stage->count("bounce.address_block WHERE address_key LIKE 'gone%'"), 3, 'and blocked';
    unlike $stage->open_tasks, qr/our mail server/, 'no word of the server';
    $remote->forget;
};

# Dead addresses are known by name, and that shows nothing of whether anybody is accepted.
for my $row (
    [ 'a mail for each',    '550 go away' ],
    [ 'a mail for each',    '550' ],
    [ 'a mail for each',    '554 5.7.1 Relay access denied' ],
    [ 'one mail',           '550 go away' ],
    [ 'in one transaction', '550 go away' ],
    [ 'in one transaction', '554 5.7.1 Relay access denied' ],
) {
    my ($how, $reply) = @$row;
    subtest "dead addresses are unknown, everybody else is refused: $how, $reply" => sub {
        my $domain = $db->value("SELECT bounce.parameter('bounce_domain')");
        $stage->parameter(bounce_domain => '') if $how eq 'in one transaction';
        $number++;
        $remote->answer('@rcpt', $reply);
        my @dead = map { "lost$number-$_\@gone$number.example" } 1 .. 3;
        my @fine = map { "kept$number-$_\@customer" . $_ % 4 . '.example' } 1 .. 7;
        $remote->answer($_, '550 5.1.1 User unknown in virtual mailbox table') for @dead;
        my @to    = map { ($fine[$_], $dead[$_] // ()) } 0 .. $#fine;
        my $words = qr/^our mail server [^\n]*: [^\n]*\Q$reply\E/m;
        my @id    = $how eq 'a mail for each' ? submit(@to) : $worker->submit(to => \@to);
        is_soon(sub { $stage->open_tasks =~ $words ? 'known' : $stage->open_tasks },
            'known', 'it is known');
        is $stage->count("bounce.communication_recipient WHERE address LIKE 'kept$number-%' "
                . "AND state NOT IN ('open', 'sent')"), 0, 'nobody has failed who is not dead';
        $remote->answer('@rcpt', undef);
        is_soon(
            sub {
                $stage->count("bounce.communication_recipient WHERE address LIKE 'kept$number-%' "
                        . "AND state = 'sent'");
            },
            7,
            'repaired: all others get theirs'
        );
        is_soon(
            sub { $stage->count("bounce.address_block WHERE address_key LIKE 'lost$number-%'") },
            3, 'the dead are blocked');
        is $stage->count("bounce.bounce AS b JOIN bounce.communication_recipient AS r "
                . "ON r.id = b.recipient_id WHERE r.address LIKE 'kept$number-%'"), 0,
            'and nobody else has a bounce';
        unlike $stage->open_tasks, qr/our mail server/, 'the task of the server is closed';
        $remote->forget;
        $stage->parameter(bounce_domain => $domain);
    };
}

subtest 'one domain that is refused among others' => sub {
    $remote->answer("p$_\@refused.example", '550 go away') for 1 .. 4;
    my @id  = submit(map { "p$_\@refused.example" } 1 .. 4);
    my @out = submit(map { "fine$_\@customer.example" } 1 .. 4);
    is_soon(sub { $worker->states(@out) }, 'SUCCESS 4', 'the others get theirs');
    for (1 .. 15) {
        $worker->try_again(@id, submit("more$_\@customer.example"));
        last if $stage->wait_for(4, sub { $worker->states(@id) eq 'ERROR 4' });
    }
    is $worker->states(@id), 'ERROR 4', 'and these have failed';
    is $stage->count("bounce.address_block WHERE address_key LIKE '%refused.example'"), 0,
        'nobody is blocked';
};
ok $worker->stop, 'it stops by itself';
finish();
