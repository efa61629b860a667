# SPDX-License-Identifier: BSD-2-Clause
# bouncectl queue: what waits, acting on one and on many, figures for a monitor. Nothing is sent: no
# worker runs.
use Bounce::Ctl;
use Bounce::Test;

my $stage = stage(servers => 0);
my $ctl   = Bounce::Ctl->new($stage);
my $db    = $stage->db;

sub submit {
    my ($process, $ref, @to) = @_;
    my $list = join ', ', map { "'$_'" } @to;
    return $db->value(
        "SELECT bounce.submit_communication('$process', ARRAY[$list], 'billing\@example.org', "
            . "'Letter $ref', 'Hello', business_ref => '$ref')");
}
my $anna  = submit('invoice',    'R-1', 'anna@customer.example');
my $bert  = submit('invoice',    'R-2', 'bert@customer.example', 'berta@other.example');
my $news  = submit('newsletter', 'N-1', 'anna@customer.example');
my $ended = submit('receipt',    'Q-1', 'done@customer.example');
my $own   = $stage->register(process => 'receipt', to => ['own@customer.example'])->{id};
$ctl->output('queue', 'cancel', $ended, '--yes');

sub ids {
    my (@argument) = @_;
    return [ map { $_->{id} } $ctl->json('queue', 'list', @argument) ];
}

