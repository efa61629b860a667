# SPDX-License-Identifier: BSD-2-Clause
# Every command of bouncectl: its help, the man page, tab completion, the exit statuses.
use Bounce::Ctl;
use Bounce::Test;
use Text::ParseWords qw(shellwords);

my $stage = stage(servers => 0);
my $tree  = Bounce::Instance::tree();
my $ctl   = Bounce::Ctl->new($stage);

sub plain { return $stage->daemon->bouncectl(@_) }
sub slurp { my ($path) = @_; return join '', $stage->instance->read_lines($path) }

my (undef, $help) = plain('--help');
my @command = $help =~ /^  ([a-z]+(?: [a-z]+)?)  +[a-z]/mg;
cmp_ok scalar @command, '>=', 24, 'the help lists the commands';

subtest 'help and man page' => sub {
    my $page       = slurp("$tree/doc/bouncectl.1");
    my @documented = map { s/^\.It Cm //r =~ s/ (?:Ar|Op|Oo|Fl)\b.*//r =~ s/ Cm / /gr }
        $page =~ /^(\.It Cm .*)$/mg;
    my %documented = map { ($_ => 1) } @documented;
    for my $command (@command) {
        my ($status, $text) = plain(split(/ /, $command), '--help');
        is $status, 0, "$command --help: exit status";
        like $text, qr/^usage: |^Usage:/i,                    "$command --help: usage";
        like $text, qr/^example:\n  bouncectl \Q$command\E/m, "$command --help: an example";
        is + (plain('help', split / /, $command))[1], $text, "help $command is the same";
        ok delete $documented{$command}, "$command is in the man page";
        my $item    = '.It Cm ' . $command =~ s{ }{ Cm }r;
        my ($entry) = $page                =~ /^(\Q$item\E\b(?! Cm ).*?)(?=^\.It Cm |^\.El)/ms;
        my ($own)   = $text                =~ /^options:\n(.*?)^  --json /ms;

        for my $option (($own // '') =~ /^  --([a-z-]+)/mg) {
            like $entry // '', qr/-\Q@{[ $option =~ s{-}{\\?-}gr ]}\E\b|-\Q$option\E/,
                "$command --$option is in the man page";
        }
    }
    is_deeply [ sort keys %documented ], [], 'the man page has no others';
    my ($list) = $page =~ /^\.\\" commands: [^\n]*\n(.*?)^\.\\" end of the commands$/ms;
    is $list, (plain('manual'))[1], 'and is as the commands describe themselves: make manual';
};

subtest 'the help fits a terminal of 80 columns' => sub {
    for my $line ([], map { [ split / / ] } @command) {
        my @wide = grep { length > 80 && !/^(?:usage:|  bouncectl) / }
            split /\n/, (plain(@$line, '--help'))[1];
        is_deeply \@wide, [], "bouncectl @$line --help";
    }
    for my $program (qw(bounce-milter bounce-delivery bounce-fetch bounce-console)) {
        my $text = Bounce::Instance->run([ Bounce::Instance::build_dir() . "/$program", '--help' ]);
        like $text, qr/^Exit status: 0 /m, "$program --help: whole";
        is_deeply [ grep { length > 80 } split /\n/, $text ], [], "$program --help";
    }
};

subtest 'usage' => sub {
    is + (plain())[0],           64, 'no command';
    is + (plain('nonsense'))[0], 64, 'an unknown one';
    for my $half (qw(task bounce queue db rules)) {
        my ($status, $text) = plain($half);
        is $status, 64, "half of one: $half";
        like $text, qr/^  bouncectl $half \w+ +\w/m, 'the other halves are listed';
        for my $line ([ $half, '--help' ], [ 'help', $half ], [ $half, 'help' ]) {
            ($status, $text) = plain(@$line);
            is $status, 0, "@$line: exit status";
            like $text, qr/^  bouncectl $half \w+ +\w/m, "@$line: lists them";
        }
    }
    like + (plain('taks'))[1], qr/there is no command "taks"; did you mean "tasks"\?/,
        'what was meant';
    like + (plain('task', 'shwo', 5))[1],
        qr/there is no command "task shwo"; did you mean "task show"\?/, 'of two words too';
    like + (plain('help', 'nonsense'))[1], qr/there is no command "nonsense"/, 'help for nothing';
    like + (plain('tasks', '--limti', 5))[1],
        qr/there is no option --limti; did you mean --limit\?/, 'an option';
    unlike + (plain("x\e[2J"))[1], qr/\e/, 'what was written cannot move the cursor';
    is + (plain('--version'))[0], 0, '--version';
    for my $command (@command) {
        my ($status, $text) = plain(split(/ /, $command), '--no-such-option');
        is $status, $command eq 'intake' ? 75 : 64,
            "$command --no-such-option: exit status";    # 64: an MTA would bounce
        unlike $text, qr/^\s*$/, 'is said';
    }
};

# A line that is right for each command that asks the database; others are called by the example in
# their help if they need arguments, and else without any.
my %line = (
    'task show'        => [1],
    'task assign'      => [ 1, '--to',    'eva' ],
    'task postpone'    => [ 1, '--until', 'tomorrow' ],
    'task note'        => [ 1, 'x' ],
    'task resolve'     => [1],
    'task reopen'      => [ 1,             '--why',       'x' ],
    'recipient add'    => [ 1,             'a@x.example', '--why', 'x' ],
    'recipient change' => [ 1,             'a@x.example', '--to',  'b@x.example', '--why', 'x' ],
    'recipient revert' => [ 1,             'a@x.example', '--why', 'x' ],
    'block'            => [ 'a@x.example', '--why',       'x' ],
    'unblock'          => [ 'a@x.example', '--why',       'x' ],
    'reblock'          => [ 'a@x.example', '--why',       'x' ],
    'blocks import'    => [ $stage->instance->path('list.csv') ],
    'blocks withdraw'  => [ 1, '--why', 'x' ],
    'erase'            => [ 'a@x.example', '--why', 'x', '--yes' ],
    'params show'      => ['resend'],
    'params set'       => [ 'resend', 'on' ],
    'params unset'     => [ 'resend', '--process', 'invoice' ],
    'show'             => ['x'],
    'bounce show'      => [1],
    'reclassify'       => [ 1,         '--as', 'mailbox_full' ],
    'undo'             => [ '--since', '1h' ],
    'replay'           => [ '--rules', $stage->instance->make_dir('no-rules') ],
    'queue show'       => [1],
    'send'             => [ '--now',   '--id',  1 ],
    'queue pause'      => [ 'invoice', '--why', 'x' ],
    'copies list'      => [],
    'copies retry'     => [],
    'webhook list'     => [],
    'webhook retry'    => [],
    'queue resume'     => [ 'invoice', '--why', 'x' ],
    map({ ("queue $_" => [1]) } qw(retry hold release cancel)),
    'intake' => [ '--rules', $stage->instance->make_dir('no-rules') ],
);
$stage->instance->write_file('list.csv', "address\na\@x.example\n");
$stage->instance->write_file('no-rules/1.rules',
    "[a.b]\nreason = mailbox_full\nmatch = x y z\nexample = x y z\n");

sub line_of {
    my ($command) = @_;
    return @{ $line{$command} } if $line{$command};
    my ($text) = (plain(split(/ /, $command), '--help'))[1];
    return if $text =~ /^usage: bouncectl \Q$command\E \[/;
    my ($example) = $text =~ /^example:\n  bouncectl \Q$command\E ([^|<>\n]*)/m;
    return shellwords($example);
}
my @asking = grep { (plain(split(/ /, $_), '--help'))[1] =~ /^  --conninfo /m } @command;

subtest 'a database that cannot be reached' => sub {
    for my $command (@asking) {
        my ($status, $text) = plain(split(/ /, $command),
            line_of($command), '--conninfo', 'host=' . $stage->instance->path('nowhere'));
        is $status, 75, "$command: try again later";
        like $text, qr/^bouncectl[a-z ]*: .*(?:database|connection)/m, 'is said' or diag $text;
    }
};

# Values that cannot be: one line that says so, and 64. The database is never asked: there is none.
subtest 'wrong values' => sub {
    my @wrong = (
        [ qw(tasks --limit x),      qr/--limit: "x" is not a number from 1 to/ ],
        [ qw(tasks --limit -1),     qr/"-1" is not a number/ ],
        [ qw(tasks --kind hard),    qr/did you mean hard_bounce\?/ ],
        [ qw(bounces --class firm), qr/there are hard, soft, technical, auto_reply, unclassified/ ],
        [ qw(bounces --since nonsense),           qr/--since: "nonsense" is no time: .*7d/ ],
        [ qw(report --until 2026-02-30),          qr/is no time/ ],
        [ qw(report --by moon),                   qr/--by: there is no "moon"; there are class/ ],
        [ qw(task postpone 1 --until 2020-01-01), qr/2020-01-01 is past/ ],
        [ qw(task postpone 1 --until soon),       qr/is no time to come: .*3d/ ],
        [ qw(reclassify 1 --as mailbox_ful),      qr/did you mean mailbox_full\?/ ],
        [ qw(queue list --state nonsense),        qr/--state: there is no "nonsense".*PENDING/ ],
        [ 'task',  'note',        1,       ' ', qr/TEXT: must say something/ ],
        [ 'block', 'a@x.example', '--why', '',  qr/--why: must say something/ ],
        [ qw(task show x),                   qr/ID: "x" is not a number/ ],
        [ qw(task show 9223372036854775808), qr/is not a number up to 9223372036854775807$/m ],
        [ qw(task note x y),                 qr/ID: "x" is not a number/ ],
        [ 'queue',         'retry', 1, ' ', qr/COMMUNICATION: must say something/ ],
        [ 'task',          'show',  '9' x 30, qr/is not a number/ ],
        [ qw(queue retry), qr/which\? A COMMUNICATION, a filter or --all/ ],
    );
    for my $case (@wrong) {
        my ($words) = pop @$case;
        my ($status, $text)
            = plain(@$case, '--conninfo', 'host=' . $stage->instance->path('nowhere'));
        is $status, 64, "@$case: exit status";
        like $text,   $words,       'and what is wrong';
        unlike $text, qr/SQLSTATE/, 'in words';
    }
};

subtest 'an empty database' => sub {
    for my $command (grep { $_ ne 'intake' } @asking) {
        my ($status, $text) = $ctl->run(split(/ /, $command), line_of($command), '--json');
        cmp_ok $status, '<=', 1, "$command --json: exit status $status" or diag $text;
        next if $status != 0;
        ok eval { JSON::PP->new->utf8->decode($_); 1 }, "$command --json is JSON"
            or diag "$_: $@"
            for split /\n/, $text;
    }
};

subtest 'the connection: which one counts' => sub {
    my $conf
        = $stage->instance->write_file('people.conf', 'conninfo = ' . $stage->db->conninfo . "\n");
    is + (plain('status', '-c', $conf))[0], 0, '-c FILE';
    my ($status, $text) = plain('status', '-c', '/nowhere');
    is $status, 1, 'a file that is not there';
    like $text, qr{/nowhere}, 'is named';
    my %environment = $stage->db->environment;
    is + ($stage->instance->run(
        [ $stage->daemon->program('bouncectl'), 'status' ],
        may_fail => 1,
        env      => \%environment
    ))[0], 0, 'libpq\'s environment';
};

subtest 'tab completion' => sub {
    my $complete = sub { return [ sort split /\n/, (plain('complete', @_))[1] ] };
    is_deeply $complete->('ta'), [qw(task tasks)], 'commands';
    is_deeply $complete->('task', ''), [qw(assign note postpone reopen resolve show)],
        'their second words';
    is_deeply $complete->('params',     's'),   [qw(set show)],              'that begin so';
    is_deeply $complete->('undo',       '--d'), [qw(--diagnostic --domain)], 'options';
    is_deeply $complete->('reclassify', '5', '--as', 'mailbox_'),
        [qw(mailbox_disabled mailbox_full mailbox_moved)], 'reasons';
    is_deeply $complete->('queue', ''),
        [qw(cancel hold list pause release resume retry show status)],
        'of the queue';
    is_deeply $complete->('db', 'm'),                       ['migrate'], 'of the schema';
    is_deeply $complete->('queue', 'list', '--state', 'P'), [qw(PENDING PROCESSING)], 'states';
    is_deeply $complete->('bounces', '--class', 's'),       ['soft'],                 'classes';
    is_deeply $complete->('tasks', '--kind', 'o'), ['outage'],       'kinds of tasks';
    is_deeply $complete->('help', 'ta'),           [qw(task tasks)], 'what there is help for';
    is_deeply $complete->('nonsense', '--x'),      [],               'nothing for nothing';
    my %environment = $stage->db->environment;
    my $stored      = sub {
        return [
            split /\n/,
            $stage->instance->run(
                [ $stage->daemon->program('bouncectl'), 'complete', @_ ],
                env => \%environment
            ) ];
    };
    is_deeply $stored->('tasks',  '--process', 'in'),   ['invoice'], 'processes, from the database';
    is_deeply $stored->('params', 'set',  'resend_fa'), ['resend_factor'], 'parameters';
    is_deeply $stored->('task',   'show', ''),          [],                'tasks: there is none';
    $environment{PGOPTIONS} = '-c role=bounce_clerk';
    is_deeply $stored->('tasks', '--process', 'in'), ['invoice'], 'processes, for a clerk';
    my $script = slurp("$tree/etc/completion/bouncectl.bash");
    my $build  = Bounce::Instance::build_dir();
    my $reply  = $stage->instance->run([
        'bash',
        '-c',
        "PATH=$build:\$PATH; $script\nCOMP_WORDS=(bouncectl task res); COMP_CWORD=2; "
            . "_bouncectl; echo \"\${COMPREPLY[@]}\""
    ]);
    is $reply, "resolve\n", 'bash asks the program';
};

subtest 'output that cannot be written' => sub {
    for my $line (
        ['params'],  [ 'queue', 'list' ],
        ['metrics'], [ 'db',    'check' ],
        ['reasons'], ['help']
    ) {
        my @line
            = "@$line" =~ /^(?:reasons|help)$/
            ? ($stage->daemon->program('bouncectl'), @$line)
            : $ctl->command(@$line);
        my ($status)
            = $stage->instance->run([ 'sh', '-c', '"$@" > /dev/full', 'sh', @line ], may_fail => 1);
        is $status, 74, "@$line: exit status";
    }
};

finish();
