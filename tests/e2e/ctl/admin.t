# SPDX-License-Identifier: BSD-2-Clause
# bouncectl for administrators: parameters, status, corrections, undoing in bulk, figures, shadow
# mode, an outage.
use Bounce::Ctl;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $ctl    = Bounce::Ctl->new($stage);
my $milter = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $db     = $stage->db;

# The shipped rules take seconds to compile; few will do, and can be changed.
my $rules = $stage->instance->make_dir('few-rules');
sub set_rules { return $stage->instance->write_file('few-rules/10.rules', $_[0]) }
my $spam
    = "[spam.rejected]\nreason = spam_rejected\nmatch = rejected as spam\n"
    . "example = 550 5.7.1 Message rejected as spam by Content Filtering.\n";
set_rules($spam);

sub bounced {
    my ($template, $address, %option) = @_;
    my $letter = $stage->register(process => $option{process} // 'invoice', to => [$address]);
    my ($status, $said) = $milter->run(
        { input => $stage->report($template, $letter) },
        'intake',     '--rules', $rules, '--to', $letter->{return_path}{$address},
        '--sendmail', '/bin/true'
    );
    die "intake: $status $said" if $status != 0;
    return $letter;
}
sub bounce_of { my ($letter) = @_; return $stage->recipient($letter)->{bounce_id} }

sub is_blocked {
    my ($address) = @_;
    return $db->value("SELECT bounce.is_address_blocked(:'address')", address => $address) eq 't';
}

subtest 'whose a process is' => sub {
    $db->sql("CREATE ROLE billing LOGIN IN ROLE bounce_application;\n"
            . "CREATE ROLE crm LOGIN IN ROLE bounce_application;\n");
    my $operator = Bounce::Ctl->new($stage, role => 'bounce_operator');
    my $crm      = sub {
        return $db->value(
            "SET ROLE crm; SELECT 'invoice' = ANY (bounce.own_processes()); RESET ROLE");
    };
    my $seen = $ctl->output('process', 'give', 'invoice', 'billing');
    like $seen, qr/^billing +keeps it$/m,               'shown first: who keeps it';
    like $seen, qr/^crm +loses it$/m,                   'who loses it';
    like $seen, qr/Nothing was changed.*--apply --why/, 'and that nothing was changed';
    like $ctl->output('processes'), qr/^invoice +all/m, 'it is not';
    is + ($ctl->run('process', 'give', 'invoice', 'billing', '--apply'))[0], 64, 'why is asked';
    my @give = ('process', 'give', 'invoice', 'billing', '--apply', '--why', 'it sends them');
    my ($status, $said) = $operator->run(@give);
    is $status, 1, 'an operator may not' or diag $said;
    is $ctl->output(@give), "invoice is for billing now\n",         'given';
    is $ctl->output(@give), "invoice is for billing already\n",     'once';
    is $crm->(),            'f',                                    'the other has lost it';
    like $ctl->output('processes', 'inv'), qr/^invoice +billing/m, 'the list says whose it is';
    is $ctl->output('process', 'take', 'invoice', 'billing', '--apply', '--why', 'wrong one'),
        "invoice is not for billing any more\n", 'taken back';
    is $crm->(), 't', 'as before';
    my ($shown) = $ctl->json('process', 'show', 'invoice');
    is_deeply [ @{ $shown->{history}[0] }{qw(application give_why take_why)} ],
        [ 'billing', 'it sends them', 'wrong one' ], 'the history knows';
    ($status, $said) = $ctl->run('process', 'give', 'invoice', 'biling');
    is $status, 1, 'no such role';
    like $said, qr/unknown application "biling".*Is it "billing"\?/s, 'what was meant';
};

subtest 'params' => sub {
    like $ctl->output('params', 'resend_f'), qr/^resend_factor +2 /m, 'list';
    is $ctl->output('params', 'set', 'resend_factor', '3'), "resend_factor is now \"3\"\n", 'set';
    is $ctl->output('params', 'set', 'resend', 'no', '--process', 'receipt'),
        "resend is now \"off\"\n", 'for one process, in its normal form';
    is_deeply [ map { "$_->{name} " . ($_->{process} // '-') }
            $ctl->json('params', 'resend', '--changed') ], [ 'resend receipt', 'resend_factor -' ],
        'what is changed';
    my ($shown) = $ctl->json('params', 'show', 'resend');
    is $shown->{parameter}{value},      'on',  'show: the global value';
    is $shown->{processes}[0]{value},   'off', 'those of processes';
    is $shown->{history}[0]{new_value}, 'off', 'and who changed what';
    is + ($ctl->run('params', 'unset', 'resend', '--process', 'receipt'))[0], 0, 'unset';
    is $db->value("SELECT bounce.parameter('resend', 'receipt')"), 'on',
        'the global one holds again';

    for my $case (
        [ 'resend_factor',     'lots' ],
        [ 'resend_factor',     '0' ],
        [ 'no_such_parameter', '1' ],
        [ 'resend_factor',     '2', '--process', 'nobody' ]
    ) {
        my ($status, $said) = $ctl->run('params', 'set', @$case);
        is $status, 1, "@$case: refused";
        like $said, qr/bouncectl params set: /, 'and said why';
    }
    is + ($ctl->run('params', 'set',  'resend_factor'))[0], 64, 'no value: usage';
    is + ($ctl->run('params', 'show', 'nonsense'))[0],      1,  'one that is not there';
    $ctl->output('params', 'set', 'resend_factor', '2');
};

subtest 'status' => sub {
    bounced('postfix-user-unknown', 'anna@customer.example');
    like $ctl->output('status'), qr/^WHAT +VALUE.*\ntasks open +1\n.*\nblocks +1\n/ms, 'for people'
        or diag $ctl->output('status');
    my ($status) = $ctl->json('status');
    is_deeply $status->{tasks_open}, { value => 1, warning => undef }, 'JSON by name';
    like $status->{last_report_at}{value}, qr/^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d$/,
        'times are RFC 3339';
    is_deeply $status->{queue_due}, { value => 0, warning => undef }, 'the queue';
    is + ($ctl->run('status', '--check'))[0], 0, '--check: all is well';
    $db->sql( "UPDATE bounce.task SET created_at = now() - interval '90 days', due_at = now() - "
            . "interval '60 days';\n");
    is + ($ctl->run('status', '--check'))[0], 1, '--check: a task is overdue'
        or diag $ctl->output('status');
    is + ($ctl->run('status'))[0], 0, 'without it the exit status is 0';
    like $ctl->output('status'), qr/overdue/, 'with a warning';
    $db->sql("UPDATE bounce.task SET due_at = now() + interval '1 day';\n");
    $db->sql(
        "INSERT INTO bounce.delivery_server (name, problem, problem_since, failures, probe_at) "
            . "VALUES ('relay.test:587', 'AUTH refused', now(), 1, now());\n");
    is + ($ctl->run('status', '--check'))[0], 1, '--check: the submission server cannot be used';
    like $ctl->output('status'), qr/\ASubmission server down since.*relay\.test:587: AUTH refused/,
        'is said';
    $db->sql("DELETE FROM bounce.delivery_server;\n");
};

subtest 'reclassify' => sub {
    my $letter = bounced('postfix-user-unknown', 'wrong@customer.example');
    my $id     = bounce_of($letter);
    ok is_blocked('wrong@customer.example'), 'blocked';
    my $text = $ctl->output('reclassify', $id, '--as', 'mailbox_full', '--yes', '--why',
        'they told us',
        '--rules', $rules);
    like $text, qr/^bounce $id is mailbox_full now: /, 'said';
    ok !is_blocked('wrong@customer.example'), 'the block is lifted';
    is $stage->recipient($letter)->{class}, 'soft', 'the verdict is right';
    ok $stage->recipient($letter)->{next_attempt_at}, 'what should have followed is done';
    my ($rule) = $text =~ /^(\[site\..*)/ms;
    like $text, qr/^# Tried with the rules there are: it decides this message/m, 'it was tried';
    like $text, qr/bouncectl rules check/,       'and what to do next is said';
    like $rule, qr/^reason +=  ?mailbox_full$/m, 'a rule is proposed';
    like $text, qr/^# Careful: .*\n.*\n#   user_unknown \(hard\): \d+, such as bounce \d+$/m,
        'what else it would fit is said';
    my $site = $stage->instance->write_file('site.rules', $rule);
    my $mail
        = $stage->instance->write_file('mail.eml', $stage->report('postfix-user-unknown', $letter));
    my (undef, $verdict)
        = $stage->daemon->bouncectl('classify', '--json', '--rules', $rules, '--site', $site,
        $mail);
    like $verdict, qr/"reason":"mailbox_full".*"rule":"site\./, 'it judges the next one rightly';
    my ($object)
        = $ctl->json('reclassify', $id, '--as', 'user_unknown', '--yes', '--rules', $rules,
        '--site', $site);
    like $object->{rule}, qr/^\[site\./, 'JSON has the rule';
    is_deeply [ map { $_->{other_reason} } @{ $object->{also_fits} } ], [],
        'and that it fits no other reason';
    ok $object->{rule_was_tried} == JSON::PP::false() && $object->{rule_faults}[0] =~ /bounce-$id/,
        'there is one of this name in the file already: that is said'
        or diag explain $object;
    my $first = $stage->instance->write_file('first.rules',
        "[site.first]\nreason = mailbox_disabled\nmatch = user unknown\nexample = User unknown\n");
    like $ctl->output('reclassify', $id, '--as', 'mailbox_full', '--yes', '--rules', $rules,
        '--site',
        $first),
        qr/^# Tried, and not good enough as it is:\n.*site\.first/ms,
        'a rule before it decides: that is said';
    is $stage->count("bounce.verdict_change WHERE bounce_id = $id"), 3, 'each change is remembered';
    like $ctl->output('reclassify', $id, '--as', 'user_unknown', '--yes', '--rules', '/nowhere'),
        qr/^# Not tried:\n#   .*nowhere/m, 'no rules: the verdict is right, the rule not tried';
    is + ($ctl->run('reclassify', $id, '--as', 'nonsense'))[0],     64, 'an unknown reason: usage';
    is + ($ctl->run('reclassify', 999, '--as', 'mailbox_full'))[0], 1,  'an unknown bounce';
    is + ($ctl->run('reclassify', $id))[0], 64, 'as what?';
};

subtest 'replay' => sub {
    my $letter = bounced('exchange-spam-refused', 'p@bank.example');
    is $stage->recipient($letter)->{reason}, 'spam_rejected', 'judged by the old rules';
    my @replay = ('replay', '--rules', $rules, '--since', '1h');
    like $ctl->output(@replay), qr/^\d+ reports read, 0 verdicts differ$/m, 'nothing differs';
    set_rules("[spam.is-full]\nreason = mailbox_full\nmatch = rejected as spam\n"
            . "example = 550 5.7.1 Message rejected as spam by Content Filtering.\n");
    my $text = $ctl->output(@replay);
    like $text, qr/p\@bank\.example +technical +spam_rejected +soft +mailbox_full/,
        'the difference';
    like $text, qr/1 verdicts differ.*\nNothing was changed/, 'a report only';
    is $stage->recipient($letter)->{reason}, 'spam_rejected', 'nothing was changed';
    my @difference = $ctl->json(@replay);
    is $difference[0]{new_reason}, 'mailbox_full', 'JSON: one object a difference';
    like $ctl->output(@replay, '--apply', '--why', 'better rules'), qr/1 set right$/m, 'applied';
    is $stage->recipient($letter)->{reason}, 'mailbox_full', 'the verdict is today\'s';
    like $ctl->output(@replay), qr/ 0 verdicts differ/, 'a second time nothing differs';
    is + ($ctl->run('replay', '--rules', '/nowhere'))[0], 1, 'no rules';
    set_rules($spam);
};

subtest 'undo' => sub {
    my @letter     = map { bounced('postfix-user-unknown', "u$_\@provider.example") } 1 .. 3;
    my $other      = bounced('postfix-user-unknown', 'u@elsewhere.example');
    my $other_rule = $db->value('SELECT rule FROM bounce.bounce WHERE id = ' . bounce_of($other));
    my @undo       = ('undo', '--since', '1h', '--domain', 'provider.example');
    my $text       = $ctl->output(@undo);
    like $text, qr/^3 bounces: 3 blocks to lift, 3 with a task to close, 3 mails to send again$/m,
        'the preview counts';
    like $text, qr/^Nothing was changed/m, 'and says that it is one';
    ok is_blocked('u1@provider.example'), 'it is one';
    is scalar($ctl->json(@undo)), 3, 'as JSON';
    is + ($ctl->run(@undo, '--apply'))[0], 64, 'without --why: usage';
    is + ($ctl->run('undo'))[0],           64, 'without a time: usage';
    like $ctl->output(@undo, '--apply', '--why', 'their outage'),
        qr/^undone \(\d+\): 3 bounces, 3 blocks lifted, 3 tasks closed, 3 mails sent again$/m,
        'done';
    ok !is_blocked("u$_\@provider.example"), "u$_ is not blocked any more" for 1 .. 3;
    ok is_blocked('u@elsewhere.example'),    'another domain still is';
    like $ctl->output(@undo), qr/: 0 blocks to lift, 0 with a task/,
        'no block and no task is left to undo';
    is $ctl->output(@undo, '--apply', '--why', 'again'), "nothing is left to undo\n",
        'a second time';
    my @elsewhere = ('undo', '--since', '1h', '--domain', 'elsewhere.example');
    is scalar($ctl->json(@elsewhere, @$_)), 1, "@$_: the one"
        for [ '--rule', $other_rule ], [ '--diagnostic', 'USER unknown' ], [ '--until', 'now' ];
    is scalar($ctl->json(@elsewhere, @$_)), 0, "@$_: none"
        for [ '--rule', 'no.such' ], [ '--diagnostic', 'no such words' ], [ '--until', '30m' ];
    like $ctl->output(@elsewhere, '--apply', '--why', 'x', '--no-resend'),
        qr/1 block lifted, 1 task closed, 0 mails sent again/, '--no-resend';
    ok !is_blocked('u@elsewhere.example'), 'not blocked any more';
    my ($last) = $ctl->json('undo', '--list');
    is "$last->{bounces} $last->{why}", '1 x', 'the list of what was undone';
    is + ($ctl->run('undo', '--take-back', $last->{id}))[0], 64, 'taken back: with a reason';
    is $ctl->output('undo', '--take-back', $last->{id}, '--why', 'not theirs'),
        "undo $last->{id} is taken back: 1 block, 1 task and 1 mail as before, "
        . "0 mails sent since\n", 'taken back';
    ok is_blocked('u@elsewhere.example'), 'blocked as before';
};

subtest 'an outage' => sub {
    my $happens = sub {
        my ($domain) = @_;
        my @letter   = map { bounced('postfix-user-unknown', "o$_\@$domain") } 1 .. 6;
        my ($task)   = $ctl->json('tasks', '--kind', 'outage', '--address', $domain);
        ok $task, "$domain: one task says so" or diag $ctl->output('tasks');
        return ($task->{id}, @letter);
    };
    $ctl->output('params', 'set', 'guard_minimum', '3');
    my ($id) = $happens->('outage.example');
    my $shown = $ctl->output('task', 'show', $id);
    like $shown, qr/^HELD\n.*o\d\@outage\.example/ms, 'it shows what is held';
    my ($before) = $ctl->json('status');
    cmp_ok $before->{blocks_held}{value}, '>', 0, 'so does the status';
    like $ctl->output('task', 'resolve', $id, '--outage', '--note', 'their postmaster said so',
        '--yes'),
        qr/nothing was blocked, [1-9]\d* bounces? undone$/m, 'it was one';
    is $stage->count(
        "bounce.address_block WHERE lifted_at IS NULL AND address = 'o6\@outage.example'"), 0,
        'what was held is not blocked';

    my ($real) = $happens->('closed.example');
    like $ctl->output('task', 'resolve', $real, '--no-outage', '--yes'),
        qr/[1-9]\d* address(?:es)? (?:is|are) blocked$/m, 'it was none';
    is $stage->count(
        "bounce.address_block WHERE lifted_at IS NULL AND address LIKE '%\@closed.example'"), 6,
        'all are blocked';
    is + ($ctl->json('status'))[0]{blocks_held}{value}, 0, 'nothing is held any more';
    $ctl->output('params', 'set', 'guard_minimum', '20');
};

subtest 'report' => sub {
    like $ctl->output('report'), qr/^hard +\d+ .* \d+  \x{e2}\x{96}\x{88}/m, 'by class, with a bar';
    for my $by (qw(class reason process domain remote_mta rule trust hour day week month)) {
        my @row = $ctl->json('report', '--by', $by, '--since', '2d', '--limit', '1000');
        my $sum = 0;
        $sum += $_->{total} + $_->{taken_back} for @row;
        is $sum, $stage->count('bounce.bounce'), "by $by: every bounce is in it";
    }
    is + ($ctl->run('report', '--by', 'moon'))[0], 64, 'by nonsense';
    like $ctl->on_terminal(80, 'report', '--by', 'day', '--since', '3d'), qr/\x{2588}/,
        'on a terminal';
    is_deeply [ $ctl->on_terminal(80, 'report') =~ s/\e\[\d+m//gr =~ /^(.{81,})$/mg ], [],
        'that it fits';
};

subtest 'shadow mode' => sub {
    my ($shadow) = map { $_->{name} }
        grep { $_->{name} =~ /shadow/ && $_->{type} eq 'boolean' } $ctl->json('params', 'shadow');
    $ctl->output('params', 'set', $shadow, 'on', '--process', 'newsletter');
    my $letter = bounced('postfix-user-unknown', 'quiet@customer.example', process => 'newsletter');
    ok !is_blocked('quiet@customer.example'), 'nothing is done';
    my ($row) = $ctl->json('shadow', '--process', 'newsletter');
    ok $row->{would_block}, 'but shown';
    like $ctl->output('shadow'), qr/quiet\@customer\.example/, 'for people';
    $ctl->output('params', 'unset', $shadow, '--process', 'newsletter');
};

finish();