subtest 'list' => sub {
    is_deeply ids(),                       [ $anna, $bert, $news ],         'what waits';
    is_deeply ids('--all'),                [ $anna, $bert, $news, $ended ], 'what has ended too';
    is_deeply ids('--process', 'invoice'), [ $anna, $bert ],                'by process';
    is_deeply ids('--state', 'error'),     [$ended],                        'by state, in any case';
    is_deeply ids('--ref', 'R-2'),         [$bert],                         'by reference';
    is_deeply ids('--recipient', 'ANNA@customer.example'), [ $anna, $news ], 'by recipient';
    is_deeply ids('--domain', 'other.example'),            [$bert],          'by domain';
    is_deeply ids('--held'),                               [],               'held: none';
    is_deeply ids('--limit', 1),                           [$anna],          'at most so many';
    like $ctl->output('queue', 'list'),
        qr/^ *$bert +invoice +PENDING +\d{4}-.*berta?\@\S+ and 1 more +R-2/m, 'for people';
    is $ctl->output('queue', 'list', '--process', 'nobody'), "nothing in the queue fits\n",
        'nothing, in words';
    is_deeply [ $ctl->on_terminal(80, 'queue', 'list') =~ s/\e\[\d+m//gr =~ /^(.{81,})$/mg ], [],
        'it fits the terminal';
};

subtest 'hold, release' => sub {
    is $ctl->output('queue', 'hold', '--process', 'newsletter'), "$news is held\n", 'by process';
    my ($status, $said) = $ctl->run('queue', 'hold', $news);
    is $status, 1,                                        'twice';
    is $said,   "$news was held already, or has ended\n", 'is said';
    is_deeply ids('--held'), [$news], 'it is listed as held';
    like $ctl->output('queue', 'list'), qr/HELD AT/, 'and since when';
    like $ctl->output('queue', 'retry', $news), qr/^$news: it is held/,
        'retry says that it does not go out';
    $ctl->output('queue', 'pause', 'newsletter', '--why', 'x');
    $ctl->output('queue', 'release', $news);
    like $ctl->output('queue', 'retry', $news), qr/^$news: process newsletter is paused/,
        'nor while its process is paused';
    $ctl->output('queue', 'resume', 'newsletter', '--why', 'x');
    $ctl->output('queue', 'hold', $news);
    is $ctl->output('queue', 'release', '--all'), "$news is released\n",
        'released: of all only what is held';
    is + ($ctl->run('queue', 'release', '--all'))[0], 1, 'nothing is held any more';
};

# Everything by which people know one mail. A number may be the id of one and the reference of
# another: then nothing is done.
subtest 'a mail has many names' => sub {
    my $mail = $db->value(
        "SELECT to_json(c) FROM (SELECT q.message_id, q.envelope_id,
            bounce.return_path(r.id) AS return_path FROM bounce.communication AS q
            JOIN bounce.communication_recipient AS r ON r.communication_id = q.id
            WHERE q.id = $anna) AS c"
    );
    my %name    = map { $_ => $mail =~ /"$_":"([^"]+)"/ } qw(message_id envelope_id return_path);
    my ($token) = $name{return_path} =~ /^[^+]+\+(\w{36})\@/;
    my @names   = (
        $anna,  'R-1', "<$name{message_id}>", @name{qw(message_id envelope_id return_path)},
        $token, uc $token
    );
    for my $name (@names) {
        is $ctl->output('queue', 'hold',    $name), "$anna is held\n",     "hold: $name";
        is $ctl->output('queue', 'release', $name), "$anna is released\n", "release: $name";
    }
    is $ctl->output('queue', 'hold', 'R-1', 'R-2'),
        "$anna is held\n$bert is held\n2 done\n", 'several';
    is $ctl->output('queue', 'release', '--all'),
        "$anna is released\n$bert is released\n2 done\n", 'and back';
    like $ctl->output('show', $token), qr/^id +$anna$/m, 'show knows them as well';
    is scalar($ctl->json('bounces', '--communication', 'R-1')), 0, 'so does a list';
    like $ctl->output('recipient', 'add', 'R-1', 'anna@customer.example', '--why', 'x'),
        qr/is a recipient of communication $anna already/, 'and a correction';

    my $twin  = submit('invoice', 'R-1', 'twin@customer.example');
    my $digit = submit('invoice', $anna, 'digit@customer.example');
    for my $name ('R-1', $anna) {
        my ($status, $said) = $ctl->run('queue', 'cancel', $bert, $name, '--yes');
        is $status, 1, "$name: two have it";
        like $said, qr/"$name" fits several: say its envelope id/, 'that is said';
        like $said, qr/$name{envelope_id}.*anna\@customer/,        'and which they are';
    }
    like $ctl->output('show', $anna), qr/$digit .*$anna /s, 'show lists them';
    is_deeply ids('--held'), [],                             'nothing was done';
    is_deeply ids(), [ $anna, $bert, $news, $twin, $digit ], 'to none of those that were named';
    my ($status, $said) = $ctl->run('queue', 'hold', 'anna@customer.example');
    is $status, 1, 'an address is no name of one mail';
    like $said, qr/no communication has this number, reference, token/, 'that is said';
    ($status, $said) = $ctl->run({ input => "R-2\n" }, 'queue', 'hold', '-');
    is $status, 64, 'what is read from other programs are numbers';
    $ctl->output('queue', 'cancel', $twin,  '--yes');
    $ctl->output('queue', 'cancel', $digit, '--yes');
    $db->sql("UPDATE bounce.communication SET business_ref = 'R-9' WHERE id IN ($twin, $digit)");
};

subtest 'retry says what comes of it' => sub {
    is $ctl->output('queue', 'retry', $anna), "$anna: due for 1 of 1 recipients\n", 'due';
    $ctl->output('block', 'berta@other.example', '--why', 'gone');
    is $ctl->output('queue', 'retry', $bert),
        "$bert: due for 1 of 2 recipients; blocked: berta\@other.example\n", 'one is blocked';
    $ctl->output('block', 'bert@customer.example', '--why', 'gone');
    like $ctl->output('queue', 'retry', $bert),
        qr/^$bert: nothing will be sent: .*bert\@customer\.example.* is blocked$/m, 'all are';
    $ctl->output('unblock', $_, '--why', 'back') for 'berta@other.example', 'bert@customer.example';
    is $ctl->output('queue', 'retry', $ended), "$ended: due for 1 of 1 recipients\n",
        'what has ended, by its id';
    my ($status, $said) = $ctl->run('queue', 'retry', $own, $anna, 99999);
    is $status, 1, 'of several some are refused';
    like $said,
        qr/communication $own .*$anna: due for 1 of 1.*communication 99999 .*1 done, 2 refused/s,
        'each is said'
        or diag $said;
    unlike $said, qr/SQLSTATE/, 'in words';
    my ($row) = $ctl->json('queue', 'retry', $anna);
    is $row->{id},      $anna, 'JSON: the id is a number';
    is $row->{waiting}, 1,     'with what waits';
};

