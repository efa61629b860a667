# SPDX-License-Identifier: BSD-2-Clause
# bouncectl for service staff: tasks, blocks, a communication's story, a bounce beside its message.
use Bounce::Ctl;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $ctl    = Bounce::Ctl->new($stage);
my $milter = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $db     = $stage->db;

# The shipped rules take seconds to compile; these will do here.
my $rules = $stage->instance->make_dir('few-rules');
$stage->instance->write_file('few-rules/10.rules', <<'END');
[address.unknown]
reason = user_unknown
rank = strong
match = recipient address rejected: user unknown in virtual
example = Recipient address rejected: User unknown in virtual mailbox table
[spam.rejected]
reason = spam_rejected
match = rejected as spam
example = 550 5.7.1 Message rejected as spam by Content Filtering.
END
my @intake = ('intake', '--rules', $rules, '--sendmail', '/bin/true');

# A letter and the report on it, taken in as the MTA's pipe would.
sub bounced {
    my ($template, $address, %option) = @_;
    my $letter = $stage->register(process => 'invoice', to => [$address], %option);
    $milter->run({ input => $stage->report($template, $letter) },
        @intake, '--to', $letter->{return_path}{$address});
    return $letter;
}
sub task_of { my ($letter) = @_; return $stage->recipient($letter)->{task_id} }

my $dead = bounced('postfix-user-unknown',  'anna@customer.example');
my $full = bounced('exchange-mailbox-full', 'bert@school.example');

subtest 'tasks' => sub {
    my ($status, $text) = $ctl->run('tasks');
    is $status, 0, 'exit status';
    like $text,   qr/^ *ID +ABOUT .*KIND/m,                 'a heading';
    like $text,   qr/anna\@customer\.example.*hard_bounce.*user_unknown.*ago/, 'the task';
    unlike $text, qr/\e/,                                   'no colour in a file';
    my ($task) = $ctl->json('tasks');
    is $task->{address}, 'anna@customer.example', 'JSON: an object a line';
    is $task->{count},   1,                       'numbers are numbers';
    like $task->{created_at}, qr/^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d$/, 'times are RFC 3339';
    is scalar($ctl->json('tasks', '--kind', 'outage')),      0, 'JSON of nothing is nothing';
    is $ctl->output('tasks', '--kind', 'outage'),            "no open task\n", 'nothing, in words';
    is scalar($ctl->json('tasks', '--address', 'CUSTOMER')), 1, 'by a part of the address';
    is scalar($ctl->json('tasks', '--owner', '')),           1, 'those of nobody';
    is $ctl->output('tasks', '--ids'),                       "$task->{id}\n", 'only the ids';
    my @one = (
        [ '--domain',  'customer.example' ],
        [ '--reason',  'user_unknown' ],
        [ '--text',    'VIRTUAL MAILBOX' ],
        [ '--text',    uc $dead->{business_ref} ],
        [ '--since',   '1h' ],
        [ '--due',     '1w' ],
        [ '--process', 'invoice' ],
        [ '--address', 'anna' ],
        (map { [ '--sort', $_ ] } qw(due age count domain)));
    my @none = (
        [ '--domain', 'school.example' ],
        [ '--reason', 'mailbox_full' ],
        [ '--text',   'nowhere' ],
        [ '--until',  '1h' ],
        [ '--due',    '1m' ],
        ['--overdue'],
        ['--mine'],
        [ '--process', 'receipt' ]);
    is scalar($ctl->json('tasks', @$_)), 1, "@$_: the one"      for @one;
    is scalar($ctl->json('tasks', @$_)), 0, "@$_: not this one" for @none;

    for my $by (qw(domain kind reason process owner)) {
        my ($group) = $ctl->json('tasks', '--by', $by);
        is $group->{tasks}, 1, "--by $by counts";
    }
    like $ctl->output('tasks', '--by', 'domain'), qr/^customer\.example +hard_bounce.* 1  \S/m,
        'for people';
};

