# SPDX-License-Identifier: BSD-2-Clause
# --json of every command of bouncectl: an object a line, numbers and booleans as such, times as in
# RFC 3339.
use Bounce::Ctl;
use Bounce::Intake;
use Bounce::Test;

my $stage = stage(servers => 0);
my $ctl   = Bounce::Ctl->new($stage);
my $admin = Bounce::Ctl->new($stage, role => 'postgres');
my $db    = $stage->db;
my $json  = JSON::PP->new->utf8->allow_nonref;

my $intake = Bounce::Intake->new($stage);
my $rules  = $intake->rules;

subtest 'nothing in it acts on a terminal' => sub {
    my $name = $stage->instance->write_file("evil\x{c2}\x{9b}31m\x{e2}\x{80}\x{ae}.eml",
        $stage->report('postfix-user-unknown', $intake->bounced('bidi@customer.example')));
    my ($status, $output) = $stage->daemon->bouncectl('classify', '--json', $name);
    like $output,   qr/evil\\u009b31m\\u202e\.eml/, 'C1 and direction marks are escaped';
    unlike $output, qr/[\x00-\x09\x0b-\x1f\x7f]|\xc2\x9b|\xe2\x80\xae/, 'all of them';
    ($status, $output) = $stage->daemon->bouncectl('classify', "$name.gone");
    unlike $output, qr/\xc2\x9b|\xe2\x80\xae/, 'nor in a message';
};
my @hard   = map { $intake->bounced("h$_\@customer.example") } 1 .. 4;
my @task   = map { $stage->recipient($_)->{task_id} } @hard;
my $bounce = $stage->recipient($hard[0])->{bounce_id};
my @queued = map {
    $db->value("SELECT bounce.submit_communication('invoice', '{q$_\@customer.example}', "
            . "'billing\@example.org', 'x', 'Hello', business_ref => 'R-q$_')")
} 1 .. 3;
my $blocks = $stage->instance->write_file('blocks.csv', "address\nc\@x.example\nd\@x.example\n");
my $mail
    = $stage->instance->write_file('mail.eml', $stage->report('postfix-user-unknown', $hard[0]));

# command, how many objects at least, its arguments; $ctl unless another account is named
my @table = (
    [ 'status',        1 ],
    [ 'tasks',         4 ],
    [ 'tasks',         1, '--by', 'domain' ],
    [ 'task show',     1, $task[0] ],
    [ 'task assign',   2, @task[ 0, 1 ], '--to',    'eva' ],
    [ 'task postpone', 1, $task[0],      '--until', '3d' ],
    [ 'task note',     1, $task[0],      'x' ],
    [ 'task resolve',  4, '--domain',    'customer.example', '--dead' ],
    [ 'task resolve',  1, $task[3],      '--works', '--note', 'x', '--yes' ],
    [ 'task reopen',   1, $task[3],      '--why',   'x' ],
    [ 'task resolve',  1, $task[3],      '--works', '--note', 'x', '--yes' ],
    [ 'recipient add', 1, $hard[0]{id},  'more@customer.example', '--why', 'x' ],
    [
        'recipient change', 1,                       $hard[0]{id}, 'more@customer.example',
        '--to',             'else@customer.example', '--why',      'x'
    ],
    [ 'recipient revert', 1, $hard[0]{id}, 'else@customer.example', '--why', 'x' ],
    [ 'blocks',          3 ],
    [ 'blocks',          1, 'h1@customer.example' ],
    [ 'block',           1, 'b@customer.example', '--why', 'x' ],
    [ 'unblock',         1, 'b@customer.example', '--why', 'x' ],
    [ 'reblock',         1, 'b@customer.example', '--why', 'x' ],
    [ 'blocks import',   2, $blocks ],
    [ 'blocks import',   1, $blocks, '--apply', '--why', 'x' ],
    [ 'blocks imports',  1 ],
    [ 'blocks export',   3 ],
    [ 'blocks withdraw', 1, 1, '--why', 'x' ],
    [ 'params',          10 ],
    [ 'params show',     1, 'resend' ],
    [ 'params set',      1, 'resend', 'off', '--process', 'receipt' ],
    [ 'params unset',    1, 'resend', '--process', 'receipt' ],
    [ 'processes',       2 ],
    [ 'process give',    1, 'invoice', 'bounce_application', '--apply', '--why', 'x' ],
    [ 'process give',    0, 'invoice', 'bounce_application' ],
    [ 'process show',    1, 'invoice' ],
    [ 'process take',    1, 'invoice', 'bounce_application', '--apply', '--why', 'x' ],
    [ 'show',            1, $hard[0]{id} ],
    [ 'show',            1, $hard[0]{business_ref} ],
    [ 'bounces',         4 ],
    [ 'bounce show',     1, $bounce ],
    [ 'shadow',          0 ],
    [ 'report',          1 ],
    [ 'report',          2, '--by',    'day', '--since', '2d' ],
    [ 'undo',            1, '--since', '1h' ],
    [ 'reclassify',      1, $bounce,   '--as', 'mailbox_full', '--yes' ],
    [ 'replay',          0, '--rules', $rules ],
    [ 'undo',            1, '--since', '1h', '--apply', '--why', 'x' ],
    [ 'queue list',      3 ],
    [ 'queue show',      1, $queued[0] ],
    [ 'queue hold',      2, @queued[ 0, 1 ] ],
    [ 'queue release',   2, '--all' ],
    [ 'queue retry',     1, $queued[0] ],
    [ 'queue cancel',    1, $queued[0], '--yes' ],
    [ 'queue status',    1 ],
    [ 'queue pause',     1, 'invoice', '--why', 'x' ],
    [ 'copies list',     0 ],
    [ 'params set',      1, 'operator_copy', 'smtp' ],
    [ 'copies forward',  1, $bounce,         'anna@office.example', '--why', 'x' ],
    [ 'copies withdraw', 1, $bounce,         'anna@office.example', '--why', 'x' ],
    [ 'copies retry',    1 ],
    [ 'webhook list',    0 ],
    [ 'webhook retry',   0, '--dry-run' ],
    [ 'webhook retry',   1 ],
    [ 'queue resume',    1, 'invoice', '--why', 'x' ],
    [
        'send',    1,      $mail,                 '--process',
        'invoice', '--to', 'q4@customer.example', '--sender',
        'billing@example.org'
    ],
    [ 'metrics',      20 ],
    [ 'housekeeping', 1 ],
    [ 'check',        0 ],
    [ 'erase',        1, 'h1@customer.example', '--why', 'x', '--yes' ],
    [ 'keys',         1 ],
    [ 'keys rotate',  1 ],
    [ 'reasons',      10 ],
    [ 'rules list',   1, '--rules', $rules ],
    [ 'rules check',  0, '--rules', $rules ],
    [ 'rules test',   0, '--rules', $rules ],
    [ 'classify',     1, '--rules', $rules, $mail ],
    [ 'intake',       1, '--rules', $rules, $mail ],
    [ 'db check',     1 ],
    [ 'db migrate',   1 ],
    [ 'db init',      1 ],
    [ 'db create',    1 ],
);
my %account = (
    intake        => $intake->ctl,
    'keys rotate' => $admin,
    map { ($_ => $admin) } 'send', 'db check', 'db migrate', 'db init', 'db create',
    'housekeeping', 'erase'
);
my %offline = map { ($_ => 1) } 'reasons', 'classify', 'rules list', 'rules check', 'rules test';