subtest 'cancel' => sub {
    is + ($ctl->run({ input => "$ended\n$anna\n" }, 'queue', 'cancel', '-', '--yes'))[1],
        "$ended: cancelled for 1 recipient\n$anna: cancelled for 1 recipient\n2 done\n",
        'ids on standard input';
    my ($status, $said) = $ctl->run('queue', 'cancel', $anna, '--yes');
    is $status, 1,                              'a second time';
    is $said,   "$anna: nothing of it waits\n", 'is said';
    is_deeply ids(), [ $bert, $news ], 'they wait no more';
    is + ($ctl->run('queue', 'cancel'))[0], 64, 'which? usage';
    is + ($ctl->run('queue', 'cancel', $bert,      '--all'))[0], 64, 'an id and a filter: usage';
    is + ($ctl->run('queue', 'cancel', '--domain', 'nowhere.example'))[0], 1, 'nothing fits';
};

subtest 'show' => sub {
    my ($story) = $ctl->json('queue', 'show', $bert);
    is $story->{communication}{delivery_state}, 'PENDING', 'the state';
    is $story->{recipients}[0]{delivery},       'due',     'of each recipient what the queue does';
    is_deeply $story, ($ctl->json('show', $bert))[0], 'it is the same as show';
};

subtest 'status' => sub {
    $db->sql(
        "INSERT INTO bounce.delivery_server (name, problem, problem_since, failures, probe_at) "
            . "VALUES ('re\"lay.test:587', 'AUTH refused', now(), 1, now());\n");
    my ($status) = $ctl->json('queue', 'status');
    is_deeply [ map { "$_->{state} $_->{communications}" } @{ $status->{states} } ],
        [ 'PENDING 2', 'PROCESSING 0', 'RETRY 0' ], 'depth by state';
    is_deeply {
        map { ($_->{process} => $_->{due}) } @{ $status->{processes} }
    }, { invoice => 1, newsletter => 1, receipt => 0 }, 'by process';
    is $status->{domains}[0]{domain}, 'customer.example', 'by domain';
    is $status->{servers}[0]{works},  JSON::PP::false(),  'a server with a problem';
    like $ctl->output('queue', 'status'),
        qr/^STATE .*PROCESSES\n.*DOMAINS\n.*customer\.example +2.*SERVERS\n.*AUTH refused/s,
        'for people';
};

subtest 'rights' => sub {
    my ($status, $said) = Bounce::Ctl->new($stage, role => 'bounce_milter')->run('queue', 'list');
    is $status, 1, 'the milter may not look';
    like $said, qr/permission denied.*\nThe account has no role that may\. bounce_clerk:/,
        'and is told what to do';
    ($status, $said)
        = Bounce::Ctl->new($stage, role => 'bounce_clerk')
        ->run('queue', 'pause', 'invoice', '--why', 'x');
    is $status, 1, 'a clerk does not pause a process';
    like $said,
        qr/^pause_process may be used with one of the roles: bounce_admin, bounce_operator$/m,
        'and is told who may';
    ($status, $said)
        = Bounce::Ctl->new($stage, role => 'bounce_auditor')
        ->run('task', 'resolve', 1, '--dead', '--yes');
    like $said, qr/permission denied for function resolve_task_dead\n/, 'by the name it has';
    like $said,
        qr/^resolve_task_dead may be used .*: bounce_admin, bounce_clerk, bounce_operator$/m,
        'and an auditor';
};

finish();