# What is asked for is found by key, and put into words afterwards: suggest_address() is called for
# each task that is, and says for how many.
subtest 'many tasks' => sub {
    $db->sql("INSERT INTO bounce.task (kind, dedup_key, summary, address, domain, reason, due_at) "
            . "SELECT 'hard_bounce', 'many:' || i, 'many', 'a' || i || '\@many.example', "
            . "'many.example', 'user_unknown', now() FROM generate_series(1, 300) AS i;\n");
    my $others = q{pg_stat_activity WHERE backend_type = 'client backend'
        AND pid <> pg_backend_pid()};
    my $worded = sub {
        my (@argument) = @_;
        my $calls = 'SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions '
            . "WHERE schemaname = 'bounce' AND funcname = 'suggest_address'";
        my $before = $db->value($calls);
        my $told   = Bounce::Ctl->new($stage, settings => '-c track_functions=all')
            ->output(@argument);
        # its session counts until it has ended, which is after bouncectl has
        $stage->wait_for(60, sub { !$stage->count($others) });
        return ($db->value($calls) - $before, $told);
    };
    for my $by (qw(domain kind reason process owner)) {
        my ($calls, $told) = $worded->('tasks', '--by', $by);
        is $calls, 0, "--by $by: of none";
        like $told, qr/ 30\d /, 'all are counted';
    }
    is + ($worded->('tasks', '--ids'))[0], 0, '--ids: of none';
    is + ($worded->('tasks', '--sort', $_, '--limit', 5, '--domain', 'many.example'))[0], 5,
        "--sort $_: of those that are shown"
        for qw(due age count domain);
    $db->sql("DELETE FROM bounce.task WHERE domain = 'many.example';\n");
};

subtest 'status' => sub {
    like $ctl->output('status'), qr/\AAll is well\.\n\n/, 'begins with a sentence';
    $db->value("SELECT bounce.delivery_problem('mx.example:25', '535 no')");
    like $ctl->output('status'),
        qr/\ASubmission server down since \([-0-9]+ \d\d:\d\d\): mx\.example:25: 535 no/,
        'with what is wrong';
    like $ctl->output('tasks'), qr/\A.*\n *\d+ +our mail server mx\.example:25/, 'and so do tasks';
    unlike $ctl->output('status'), qr/[.?!]\.\n/, 'one full stop at the end of a sentence';
    $db->value("SELECT bounce_internal.server_works('mx.example:25')");
};

