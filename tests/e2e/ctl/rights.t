# SPDX-License-Identifier: BSD-2-Clause
# Who may do what at the command line (doc/install.md, doc/staff.md): every command by every role,
# two applications among them. Whoever may not is told so, and has changed nothing in any table; an
# application neither changes nor reads what is another one's.
use Bounce::Ctl;
use Bounce::Intake;
use Bounce::ChangedTables;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);
my $number = 0;
$stage->parameter(operator_copy => 'smtp');    # letters are sent on by that way alone
$db->sql("CREATE ROLE $_ LOGIN IN ROLE bounce_application") for qw(t_billing t_crm);
$db->sql('CREATE ROLE t_stranger LOGIN');
$db->value(q{SELECT bounce.give_process('invoice', 't_billing', 'x')});
$db->value(q{SELECT bounce.give_process('newsletter', 't_crm', 'x')});

my %role = (
    map({ $_ => "bounce_$_" } qw(clerk auditor operator admin)),
    billing  => 't_billing',
    crm      => 't_crm',
    stranger => 't_stranger',
);
my %ctl = map { $_ => Bounce::Ctl->new($stage, role => $role{$_}) } keys %role;
my @who = sort keys %role;

# --- what is tried on, made anew for each who may ------------------------------------------------

sub call { my ($call, %value) = @_; return $db->value("SELECT $call", %value) }

sub bounced {
    my $letter = $intake->bounced('r' . ++$number . "\@d$number.example");
    return {
        %{ $stage->recipient($letter) },
        id      => $letter->{id},
        domain  => "d$number.example",
        address => "r$number\@d$number.example"
    };
}
sub task { return bounced()->{task_id} }

# A letter of the queue, of the process that is t_billing's.
sub submitted {
    return call(
        q{bounce.submit_communication(process => 'invoice', recipients => ARRAY[:'t'],
        sender => 'shop@sender.example', subject => 'secret', body_text => 'x')},
        t => 'q' . ++$number . '@customer.example'
    );
}

sub event {
    call(q{bounce_internal.add_event('follow_up.open', :id, '{}')}, id => submitted());
    return call('max(id) FROM bounce.event');
}
my $list = $stage->instance->path('list.csv');
my $eml  = $stage->instance->write_file('letter.eml', "Subject: x\n\nHello\n");
$stage->instance->make_dir('some-rules');
my $rules = $stage->instance->write_file('some-rules/1.rules',
    "[a.b]\nreason = mailbox_full\nmatch = x y z\nexample = x y z\n") =~ s{/1\.rules\z}{}r;
my @why = ('--why', 'a test');

sub import_list {
    $stage->instance->write_file('list.csv', "address\ni" . ++$number . "\@list.example\n");
    return $list;
}

my @readers   = qw(admin auditor clerk operator);
my @settings  = qw(admin auditor operator);
my @clerks    = qw(admin clerk operator);
my @operators = qw(admin operator);
my @queue     = qw(admin billing operator);