# Words that may look like something else: what people or other programs have written.
my %is_text = map { ($_ => 1) }
    qw(status value default_value old_value new_value minimum maximum reply_code
    business_ref text subject label owner raw diagnostic evidence queue_id message_id
    envelope_id report_message_id);

# What of a value is not as it should be; where it stands.
sub faults {
    my ($name, $value, $where) = @_;
    return map { faults($name, $_,        "$where\[]") } @$value if ref $value eq 'ARRAY';
    return map { faults($_, $value->{$_}, "$where.$_") } sort keys %$value if ref $value eq 'HASH';
    return if !defined $value || ref $value;
    my $is_number = $json->encode($value) !~ /^"/;
    return "$where: \"$value\" is no number"
        if $name
        =~ /(?:^|_)(?:id|count|attempts|tries|total|hard|soft|seconds|priority|bounces|done_count)$/
        && !$is_number
        && !$is_text{$name};
    return "$where: \"$value\" is no boolean"
        if $name  =~ /^(?:is|was|newly|would|lifts|requeues|per)_/
        || $value =~ /^(?:true|false|t|f)$/ && !$is_text{$name};
    return "$where: \"$value\" is a number"
        if !$is_number && $value =~ /^-?\d+(?:\.\d+)?$/ && !$is_text{$name};
    return "$where: \"$value\" is no time of RFC 3339"
        if $name  =~ /(?:^|_)(?:at|until|time)$/
        && $value !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
    return "$where: an empty name" if $where =~ /\.$/;
    return;
}

for my $row (@table) {
    my ($command, $least, @argument) = @$row;
    my @line = (split(/ /, $command), @argument);
    my ($status, $text)
        = $offline{$command}
        ? $stage->daemon->bouncectl(@line, '--json')
        : ($account{$command} // $ctl)->run(@line, '--json');
    is $status, 0, "@line: exit status" or diag $text;
    my @object = map {
        my $object = eval { $json->decode($_) };
        diag "$_: $@" if $@;
        $object
    } split /\n/, $text;
    cmp_ok scalar @object, '>=', $least, 'objects';
    is scalar(grep { ref ne 'HASH' } @object), 0, 'each line is one';
    is_deeply [ map { faults('', $_, '') } @object ], [], 'typed as they should be';
}

my (undef, $help) = $stage->daemon->bouncectl('--help');
my %tried = map { ($_->[0] => 1) } @table;
is_deeply [ grep { !$tried{$_} } $help =~ /^  ([a-z]+(?: [a-z]+)?)  +[a-z]/mg ], [],
    'every command was tried';

finish();
