# SPDX-License-Identifier: BSD-2-Clause
# A Monday of forty tasks of every kind, by what doc/staff.md says: every way that a task offers
# works, touches nobody else, and is taken back; then all of them are done in under twenty commands.
use Bounce::Ctl;
use Bounce::Intake;
use Bounce::Test;
use Bounce::Weekend;

my $stage    = stage(servers => 0);
my $db       = $stage->db;
my $intake   = Bounce::Intake->new($stage);
my $clerk    = Bounce::Ctl->new($stage, role => 'bounce_clerk');
my $operator = Bounce::Ctl->new($stage, role => 'bounce_operator');

my $unclear = Bounce::Weekend::come($stage, $intake);

# --- what there is ----------------------------------------------------------------------

# All that a decision may change: "ADDRESS: what", a line each. Of a mail that has no address left
# of its own, its number.
sub picture {
    return { map { $_ => 1 } split /\n/, $db->value(<<'END') };
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
  SELECT concat_ws(' ', r.address_key || ':', r.communication_id, r.state, r.class, r.reason,
                   r.task_id, r.next_attempt_at, q.state, q.due_at IS NOT NULL, c.status)
  FROM bounce.communication_recipient AS r
  JOIN bounce.communication AS c ON c.id = r.communication_id
  LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
  UNION ALL
  SELECT concat_ws(' ', b.address_key || ': blocked', b.reason, b.source, b.only_process,
                   b.expires_at, b.why)
  FROM bounce.address_block AS b WHERE b.lifted_at IS NULL
  UNION ALL
  SELECT concat_ws(' ', coalesce(nullif(t.address, ''), nullif(t.domain, ''), 'task ' || t.id)
                          || ': task', t.id, t.kind, t.count)
  FROM bounce.task AS t WHERE t.status = 'open'
  UNION ALL
  SELECT concat_ws(' ', r.address_key || ': follow-up', f.kind, f.bounce_id)
  FROM bounce.follow_up AS f JOIN bounce.communication_recipient AS r ON r.id = f.recipient_id
  WHERE f.status = 'open'
  UNION ALL
  SELECT concat_ws(' ', h.address || ': held', h.reason)
  FROM bounce.held_block AS h WHERE h.decision IS NULL
  UNION ALL
  SELECT p.name || ': paused' FROM bounce.process AS p WHERE p.paused_at IS NOT NULL) AS x (line)
END
}

# The lines that are only in one of the two.
sub difference {
    my ($was, $is) = @_;
    return [ sort((grep { !$is->{$_} } keys %$was), grep { !$was->{$_} } keys %$is) ];
}

sub open_tasks { return $operator->json('tasks', '--limit', 1000) }
my %sample;
$sample{"$_->{kind} $_->{reason}"} //= $_ for open_tasks();
cmp_ok scalar(open_tasks()), '>=', 40, 'forty tasks';
is_deeply [ sort keys %sample ],
    [
    'auto_reply has_left',
    'bounce_without_communication user_unknown',
    'complaint complaint',
    'delivery_problem operator_copy',
    'delivery_problem spam_rejected',
    'delivery_problem submission_server',
    'delivery_problem unknown',
    'delivery_problem webhook',
    'hard_bounce user_unknown',
    'outage user_unknown',
    'process_paused ',
    'resend_exhausted mailbox_full',
    'soft_bounces mailbox_full'
    ],
    'of every kind';
my @reasons = grep { $_ ne '' } map { $_->{reason} } values %sample;
is_deeply [
    grep {
        !eval { $operator->json('tasks', '--reason', $_) }
    } @reasons
    ],
    [], 'a reason that the list shows is one to choose by';

# --- every way, and back ----------------------------------------------------------------

