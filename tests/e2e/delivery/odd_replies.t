# SPDX-License-Identifier: BSD-2-Clause
# Answers that are none of 2, 4, 5, and what is no answer at all, at each step: temporary, nobody is
# blocked, nothing is a bounce, and everything goes out once when the server has come to its senses.
# What is said and what is not is held by tests/unit/delivery/smtp/test_session.c, answer by answer.
use Bounce::Delivery;
use Bounce::SmtpServer;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
$stage->parameter(delivery_probe_delay     => '1 second');
$stage->parameter(delivery_probe_max_delay => '1 second');
$stage->parameter(retry_initial_delay      => '1 hour');
my $password = $stage->instance->write_file('password', "secret\n");
my $worker   = Bounce::Delivery->new_for($stage, $remote);
$worker->start;

my @odd
    = ('150 2.0.0 ok', '199', '334 VXNlcg==', '399 5.1.1 User unknown', '650 5.1.1 User unknown');
my @none = (
    '',
    'hello',
    '000 ok',
    '099 5.1.1 User unknown',
    '2500 ok',
    '55',
    "\xff\xfe\x01",
    '<html>550 5.1.1 User unknown</html>',
    '250_ok',
    ' 250 ok',
    '250-ok\r\n550 5.1.1 User unknown',
    '550-5.1.1 User unknown\r\n250 ok',
    '550-5.1.1 User unknown\r\n',
    '250-ok\r\n251 ok'
);

# Whoever is asked about was harmed by nothing.
sub is_unharmed {
    my ($name) = @_;
    is $stage->count('bounce.address_block'), 0, "$name: nobody is blocked";
    is $stage->count('bounce.bounce'),        0, "$name: nothing is a bounce";
    return;
}

# From now on the server is as others are.
sub mend {
    my (@id) = @_;
    $remote->forget;
    is_soon(
        sub { $worker->try_again(@id); $worker->states(@id) },
        'SUCCESS ' . @id,
        'mended: everything goes out'
    );
    return;
}

sub has_failed {
    my (@id) = @_;
    return $stage->count('bounce.delivery WHERE state = \'ERROR\' AND communication_id = ANY '
            . "('{@{[join ',', @id]}}')");
}

# Where each answer takes a probe, or a connection: one of each sort.
my @some = (@odd[ 0, 2, 4 ], @none[ 0, 1, 3, 8, 10, 11, 12 ]);

my $number = 0;

# One mail for each answer, each to somebody who gets it and somebody who does not.
sub per_recipient {
    my ($step, @reply) = @_;
    $number++;
    my @to;
    for my $i (0 .. $#reply) {
        my $odd = "odd$number-$i\@customer$i.example";
        $remote->answer($step eq '@rcpt' ? $odd : "$step $odd", $reply[$i]);
        push @to, [ $odd, "fine$number-$i\@customer$i.example" ];
    }
    return ([ map { $worker->submit(to => $_) } @to ], \@to);
}

for my $pipelining (1, 0) {
    for my $is_one_transaction (0, 1) {
        my $manner = ($pipelining ? 'PIPELINING' : 'no PIPELINING')
            . ($is_one_transaction ? ', one transaction' : ', a transaction each');
        my $domain = $db->value("SELECT bounce.parameter('bounce_domain')");
        $stage->parameter(bounce_domain => '') if $is_one_transaction;
        for my $step (qw(@rcpt @data @end)) {
            subtest "$step, $manner" => sub {
                $remote->answer('@without', 'PIPELINING') unless $pipelining;
                my ($id, $to) = per_recipient($step, @odd, @none);
                my @unheard = $step eq '@end' ? @$id[ @odd .. $#$id ] : ();
                my @waits   = $step eq '@end' ? @$id[ 0 .. $#odd ]    : @$id;
                is_soon(sub { $worker->states(@waits) }, 'RETRY ' . @waits, 'each is tried again');
                is_soon(
                    sub { $worker->states(@unheard) },
                    'ERROR ' . @unheard,
                    'a final answer that nobody can read: outcome unknown'
                ) if @unheard;
                is has_failed(@waits), 0, 'none has failed';
                is_unharmed($step);
                is $stage->count('bounce.delivery WHERE unknown <> \'[]\' AND communication_id '
                        . "= ANY ('{@{[join ',', @waits]}}')"), 0, 'nothing is unknown';
                $remote->forget;    # before a worker hears it once more
                $db->sql( 'UPDATE bounce.delivery SET state = \'RETRY\' WHERE communication_id = '
                        . "ANY ('{@{[join ',', @unheard]}}');\n");
                mend(@$id);
                is_deeply [ grep { $remote->taken($_) != 1 } map { @$_ } @$to ], [], 'to each once';
                is_unharmed('afterwards');
                is $stage->open_tasks, '', 'no task is left, of what was unknown either';
            };
        }
        $stage->parameter(bounce_domain => $domain);
    }
}
ok $worker->stop, 'it stops by itself';

# At these nobody can be told apart: the server is to blame, or nothing has happened.
# step, further keys of the worker, what is offered, answers after which nobody waits
for my $row (
    [ '@greeting', {},                        '' ],
    [ '@ehlo',     {},                        '' ],
    [ '@mail',     {},                        '' ],
    [ '@starttls', { starttls => 'encrypt' }, 'STARTTLS' ],
    [
        '@auth', { username => 'app', password_file => $password, auth_cleartext => 'yes' },
        'AUTH PLAIN'
    ],
) {
    my ($step, $key, $offer) = @$row;
    subtest $step => sub {
        $worker = Bounce::Delivery->new_for($stage, $remote, %$key);
        $remote->answer('@offer', $offer) if $offer;
        $remote->answer($step,    $odd[0]);
        $worker->start;
        my @id;
        for my $reply (@some) {
            $remote->answer($step, $reply);
            my $from = $worker->log_lines(qr/submission server/);
            push @id, $worker->submit(to => [ 'all' . ++$number . '@customer.example' ]);
            is_soon(sub { $worker->log_lines(qr/submission server/) > $from + 1 ? 'known' : '' },
                'known', "'$reply': the server cannot be used");
            is $stage->open_tasks =~ tr/\n//, 0, 'by one task';
        }
        is_soon(sub { $worker->states(@id) },
            'PENDING ' . @id, 'all wait, and nothing was counted');
        is_unharmed($step);
        ok $worker->stop, 'it stops by itself';
        $worker = Bounce::Delivery->new_for($stage, $remote)->start;
        mend(@id);
        is $stage->open_tasks, '', 'and the task is closed';
        ok $worker->stop, 'it stops by itself';
    };
}

$worker = Bounce::Delivery->new_for($stage, $remote, workers => 1)->start;
for my $reply (@some) {
    subtest "\@rset and \@quit, '$reply'" => sub {
        $number++;
        $remote->answer("dead$number\@customer.example", '550 5.1.1 User unknown');
        $remote->answer($_, $reply) for '@rset', '@quit';
        my @id = split / /, $db->value(<<"END");
SELECT string_agg(bounce.submit_communication(process => 'invoice', recipients => ARRAY[a],
  sender => 'billing\@example.org', subject => 'Your invoice', body_text => 'x')::text, ' ')
FROM unnest('{dead$number\@customer.example,fine$number\@customer.example}'::text[]) AS a
END
        is_soon(sub { $worker->states(@id) }, 'ERROR 1, SUCCESS 1', 'who is dead, and who is not');
        is $remote->taken("fine$number\@customer.example"), 1, 'it is sent once';
        $remote->forget;
    };
}
ok $worker->stop, 'it stops by itself';
finish();
