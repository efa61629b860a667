# SPDX-License-Identifier: BSD-2-Clause
# Who may do what over HTTP. The forms are read from the sources of the console: one that is added
# without a row here fails. Whoever may not has changed nothing in any table; no page that is
# fetched and no preview has, whoever asks.
use Bounce::Console;
use Bounce::Intake;
use Bounce::ChangedTables;
use Bounce::Test;
use POSIX qw(strftime);

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);
my $number = 0;
$stage->parameter(operator_copy => 'smtp');    # letters are sent on by that way alone

# --- what may be sent --------------------------------------------------------------------------

sub source {
    my ($file) = @_;
    open my $handle, '<', $file or die "$file: $!\n";
    local $/ = undef;
    return scalar <$handle>;
}
my $router = source('console/router.c');
my %post   = map { $_ => 1 } $router             =~ m[\{"([^"]+)", true, \w+, \w+\}]g;
my @get    = $router                             =~ m[\{"([^"]+)", false, \w+, \w+\}]g;
my ($ways) = source('console/pages/task_acts.c') =~ m[struct way \{.*?\} ways\[\] = \{(.*?)\n\};]s;
my @form   = (
    map({ "act $_" } source('console/pages/act_definitions.c') =~ m[\{\.name = "([^"]+)"]g),
    map({ "way $_" } $ways =~ m[\{"([^"]+)",]g),
    map({ "to $_" } grep { !m{^/(?:act|tasks/resolve)(?:/|$)} } sort keys %post));

# --- what each needs, and who may (doc/staff.md, doc/install.md) -------------------------------

sub bounced {
    my $address = 'r' . ++$number . "\@d$number.example";
    my $letter  = $intake->bounced($address);
    return {
        %{ $stage->recipient($letter) },
        id      => $letter->{id},
        address => $address,
        domain  => "d$number.example"
    };
}

sub submitted {
    my $due     = shift // 'NULL';
    my $address = 'q' . ++$number . '@customer.example';
    return $db->value(
        q{SELECT bounce.submit_communication(process => 'invoice',
        recipients => ARRAY[:'t'], sender => 'shop@sender.example', subject => 's',
        body_text => 'x', not_before => } . "$due)", t => $address
    );
}
sub call { my ($call, %value) = @_; return $db->value("SELECT $call", %value) }

# A task about an outage, as recording one makes it.
sub outage {
    return $db->value(<<'END', d => 'o' . ++$number . '.example');
WITH o AS (INSERT INTO bounce.outage (scope, about, seen, usual, time_window)
           VALUES ('domain', :'d', 9, 0, '1 hour') RETURNING id)
INSERT INTO bounce.task (kind, dedup_key, domain, summary)
SELECT 'outage', 'outage:' || o.id, :'d', 's' FROM o RETURNING id
END
}

# A task about a mail of which nobody knows whether it was sent.
sub unheard {
    my $id = submitted();
    $db->sql(<<'END');
SELECT bounce.begin_delivery(c.claim_id, c.recipient_ids)
FROM bounce.claim_deliveries('here', 'mx', 100) AS c;
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
WHERE state = 'PROCESSING';
SELECT bounce.sweep_deliveries();
END
    return $db->value('SELECT id FROM bounce.task WHERE communication_id = :id', id => $id);
}

# A letter or an event that was tried too often.
sub given_up {
    my ($what) = @_;
    my $it = bounced();
    if ($what eq 'copy') {
        call(q{bounce.forward_letter(:id, 'anna@office.example', 'x')}, id => $it->{bounce_id});
        $db->sql("UPDATE bounce.operator_copy SET state = 'dead'");
        return $it;
    }
    $db->sql("INSERT INTO bounce.event (type, communication_id, data, state)"
            . " VALUES ('communication.status', $it->{id}, '{}', 'dead')");
    return $it;
}

sub task_of { my (%more) = @_; my $it = bounced(); return (id => $it->{task_id}, %more) }

my @clerks    = qw(clerk operator admin);
my @operators = qw(operator admin);
my @admins    = qw(admin);
my @why       = (why     => 'a test');
my @colleague = (address => 'anna@office.example', @why);

# Form => [who may, what is sent: made anew for each of them].
my %row = (
    'act lift'    => [ \@clerks, sub { (address => bounced()->{address},                  @why) } ],
    'act block'   => [ \@clerks, sub { (address => 'b' . ++$number . '@customer.example', @why) } ],
    'act restore' => [
        \@clerks,
        sub {
            my $it = bounced();
            call(q{bounce.lift_block(:'a', 'x')}, a => $it->{address});
            return (address => $it->{address}, @why);
        }
    ],
    'act withdraw' => [
        \@clerks,
        sub {
            my $address = 'w' . ++$number . '@customer.example';
            call(q{bounce.block_address(:'a', 'x')}, a => $address);
            return (address => $address, @why);
        }
    ],
    'act import' =>
        [ \@operators, sub { (csv => "address\ni" . ++$number . "\@list.example", @why) } ],
    'act withdraw_import' => [
        \@operators,
        sub {
            my $csv = "address\ni" . ++$number . '@list.example';
            (import_id => call(q{import_id FROM bounce.import_blocks(:'c', 'x')}, c => $csv), @why);
        }
    ],
    'act erase_address' => [ \@admins, sub { (address => bounced()->{address}, @why) } ],
    'act erase_person'  => [
        \@admins,
        sub {
            my $it = bounced();
            call(q{bounce.set_person(:id, :'a', :'p')},
                id => $it->{id}, a => $it->{address}, p => "P-$number");
            return (person => "P-$number", @why);
        }
    ],
    'act new_process' => [ \@operators, sub { (name => 'made' . ++$number) } ],
    'act give'        => [
        \@admins, sub { (name => 'newsletter', application => 'application', @why) }
    ],
    'act take' => [
        \@admins,
        sub {
            call(q{bounce.give_process('newsletter', 'application', 'x')});
            return (name => 'newsletter', application => 'application', @why);
        }
    ],
    'act new_key'  => [ \@admins,    sub { () } ],
    'act send_now' => [ \@operators, sub { (id => submitted(q{now() + interval '1 hour'})) } ],
    'act correct'  => [
        \@operators, sub { (id => submitted(), subject => 'Another', text => 'other words') }
    ],
    'act correct_back' => [
        \@operators, sub { (id => submitted(), old_subject => 'Another', old_text => 'others') }
    ],
    'act resend' => [
        \@clerks, sub { my $it = bounced(); (id => $it->{id}, recipient => $it->{address}, @why) }
    ],
    'act change' => [
        \@clerks,
        sub {
            my $it = bounced();
            (id => $it->{id}, recipient => $it->{address}, address => 'n@right.example', @why);
        }
    ],
    'act add' => [ \@clerks, sub { (id => bounced()->{id}, address => 'n@right.example', @why) } ],
    'act withdraw_resend' => [
        \@clerks,
        sub {
            my $it = bounced();
            call(q{bounce.add_recipient(:id, 'n@right.example', 'x')}, id => $it->{id});
            return (id => $it->{id}, address => 'n@right.example', @why);
        }
    ],
    'act hold'    => [ \@operators, sub { (id => submitted()) } ],
    'act release' => [
        \@operators,
        sub { my $id = submitted(); call('bounce.hold_communication(:id)', id => $id); (id => $id) }
    ],
    'act retry' => [
        \@operators,
        sub {
            my $id = submitted();
            call('bounce.cancel_communication(:id)', id => $id);
            return (id => $id);
        }
    ],
    'act withdraw_retry' => [
        \@clerks,
        sub {
            my $id = submitted(q{now() + interval '1 hour'});
            call('bounce.retry_communication(:id)', id => $id);
            return (id => $id, @why);
        }
    ],
    'act cancel'     => [ \@operators, sub { (id => submitted()) } ],
    'act reclassify' =>
        [ \@clerks, sub { (id => bounced()->{bounce_id}, reason => 'mailbox_full', @why) } ],
    'act reclassify_back' =>
        [ \@clerks, sub { (id => bounced()->{bounce_id}, old_reason => 'mailbox_full', @why) } ],
    'act forward'         => [ \@clerks, sub { (id => bounced()->{bounce_id}, @colleague) } ],
    'act withdraw_letter' => [
        \@clerks,
        sub {
            my $id = bounced()->{bounce_id};
            $db->sql("SELECT bounce.forward_letter($id, '$colleague[1]', 'x')");
            return (id => $id, @colleague);
        }
    ],
    'act retry_letter'  => [ \@operators, sub { (id => given_up('copy')->{bounce_id}) } ],
    'act retry_letters' => [ \@operators, sub { (id => given_up('copy')->{task_id}) } ],
    'act retry_events'  => [ \@operators, sub { (id => given_up('event')->{task_id}) } ],
    'act undo'          => [
        \@operators,
        sub {
            my $it = bounced();
            (id => $it->{bounce_id}, since => '2000-01-01', domain => $it->{domain}, @why);
        }
    ],
    'act redo' => [
        \@operators,
        sub {
            my $it = bounced();
            my $id = $db->value(
                q{SELECT undo_id FROM bounce.undo_bounces(since => '2000-01-01',
                until => NULL, why => 'x', domain => :'d')}, d => $it->{domain});
            return (undo_id => $id, id => $it->{bounce_id}, @why);
        }
    ],
    'act pause' => [
        \@operators,
        sub { call(q{bounce.resume_process('newsletter', 'x')}); (process => 'newsletter', @why) }
    ],
    'act resume' => [
        \@operators,
        sub { call(q{bounce.pause_process('newsletter', 'x')}); (process => 'newsletter', @why) }
    ],
    'act set' =>
        [ \@operators, sub { (name => 'token_lifetime', value => 300 + ++$number . ' days') } ],
    'act unset' => [
        \@operators,
        sub {
            call(q{bounce.set_parameter('token_lifetime', '299 days')});
            return (name => 'token_lifetime');
        }
    ],
    'act set_back' => [
        \@operators,
        sub { (
            name      => 'token_lifetime',
            old_value => 300 + ++$number . ' days',
            was_set   => 'true'
        ) }
    ],
    'way done'      => [ \@clerks, sub { task_of() } ],
    'way corrected' => [ \@clerks, sub { task_of(address => 'n@right.example') } ],
    'way suggested' => [
        \@clerks,
        sub { (
            id => $stage->recipient($intake->bounced('s' . ++$number . '@gmial.com'))->{task_id}) }
    ],
    'way unblocked'      => [ \@clerks,    sub { task_of(note => 'it works') } ],
    'way dead'           => [ \@clerks,    sub { task_of() } ],
    'way arrived'        => [ \@clerks,    sub { (id => unheard()) } ],
    'way dismissed'      => [ \@operators, sub { (id => outage()) } ],
    'way confirmed'      => [ \@operators, sub { (id => outage()) } ],
    'to /tasks/assign'   => [ \@clerks,    sub { task_of(mine => 1) } ],
    'to /tasks/postpone' =>
        [ \@clerks, sub { task_of(until => strftime('%Y-%m-%d', gmtime(time + 86_400))) } ],
    'to /tasks/note'   => [ \@clerks, sub { task_of(note => 'a note') } ],
    'to /tasks/reopen' => [
        \@clerks,
        sub {
            my %task = task_of();
            call(q{bounce.resolve_task_dead(:id, 'x')}, id => $task{id});
            return (%task, @why);
        }
    ],
    'to /tasks/preview' => [ [], sub { task_of(way => 'dead') } ],
    'to /login'         => [ [], sub { (name => 'admin', password => 'x') } ],
    'to /logout'        => [ [], sub { () } ],
);
is_deeply [ sort keys %row ], [ sort @form ], 'each form that the console takes has a row';

# --- who they are ------------------------------------------------------------------------------

my $console = Bounce::Console->new($stage);
my @role    = qw(clerk auditor operator admin);
$console->person($_ => "bounce_$_") for @role, 'application';
$console->person(stranger => undef)->start;
my %visitor = map { $_ => $console->visitor->log_in($_) } @role, 'application', 'stranger';
is $visitor{$_}->page->{status}, 200, "$_ is let in" for @role;
is $visitor{$_}->page->{status}, 403, "$_ is not"    for qw(application stranger);
$visitor{nobody} = $console->visitor;

my $tables = Bounce::ChangedTables->new($db);

sub send_form {
    my ($visitor, $form, @field) = @_;
    my ($kind, $name) = split / /, $form, 2;
    return
          $kind eq 'act' ? $visitor->post('/act', act => $name, @field)
        : $kind eq 'way' ? $visitor->post('/tasks/resolve', way => $name, @field)
        :                  $visitor->post($name, @field);
}

sub try_first {
    my ($visitor, $form, @field) = @_;
    my ($kind, $name) = split / /, $form, 2;
    my $path = $kind eq 'act' ? '/act/preview' : '/tasks/preview';
    my $page = $visitor->post($path, $kind => $name, @field);
    $visitor->get($page->{headers}{location}) if $page->{status} == 303;
    return;
}

for my $form (@form) {
    my ($allowed, $make) = @{ $row{$form} // next };
    subtest $form => sub {
        my %may   = map  { $_ => 1 } @$allowed;
        my @not   = grep { !$may{$_} && $form !~ m{^to /log} } sort keys %visitor;
        my @field = $make->();
        my $state = $tables->state;
        for my $who (@not) {
            $visitor{$who}->get('/tasks');
            send_form($visitor{$who}, $form, @field);
        }
        is $tables->changed_since($state), '', "@not change nothing";
        if ($form =~ /^(?:act|way)/) {
            try_first($visitor{$_}, $form, @field) for sort keys %visitor;
            is $tables->changed_since($state), '', 'nor does a preview, whoever asks for it';
        }
        for my $who (@$allowed) {
            @field = $make->() if $who ne $allowed->[0];
            $state = $tables->state;
            $visitor{$who}->get('/tasks');
            my $page = send_form($visitor{$who}, $form, @field);
            is $page->{status},                  303, "$who may" or diag $page->{content};
            isnt $tables->changed_since($state), '',  '... and it is done';
            unlike $visitor{$who}->get('/')->{content}, qr/refused|0 tasks|nothing to do/,
                '... as the next page says';
        }
    };
}

subtest 'what an operator decides is not decided by a clerk in another way' => sub {
    my $open   = outage();
    my $closed = outage();
    call(q{bounce.dismiss_outage(:id, 'x')}, id => $closed);
    my @field = (address => 'n@right.example', note => 'x', why => 'x');
    my $state = $tables->state;
    for my $form (grep { /^way/ } @form) {
        send_form($visitor{clerk}, $form, id => $open, @field);
        is $tables->changed_since($state), '', "$form of an outage";
    }
    send_form($visitor{clerk}, 'to /tasks/reopen', id => $closed, @field);
    is $tables->changed_since($state), '', 'nor is it opened again';
};

subtest 'what is fetched changes nothing' => sub {
    my $it    = bounced();
    my $query = join '&', "id=$it->{id}", "address=r$number\%40d$number.example", 'name=shadow',
        'text=r', 'act=lift', 'way=dead', 'why=x', "id=$it->{task_id}", 'process=invoice';
    my $state = $tables->state;
    for my $path (@get, sort keys %post) {
        for my $who (sort keys %visitor) {
            for my $method (qw(GET HEAD)) {
                my $page = $visitor{$who}->request($method, "$path?$query");
                cmp_ok $page->{status}, '<', 500, "$method $path, $who";
            }
        }
    }
    is $tables->changed_since($state), '', 'in any table';
};

subtest 'no other way to send a form' => sub {
    my %task  = task_of(note => 'x');
    my $state = $tables->state;
    my $clerk = $visitor{clerk};
    my $token = $clerk->get('/tasks') && $clerk->{token};
    my $body  = "form_token=$token&way=dead&id=$task{id}";
    my @try   = (
        [ 'GET', "/tasks/resolve?$body" ],
        [ 'GET', '/tasks/resolve', $body ],
        map({ [ 'GET', "/tasks/resolve?$body", undef, $_ => 'POST' ] }
            qw(x-http-method-override x-http-method x-method-override)),
        [ 'GET',  "/tasks/resolve?$body&_method=POST" ],
        [ 'POST', '/tasks?_method=POST', $body ],
        map({ [ $_, '/tasks/resolve', $body ] } qw(PUT PATCH DELETE OPTIONS post PoSt)),
        [ 'POST', "/tasks/resolve?$body", 'x=y' ],
        map({ [ 'POST', $_, $body ] } '/tasks/resolve/',
            '//tasks/resolve',    '/tasks/%72esolve',  '/TASKS/RESOLVE', '/tasks/./resolve',
            '/tasks/resolve;x=y', '/tasks/resolve%00', '/tasks/resolve%3f'),
        map({ [ 'POST', '/tasks/resolve', $body, 'content-type' => $_ ] }
            qw(text/plain multipart/form-data application/json)),
        [ 'POST', '/tasks/resolve', $body, 'sec-fetch-site' => 'same-site' ],
        [ 'POST', '/tasks/resolve', $body, origin           => 'http://evil.example' ],
        [ 'POST', '/tasks/resolve', $body               =~ s/=$token/=/r ],
        [ 'POST', '/tasks/resolve', $body               =~ s/=$token/=$visitor{operator}{token}/r ],
        [ 'POST', '/tasks/resolve', "form_token=&$body" =~ s/(form_token=)(&.*)$token/$1$2x/r ],
    );
    for my $try (@try) {
        my ($method, $path, $content, %header) = @$try;
        my $page = $clerk->request($method, $path, $content, %header);
        cmp_ok $page->{status}, '>=', 400, join ' ', grep { defined } @$try;
        cmp_ok $page->{status}, '<', 500, '... which is no fault of ours' if $method !~ /^P?o?s/i;
    }
    is $tables->changed_since($state),                             '',  'none of them did anything';
    is $clerk->request('POST', '/tasks/resolve', $body)->{status}, 303, 'the right one does';
    isnt $tables->changed_since($state),                           '',  'something';
};

ok $console->stop, 'it ends by itself';
finish();