subtest 'the terminal' => sub {
    for my $width (60, 80, 120, 200) {
        my $text    = $ctl->on_terminal($width, 'tasks');
        my $longest = 0;
        for my $line (split /\n/, $text) {
            my $len = length($line =~ s/\e\[\d+m//gr);
            $longest = $len if $len > $longest;
        }
        cmp_ok $longest, '<=', $width, "no line is wider than $width";
        cmp_ok $longest, '>',  30,     'there are lines';
    }
    like $ctl->on_terminal(120, 'bounces'), qr/\e\[31mhard\e\[0m/, 'colour there';
    is_deeply [ $ctl->on_terminal(80, 'tasks', '--json') =~ /\e/g ], [], 'none in JSON';
};

subtest 'task show, assign, note, postpone' => sub {
    my $id = task_of($dead);
    is $ctl->output('task', 'assign', $id, '--to', 'eva'),   "task $id is eva's\n", 'assign';
    is + ($ctl->run('task', 'note', $id, 'called them'))[0], 0,                     'note';
    like $ctl->output('task', 'postpone', $id, '--until', '2030-01-02 09:00'),
        qr/^task $id is due at 2030-01-02 09:00$/, 'postpone';
    my ($shown) = $ctl->json('task', 'show', $id);
    is $shown->{task}{owner}, 'eva', 'the owner';
    is_deeply [ map { $_->{action} } @{ $shown->{history} } ],
        [qw(created assigned note postponed)], 'the history';
    like $ctl->output('task', 'show', $id), qr/^owner +eva\n.*\nHISTORY\n.*called them/ms,
        'for people';
    is $shown->{mails}[0]{communication_id}, $dead->{id}, 'the mails it is about';
    like $shown->{ways}[0]{command}, qr/^bouncectl task resolve $id --address/,
        'how it may be resolved';
    like $ctl->output('task', 'assign', $id, '--nobody'), qr/nobody's/, 'given back';
    my $me = getpwuid $<;
    is + ($ctl->run({ input => "$id\n" }, 'task', 'assign', '-', '--me'))[1],
        "task $id is ${me}'s\n", 'to me; the ids on standard input';
    is scalar($ctl->json('tasks', '--mine')), 1, 'mine';
    my ($status, $said) = $ctl->run('task', 'assign', 998, $id, 999, '--to', 'eva');
    is $status, 1, 'of several one is there';
    like $said,
        qr/no open task 998\n.*task $id is eva's\n.*no open task 999\n.*1 done, 2 refused/s,
        'the others go on, and all is said'
        or diag $said;
    $ctl->output('task', 'assign', $id, '--nobody');
    like $ctl->output('task', 'postpone', $id, '--until', '3d'), qr/is due at 20/,
        'postponed by days';
    is + ($ctl->run('task', 'assign', $id))[0], 64, 'to nobody in particular: usage';
    is + ($ctl->run('task', 'show',   999))[0], 1,  'a task that is not there';
    is + ($ctl->run('task', 'show',   'x'))[0], 64, 'no number: usage';
};

subtest 'show' => sub {
    my $text = $ctl->output('show', $dead->{id});
    like $text, qr/^business ref +\Q$dead->{business_ref}\E$/m,           'what it is';
    like $text, qr/anna\@customer\.example +bounced.*hard +user_unknown/, 'its recipient';
    like $text, qr/registered.*bounced.*blocked.*task/s,                  'its story, in order';
    my ($story) = $ctl->json('show', $dead->{business_ref});
    is $story->{communication}{id},         $dead->{id},      'by its business reference';
    is $story->{recipients}[0]{is_blocked}, JSON::PP::true(), 'JSON: a boolean';
    bounced('exchange-mailbox-full', 'twice@school.example') for 1 .. 2;
    like $ctl->output('show', 'twice@school.example'),
        qr/^ID +.*BUSINESS.*\n( *\d+ .*twice\@school.*\n){2}$/i,
        'several: they are listed, well enough to choose';
    my ($status, $said) = $ctl->run('show', 'nonsense');
    is $status, 1, 'nothing found';
    like $said, qr/no communication/, 'is said';
};

subtest 'bounces, bounce show' => sub {
    my ($bounce) = $ctl->json('bounces', '--communication', $dead->{id});
    is $bounce->{class}, 'hard', 'bounces of one communication';
    is scalar($ctl->json('bounces', '--class', 'hard', '--since', '1h')), 1, 'by class and time';
    is scalar($ctl->json('bounces', '--until', '1h')), 0, 'before that there was nothing';
    my $text = $ctl->output('bounce', 'show', $bounce->{id});
    like $text, qr/^class +hard$/m,                       'the verdict';
    like $text, qr/^\| Subject: Undelivered Mail/m,       'the message';
    like $text, qr/^> Diagnostic-Code: .*\n> .*virtual/m, 'the lines that decided are marked';
    my $wide = $ctl->on_terminal(140, 'bounce', 'show', $bounce->{id}) =~ s/\e\[\d+m//gr;
    like $wide, qr/^class +hard +\| Subject:/m, 'beside each other where there is room';
    is_deeply [ $wide =~ /^(.{141,})$/mg ], [], 'and no wider than the terminal';
    my ($object) = $ctl->json('bounce', 'show', $bounce->{id});
    like $object->{raw}, qr/Final-Recipient/, 'JSON has both';
    is $object->{bounce}{id}, $bounce->{id}, 'and the verdict';
    my $raw = $ctl->output('bounce', 'show', $bounce->{id}, '--raw');
    is $raw,
        $db->value("SELECT convert_from(m.raw, 'UTF8') FROM bounce.bounce_message AS m "
            . "JOIN bounce.bounce AS b ON b.bounce_message_id = m.id WHERE b.id = $bounce->{id}"),
        'byte by byte';
    is + ($ctl->run('bounce', 'show', 999))[0], 1, 'one that is not there';
};

subtest 'a message cannot move the cursor' => sub {
    my $evil = $stage->register(
        process => 'invoice',
        to      => ['evil@customer.example'],
        subject => "x\e[2J\e]0;owned\ay"
    );
    my $report = $stage->report('postfix-user-unknown', $evil)
        =~ s/User unknown/\e[31mUser\e[2J unknown/gr;
    $milter->run({ input => $report },
        @intake, '--to', $evil->{return_path}{'evil@customer.example'});
    my ($bounce) = $ctl->json('bounces', '--communication', $evil->{id});
    for my $command (
        [ 'show',   $evil->{id} ],
        [ 'bounce', 'show', $bounce->{id} ],
        ['bounces'], ['tasks'], [ 'blocks', 'evil' ]
    ) {
        unlike $ctl->output(@$command), qr/[\e\a]/, "@$command";
        unlike $ctl->on_terminal(100, @$command) =~ s/\e\[\d+m//gr, qr/[\e\a]/,
            "@$command, on a terminal";
    }
};

subtest 'blocks, block, unblock' => sub {
    like $ctl->output('blocks'), qr/anna\@customer\.example +user_unknown/, 'the block of a bounce';
    is $ctl->output('block', 'New@customer.example', '--why', 'asked by phone'),
        "New\@customer.example is blocked\n", 'block';
    is $ctl->output('block', 'new@customer.example', '--why', 'again'),
        "new\@customer.example was blocked already\n", 'twice';
    my ($block) = $ctl->json('blocks', 'NEW@');
    is $block->{why}, 'asked by phone', 'with its reason';
    is $ctl->output('unblock', 'new@customer.example', '--why', 'a mistake'),
        "new\@customer.example is not blocked any more, 0 mails sent\n", 'unblock';
    is $db->value("SELECT bounce.is_address_blocked('new\@customer.example')"), 'f', 'it is not';
    is $ctl->output('unblock', 'new@customer.example', '--why', 'x'),
        "new\@customer.example was not blocked\n", 'twice';
    is scalar($ctl->json('blocks', 'new@')), 0, 'not listed any more';
    is scalar($ctl->json('blocks', 'new@', '--all')), 1, 'but remembered';
    is + ($ctl->run('block', 'new@customer.example'))[0], 64, 'without --why: usage';
    for my $command ([qw(block nonsense)], [qw(unblock nonsense)], [ 'unblock', '' ]) {
        my ($status, $said) = $ctl->run(@$command, '--why', 'x');
        is $status, 1, "@$command: no address";
        like $said, qr/"\Q$command->[1]\E" is not a mail address/, 'is said';
    }
};

subtest 'task resolve' => sub {
    my $id = task_of($dead);
    is $ctl->output('task', 'resolve', $id, '--address', 'anna@new.example',
        '--note', 'phoned', '--yes'),
        "task $id is done: 1 mail is sent again, to anna\@new.example\n",
        'with a corrected address';
    is $stage->count("bounce.communication_recipient WHERE communication_id = $dead->{id} "
            . "AND address = 'anna\@new.example'"), 1, 'is there now';
    is + ($ctl->run('task', 'resolve', $id, '--yes'))[0], 1, 'a second time: it is closed';
    my $works = bounced('postfix-user-unknown', 'works@customer.example');
    is + ($ctl->run('task', 'resolve', task_of($works), '--works', '--dead'))[0], 64,
        'two ways: usage';
    is + ($ctl->run('task', 'resolve', task_of($works), '--works'))[0], 64,
        'the block is not lifted without a note';
    like $ctl->output('task', 'resolve', task_of($works), '--works', '--note', 'it does',
        '--yes'), qr/works\@customer\.example is not blocked, 1 mail is sent again/,
        'the address works';
    is $db->value("SELECT bounce.is_address_blocked('works\@customer.example')"), 'f',
        'its block is lifted';
    my $gone = bounced('postfix-user-unknown', 'gone@customer.example');
    like $ctl->output('task', 'resolve', task_of($gone), '--dead', '--yes'),
        qr/gone\@customer\.example is blocked/, 'the address is dead';
    my $plain = bounced('exchange-spam-refused', 'plain@bank.example');
    is $ctl->output('task', 'resolve', task_of($plain), '--note', 'seen', '--yes', '--json')
        =~ /"status":"done"/, 1, 'just closed, as JSON';
    is + ($ctl->json('tasks', '--all'))[-1]{status}, 'done', '--all has closed ones';
};

subtest 'task resolve: what a filter chooses' => sub {
    my @letter = map { bounced('postfix-user-unknown', "m$_\@moved.example") } 1 .. 3;
    my @filter = (
        'task',   'resolve', '--domain', 'moved.example', '--kind', 'hard_bounce', '--works',
        '--note', 'their migration is over'
    );
    my $text = $ctl->output(@filter);
    like $text, qr/m1\@moved\.example.*block\ lifted,\ 1\ mail\ sent\ again.*\n
            3\ of\ 3\ would\ be\ resolved\.\n
            Nothing\ was\ changed\.\ Do\ it\ with\ --yes\.$/sx, 'is shown first';
    is scalar($ctl->json(@filter)),                              3, 'as JSON too';
    is scalar($ctl->json('tasks', '--domain', 'moved.example')), 3, 'nothing was changed';
    like $ctl->output(@filter, '--yes'), qr/^3 done$/m, 'done';
    is scalar($ctl->json('tasks', '--domain', 'moved.example')), 0, 'all are closed';
    my ($status, $said) = $ctl->run(@filter, '--yes');
    is $status, 1, 'nothing is left';
    like $said, qr/no open task fits/, 'is said';
    is + ($ctl->run('task', 'resolve', '--dead', '--yes'))[0], 64, 'which? usage';
    is + ($ctl->run('task', 'resolve', 1, '--domain', 'x.example'))[0], 64,
        'ids and a filter: usage';
    my $spam = bounced('exchange-spam-refused', 'again@bank.example');
    ($status, $said) = $ctl->run('task', 'resolve', task_of($spam), '--dead', '--yes');
    is $status, 1, 'a way that does not fit';
    like $said, qr/^It is resolved with --works /m, 'what fits is said in our words';
    is + ($ctl->run('task', 'resolve', task_of($spam), '--suggested', '--yes'))[0], 1,
        'no address was suggested';
};

subtest 'shown first, and taken back' => sub {
    my $letter = bounced('postfix-user-unknown', 'wrong@customer.example');
    my $id     = task_of($letter);
    like $ctl->output('task', 'resolve', $id, '--address', 'right@customer.example'),
        qr/wrong\@customer\.example.*sent\ to\ right\@customer\.example\n\n1\ of\ 1/xs,
        'whom it means';
    is $stage->recipient($letter)->{state}, 'bounced', 'nothing was changed';
    like $ctl->output('task', 'resolve', $id, '--arrived'), qr/0 of 1 would be resolved, 1 would/,
        'what does not fit is said before';
    my @ways = map { $_->{command} } @{ ($ctl->json('task', 'show', $id))[0]{ways} };
    is_deeply [ map { /(--[a-z]+)/ ? $1 : '' } @ways ], [qw(--address --works --dead --yes)],
        'only the ways that will work are offered';
    $ctl->output('task', 'resolve', $id, '--dead', '--yes');
    is $ctl->output('task', 'reopen', $id, '--why', 'the wrong one'),
        "task $id is open again: wrong\@customer.example, 1 mail as before\n", 'reopen';
    my $of_none = $db->value("SELECT bounce_internal.task_delivery_problem('x', 'webhook', 'x')");
    $ctl->output('task', 'resolve', $of_none, '--yes');
    like $ctl->output('task', 'reopen', $of_none, '--why', 'x'),
        qr/^task $of_none is open again: [^,]*$/, 'of one without mails, no number is said';
    $ctl->output('task', 'resolve', $id, '--works', '--note', 'it does', '--yes');
    is $stage->is_blocked('wrong@customer.example'), 0, 'and resolved in another way';
    my ($status, $said) = $ctl->run('task', 'resolve', $id, '--dead', '--yes');
    like $said, qr/It is closed.*bouncectl task reopen/s, 'of a closed one it is said how';
    is $ctl->output('recipient', 'add', $letter->{id}, 'also@customer.example', '--why', 'asked'),
        "communication $letter->{id} is sent to also\@customer.example\n", 'a recipient more';
    is $ctl->output('recipient', 'change', $letter->{id}, 'also@customer.example', '--to',
        'else@customer.example', '--why', 'asked'),
        "communication $letter->{id} is sent to else\@customer.example instead of "
        . "also\@customer.example\n", 'another one';

    my ($bounce) = $ctl->json('bounces', '--communication', $letter->{id});
    my @reclassify = ('reclassify', $bounce->{id}, '--as', 'mailbox_full', '--rules', $rules);
    like $ctl->output(@reclassify),
        qr/^address +wrong\@customer\.example\n.*^would be +hard user_unknown -> soft/ms,
        'reclassify: whom it means';
    is $db->value("SELECT reason FROM bounce.bounce WHERE id = $bounce->{id}"), 'user_unknown',
        'nothing was changed';
    like $ctl->output('reclassify', $bounce->{id}, '--as', 'spam_rejected', '--rules', $rules),
        qr/^would be .*, task delivery_problem$/m, 'no number is promised';
};

subtest 'why is it blocked?' => sub {
    my $why = bounced('postfix-user-unknown', 'why@customer.example');
    my ($told) = $ctl->json('blocks', 'why@customer.example');
    is $told->{blocks}[0]{reason}, 'user_unknown', 'the block';
    is_deeply [ map { $_->{event} } @{ $told->{story} } ], [qw(report parameters blocked)],
        'its story';
    like $ctl->output('blocks', 'why@customer.example'), qr/rule address\.unknown/,
        'the rule is named';
    like $ctl->output('blocks', 'never@customer.example'), qr/not blocked.*never was/s,
        'of one that never was';
};

subtest 'rights' => sub {
    my ($status, $said) = $milter->run('tasks');
    is $status, 1, 'the milter may not see tasks';
    like $said, qr/permission denied/, 'and is told';
};

subtest 'an automatic reply that is for good' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['erna@customer.example']);
    my $reply  = sub {
        my ($subject, $text) = @_;
        $milter->run({ input => "From: erna\@customer.example\nTo: billing\@example.org\n"
                    . "Subject: $subject\nAuto-Submitted: auto-replied\n\n$text\n" },
            @intake, '--to', $letter->{return_path}{'erna@customer.example'});
    };
    $reply->('Away', 'I am out of office until 5 December 2030.');
    $reply->('Left', 'Erna has left the company. Please write to frida@new.example instead.');
    my ($story) = $ctl->json('show', $letter->{id});
    my ($who)   = @{ $story->{recipients} };
    is $who->{state},       'sent',              'nothing is marked';
    is $who->{new_address}, 'frida@new.example', 'the story: where to write to';
    ok $who->{has_left}, 'that she has left';
    like $ctl->output('show', $letter->{id}),
        qr/logged,\s+back\s+on\s+2030-12-05.*has\s+left,\s+names\s+frida/s, 'in words';
    my ($task) = grep { $_->{kind} eq 'auto_reply' } $ctl->json('tasks');
    is $task->{new_address}, 'frida@new.example', 'a task';
    my $text = $ctl->output('task', 'show', $task->{id});
    like $text, qr/^why +an\s+automatic\s+reply\s+of.*Erna\s+has\s+left/ms, 'who, what, why';
    like $text, qr/^what next +ask whether/m,                                 'what next';
    my ($shown) = $ctl->json('task', 'show', $task->{id});
    is_deeply [ map { (split ' ', $_->{command})[4] } @{ $shown->{ways} } ],
        [qw(--address --dead --yes)], 'the ways that work, without an address to be pasted';
    isnt + ($ctl->run('task', 'resolve', $task->{id}, '--suggested', '--yes'))[0], 0,
        'it is not taken by itself';
    like $ctl->output('task', 'resolve', $task->{id}, '--address', 'frida@new.example', '--yes'),
        qr/1 mail/, 'a person may';
    is $db->value("SELECT state FROM bounce.communication_recipient WHERE communication_id = "
            . $letter->{id} . " ORDER BY id LIMIT 1"), 'replaced', 'then it goes there';
};

finish();