# Command => who may, and its words. What stands in brackets is shown by it but not done.
my %row = (
    'metrics'        => [ \@readers,  sub { () } ],
    'status'         => [ \@readers,  sub { () } ],
    'report'         => [ \@readers,  sub { () } ],
    'shadow'         => [ \@readers,  sub { () } ],
    'show'           => [ \@readers,  sub { bounced()->{id} } ],
    'bounces'        => [ \@readers,  sub { () } ],
    'bounce show'    => [ \@readers,  sub { bounced()->{bounce_id} } ],
    'tasks'          => [ \@readers,  sub { () } ],
    'task show'      => [ \@readers,  sub { task() } ],
    'copies list'    => [ \@readers,  sub { () } ],
    'queue list'     => [ \@readers,  sub { () } ],
    'queue show'     => [ \@readers,  sub { submitted() } ],
    'queue status'   => [ \@readers,  sub { () } ],
    'webhook list'   => [ \@readers,  sub { () } ],
    'blocks'         => [ \@readers,  sub { () } ],
    'blocks export'  => [ \@readers,  sub { () } ],
    'blocks imports' => [ \@readers,  sub { () } ],
    'processes'      => [ \@readers,  sub { () } ],
    'process show'   => [ \@readers,  sub { 'invoice' } ],
    'check'          => [ \@readers,  sub { () } ],
    'params'         => [ \@settings, sub { () } ],
    'params show'    => [ \@settings, sub { 'shadow' } ],
    'keys'           => [ \@settings, sub { () } ],

    'task resolve' => [ \@clerks, sub { (task(), '--dead', '--yes') } ],
    'task reopen'  => [
        \@clerks,
        sub { my $id = task(); call('bounce.resolve_task_dead(:id)', id => $id); ($id, @why) }
    ],
    'task assign'   => [ \@clerks, sub { (task(), '--to',    'eva') } ],
    'task postpone' => [ \@clerks, sub { (task(), '--until', 'tomorrow') } ],
    'task note'     => [ \@clerks, sub { (task(),                         'a note') } ],
    'block'         => [ \@clerks, sub { ('b' . ++$number . '@x.example', @why) } ],
    'unblock'       => [ \@clerks, sub { (bounced()->{address},           @why) } ],
    'reblock'       => [
        \@clerks,
        sub {
            my $address = bounced()->{address};
            call(q{bounce.lift_block(:'a', 'x')}, a => $address);
            return ($address, @why);
        }
    ],
    'recipient add'    => [ \@clerks, sub { (bounced()->{id}, 'n@right.example', @why) } ],
    'recipient change' => [
        [ sort @clerks, 'billing' ],
        sub { my $it = bounced(); ($it->{id}, $it->{address}, '--to', 'n@right.example', @why) }
    ],
    'recipient revert' => [
        \@clerks,
        sub {
            my $it = bounced();
            call(q{bounce.add_recipient(:id, 'n@right.example', 'x')}, id => $it->{id});
            return ($it->{id}, 'n@right.example', @why);
        }
    ],
    'reclassify' => [
        \@clerks,
        sub { (bounced()->{bounce_id}, '--as', 'mailbox_full', '--yes', '--rules', $rules) }
    ],
    'copies forward' => [ \@clerks, sub { (bounced()->{bounce_id}, 'anna@office.example', @why) } ],
    'copies withdraw' => [
        \@clerks,
        sub {
            my $id = bounced()->{bounce_id};
            call(q{bounce.forward_letter(:id, 'anna@office.example', 'x')}, id => $id);
            return ($id, 'anna@office.example', @why);
        }
    ],

    'copies retry' => [ \@operators, sub { () } ],
    'queue retry'  => [
        \@queue,
        sub { my $id = submitted(); call('bounce.cancel_communication(:id)', id => $id); $id }
    ],
    'queue hold'    => [ \@queue, sub { submitted() } ],
    'queue release' => [
        \@queue,
        sub { my $id = submitted(); call('bounce.hold_communication(:id)', id => $id); $id }
    ],
    'queue cancel' => [ \@queue, sub { (submitted(), '--yes') } ],
    'queue pause'  =>
        [ \@operators, sub { call(q{bounce.resume_process('receipt', 'x')}); ('receipt', @why) } ],
    'queue resume' =>
        [ \@operators, sub { call(q{bounce.pause_process('receipt', 'x')}); ('receipt', @why) } ],
    'send' => [
        \@queue,
        sub { ($eml, '--process', 'invoice', '--to', 'a@x.example', '--sender', 's@y.example') }
    ],
    'webhook retry'   => [ \@operators, sub { event() } ],
    'blocks import'   => [ \@operators, sub { (import_list(), '--apply', @why) } ],
    'blocks withdraw' => [
        \@operators,
        sub {
            $ctl{admin}->output('blocks', 'import', import_list(), '--apply', @why);
            return (call('max(id) FROM bounce.block_import'), @why);
        }
    ],
    'params set'   => [ \@operators, sub { ('token_lifetime', 300 + ++$number . ' days') } ],
    'params unset' => [
        \@operators,
        sub {
            call(q{bounce.set_parameter('resend', 'off', 'receipt')});
            return ('resend', '--process', 'receipt');
        }
    ],
    'undo' => [
        \@operators, sub { ('--since', '1h', '--domain', bounced()->{domain}, '--apply', @why) }
    ],
    'replay'       => [ \@operators, sub { bounced(); ('--apply', '--rules', $rules) } ],
    'housekeeping' => [ \@operators, sub { () } ],
    'process give' => [
        ['admin'],
        sub {
            call(q{bounce.take_process('receipt', 't_crm', 'x')});
            return ('receipt', 't_crm', '--apply', @why);
        }
    ],
    'process take' => [
        ['admin'],
        sub {
            call(q{bounce.give_process('receipt', 't_crm', 'x')});
            return ('receipt', 't_crm', '--apply', @why);
        }
    ],
    'erase'       => [ ['admin'], sub { (bounced()->{address}, '--yes', @why) } ],
    'keys rotate' => [ ['admin'], sub { () } ],
);
my %reads
    = map { $_ => 1 } grep { $row{$_}[0] == \@readers || $row{$_}[0] == \@settings } keys %row;

my (undef, $help) = $stage->daemon->bouncectl('--help');
# Without a database, or with the rights of its owner, or of a program.
my %other = map { $_ => 1 } 'classify', 'reasons', 'rules check', 'rules test', 'rules list',
    'intake', 'db init', 'db migrate', 'db check', 'db create';
is_deeply [ sort keys %row ],
    [ sort grep { !$other{$_} } $help =~ /^  ([a-z]+(?: [a-z]+)?)  +[a-z]/mg ],
    'every command has a row';

# --- each by each --------------------------------------------------------------------------------

my $tables = Bounce::ChangedTables->new($db);

my $refused
    = qr/permission \s denied | may \s not | is \s not \s for | no \s (?:communication|recipient)/x;

for my $command (sort keys %row) {
    my ($allowed, $make) = @{ $row{$command} };
    my @words = split / /, $command;
    subtest $command => sub {
        my %may  = map  { $_ => 1 } @$allowed;
        my @not  = grep { !$may{$_} } @who;
        my @line = $make->();
        my $was  = $tables->state;
        for my $who (@not) {
            my ($status, $said) = $ctl{$who}->run(@words, @line);
            is $status, 1, "$who may not";
            like $said,   $refused,   "$who is told so";
            unlike $said, qr/secret/, "$who reads nothing of it";
        }
        my @preview = grep { !/^--(?:yes|apply)$/ } @line;
        if (@preview < @line) {
            $ctl{$_}->run(@words, @preview) for @who;
        }
        is $tables->changed_since($was), '', 'nothing has changed';
        for my $who (@$allowed) {
            @line = $make->() if $who ne $allowed->[0] && !$reads{$command};
            $was  = $tables->state;
            my ($status, $said) = $ctl{$who}->run(@words, @line);
            ok $status == 0 || $command eq 'check', "$who may" or diag $said;
            unlike $said, qr/permission denied/, 'all of it';
            next
                if grep { $_ eq $command } 'copies retry', 'housekeeping', 'replay'; # nothing to do
            my $changed = $tables->changed_since($was);
            $reads{$command}
                ? is($changed, '', 'reading changes nothing')
                : isnt($changed, '', 'it is done');
        }
    };
}

finish();