# The words of an offered command, with what a person fills in.
sub words {
    my ($command) = @_;
    my %fill = (ADDRESS => 'right@elsewhere.example', TEXT => 'she told us');
    return map { $fill{$_} // $_ } grep { $_ ne 'bouncectl' } split ' ', $command;
}

# Of each kind: what is offered to a clerk, and beyond that to an operator.
my %offered = (
    'auto_reply has_left'                       => ['--address --dead leave'],
    'bounce_without_communication user_unknown' => ['--dead leave'],
    'complaint complaint'                       => ['--dead leave'],
    'delivery_problem operator_copy'            => [ 'leave', 'copies' ],
    'delivery_problem spam_rejected'            => ['--works leave'],
    'delivery_problem submission_server'        => ['leave'],
    'delivery_problem unknown'                  => ['--works --arrived leave'],
    'delivery_problem webhook'                  => [ 'leave', 'webhook' ],
    'hard_bounce user_unknown'                  => ['--address --suggested --works --dead leave'],
    'outage user_unknown'                       => [ '', '--outage --no-outage' ],
    'process_paused '                           => [ '', 'queue' ],
    'resend_exhausted mailbox_full'             => ['--address --works --dead leave'],
    'soft_bounces mailbox_full'                 => ['--address --works --dead leave'],
);

sub ways {
    my ($who, $task) = @_;
    my ($shown) = $who->json('task', 'show', $task->{id});
    for my $way (@{ $shown->{ways} }) {
        my $wants = $shown->{task}{is_blocked} ? 'lift the block, send again' : 'send again';
        like $way->{meaning}, qr/\Ait (works|is mended): $wants\z/, "$task->{id}: what --works does"
            if $way->{command} =~ /--works/;
        is $way->{meaning} =~ /block it/, !$shown->{task}{is_blocked}, "$task->{id}: and --dead"
            if $way->{command} =~ /--dead/ && $task->{kind} ne 'complaint';
    }
    return map { $_->{command} } @{ $shown->{ways} };
}

sub in_short {
    return join ' ',
        map { /resolve \d+ (--(?!yes)[a-z-]+)/ ? $1 : /task/ ? 'leave' : /^bouncectl (\w+)/ } @_;
}

# Lines that are about others than the task.
sub of_others {
    my ($task, @changed) = @_;
    my $mine = join '|', map { quotemeta lc }
        grep { length } @$task{qw(address domain correction)}, "task $task->{id}",
        'right@elsewhere';
    return [ grep { !/^[^:]*(?:$mine)/ } @changed ];
}

for my $name (sort keys %sample) {
    my $task = $sample{$name};
    my ($clerks, $operators) = @{ $offered{$name} };
    is in_short(ways($clerk, $task)), $clerks, "$name: what a clerk is offered";
    my @ways = ways($operator, $task);
    is join(' ', sort split / /, in_short(@ways)),
        join(' ', sort split / /, "$clerks " . ($operators // '')) =~ s/^ //r, "$name: an operator";
    for my $command (grep { /task resolve/ } @ways) {
        my @words = words($command);
        my $who   = $clerks =~ /\S/ ? $clerk : $operator;
        my $was   = picture();
        subtest "$name: @words[3 .. $#words]" => sub {
            my $told = $who->output(grep { $_ ne '--yes' } @words);
            like $told, qr/1 of 1 would be resolved/, 'it is shown first';
            is_deeply difference($was, picture()), [], 'which changes nothing';
            my ($status, $said) = $who->run(@words);
            is $status, 0, 'it is done' or diag $said;
            my ($waits) = $told =~ /(, as soon as process \S+ sends again|for process \S+)/;
            like $said, qr/\Q$waits\E/, 'and said as it was announced' if $waits;
            my @changed = @{ difference($was, picture()) };
            ok scalar(@changed), 'and that changes something';
            is_deeply of_others($task, @changed), [], 'of nobody else';
            ($status, $said) = $who->run('task', 'reopen', $task->{id}, '--why', 'a mistake');
            is $status, 0, 'it is taken back' or diag $said;
            is_deeply difference($was, picture()), [], 'and all is as before';
        };
    }
}

subtest 'what only an operator may, and back' => sub {
    my $paused   = $sample{'process_paused '};
    my ($resume) = grep { /queue resume/ } ways($operator, $paused);
    my $was      = picture();
    like $operator->output(words($resume)), qr/newsletter is sent again/, 'a process is resumed';
    is_deeply difference($was, picture()),
        [ 'newsletter: paused', "task $paused->{id}: task $paused->{id} process_paused 1" ],
        'and its task is closed';
    is code_of($clerk->run('task', 'reopen', $paused->{id}, '--why', 'no')), 1, 'a clerk may not';
    $operator->output('task', 'reopen', $paused->{id}, '--why', 'too early');
    is_deeply difference($was, picture()), [], 'opened again, it is paused again';
};
# --- the day's work ---------------------------------------------------------------------

like $clerk->output('status'),
    qr/\ASubmission server down since .*: mx\.example:25: 535 .*: mend the server/,
    'what is wrong comes first';
is_deeply [ map { "$_->{kind} $_->{reason}" } (open_tasks())[ 0 .. 2 ] ],
    [ 'process_paused ', 'delivery_problem submission_server', 'outage user_unknown' ],
    'the most urgent as well';
$db->value("SELECT bounce_internal.server_works('mx.example:25')");    # mended
my ($unclear_bounce) = $clerk->json('bounces', '--communication', $unclear->{id});
my $monday           = picture();
my @todo             = open_tasks();
my @day              = (
    [ $clerk, 'status' ],
    [ $clerk, 'tasks' ],
    [ $clerk, 'tasks', '--by', 'domain' ],
    [ $clerk, qw(task resolve --domain gmial.com --suggested --yes) ],
    [ $clerk, qw(task resolve --domain closed.example --dead --yes) ],
    [ $clerk, qw(task resolve --domain twice.example --works --note emptied --yes) ],
    (
        map { [
            $clerk,      'task',                  'resolve', $_->{id},
            '--address', "anna\@new$_->{domain}", '--note',  'she told us',
            '--yes'
        ] } grep { $_->{domain} =~ /^company/ } @todo
    ),
    [ $clerk, qw(task resolve --kind resend_exhausted --works --note emptied --yes) ],
    [ $clerk, qw(task resolve --kind soft_bounces --note wait --yes) ],
    [ $clerk, qw(task resolve --kind complaint --dead --yes) ],
    [ $clerk, qw(task resolve --kind auto_reply --dead --yes) ],
    [ $clerk, qw(task resolve --kind bounce_without_communication --note forged --yes) ],
    [ $clerk, qw(task resolve --reason spam_rejected --works --note), 'they let us in', '--yes' ],
    [ $clerk, qw(task resolve --domain reply.example --arrived --yes) ],
    [ $clerk, 'reclassify', $unclear_bounce->{id}, qw(--as mailbox_full --yes) ],
    [ $operator, qw(task resolve --kind outage --outage --note), 'their server was down', '--yes' ],
    [ $operator, qw(queue resume newsletter --why),              'list cleaned' ],
    [ $operator, qw(task resolve --kind delivery_problem --note mended --yes) ],
);
cmp_ok scalar(@day), '<', 20, scalar(@day) . ' commands for ' . @todo . ' tasks';

for my $command (@day) {
    my ($who,    @words) = @$command;
    my ($status, $said)  = $who->run(@words);
    is $status, 0, "@words" or diag $said;
}
is_deeply [ map { $_->{kind} } open_tasks() ], [], 'nothing is left';
like $clerk->output('status'), qr/\AAll is well\.\n/, 'and all is well';

my $day = picture();
is_deeply [ grep { /well\@/ } @{ difference($monday, $day) } ], [], 'nobody else was touched';
is_deeply [ sort map { /^(\S+): blocked/ ? $1 : () } keys %$day ],
    [
    sort((map { "mistyped$_\@gmial.com" } 1 .. 4),
        (map { "staff$_\@closed.example" } 1 .. 8),
        (map { "moved$_\@company$_.example" } 1, 2),
        (map { "angry$_\@angry$_.example" } 1 .. 3),
        (map { "erna$_\@office$_.example" } 1, 2))
    ],
    'blocked are those that were meant';
is_deeply [ sort map { /^(\S+): \d+ open / ? $1 : () } keys %$day ],
    [ sort((map { "mistyped$_\@gmail.com" } 1 .. 4), (map { "anna\@newcompany$_.example" } 1, 2)) ],
    'the mails go to the right ones';

subtest 'all of it is taken back' => sub {
    my ($status, $said)
        = $clerk->run('reclassify', $unclear_bounce->{id}, '--as', 'undetermined', '--yes');
    is $status, 0, 'the verdict' or diag $said;
    # an outage opens the tasks of its domain as well: those are refused
    $operator->run('task', 'reopen', (map { $_->{id} } @todo), '--why', 'not today');
    is_deeply difference($monday, picture()), [], 'all is as it was in the morning';
};
finish();
