# SPDX-License-Identifier: BSD-2-Clause
# The pages of the console behind Today and the tasks: an address with its blocks, acts that are
# shown first, done, and taken back; who may do what is decided by the database.
use utf8;
use Bounce::ConsoleActs qw(page try_act preview act take_back refused);
use Bounce::Console;
use Bounce::Intake;
use Bounce::Test;
use List::Util qw(sum);

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);
my $script = q{<script>alert(1)</script>"'><img src=x onerror=alert(2)>};
my $bidi   = "\xe2\x80\xaeexe.gpj\xc2\x9b31m";
my $one    = $intake->bounced(
    'one@customer.example',
    subject      => "$script $bidi",
    business_ref => $script
);

my $console = Bounce::Console->new($stage, site_rules => '/etc/site.rules');
$console->person(eva => 'bounce_clerk')->person(tom => 'bounce_operator')
    ->person(ada => 'bounce_auditor')->person(kim => 'bounce_admin')->start;
my $eva = $console->visitor->log_in('eva');
my $tom = $console->visitor->log_in('tom');
my $ada = $console->visitor->log_in('ada');
my $kim = $console->visitor->log_in('kim');

subtest 'an address' => sub {
    my $path = '/address?address=one%40customer.example';
    my $page = page($eva, $path);
    like $page, qr/<b class="bad">blocked/,      'it is blocked';
    like $page, qr/no such mailbox/,             'why';
    like $page, qr{href="/bounce\?id=\d+"},      'what came back';
    like $page, qr{href="/mail\?id=$one->{id}"}, 'its mail';
    like $page, qr/settings then<.b> hard bounces block: yes;/, 'the story of the block';
    unlike $page, qr/bounce_daemon|block_hard|-&gt;|→/, '... in words, and by nobody who is none';
    like page($eva, "/mail?id=$one->{id}"), qr{href="/address\?address=one%40customer.example"},
        'a mail leads there';
    is $eva->get('/address')->{status},             404, 'no address';
    is $eva->get('/address?address=%20')->{status}, 422, 'none that could be one';
    my $bad = $eva->get(q{/address?address=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%40x});
    is $bad->{status}, 422, q{what is no address};
    unlike $bad->{content}, qr/<script/, q{... and is text};

    my @lift = (act => 'lift', address => 'one@customer.example', why => $script);
    like preview($eva, @lift), qr/block lifted/, 'what would be done';
    ok $stage->is_blocked('one@customer.example'), 'and is not yet';
    like act($eva, @lift), qr/The block is lifted\./, 'done';
    ok !$stage->is_blocked('one@customer.example'), 'it is not blocked any more';
    is $db->value("SELECT lifted_by FROM bounce.address_block WHERE address LIKE 'one\@%'"),
        'eva', 'in her name';
    like take_back($eva), qr/The address is blocked as before\./, 'taken back';
    ok $stage->is_blocked('one@customer.example'), 'it is blocked again';
    is $db->value(
        "SELECT reason FROM bounce.blocked_address WHERE address = 'one\@customer.example'"),
        'user_unknown', 'for the same reason';
    page($eva, $path);

    my @block = (
        act     => 'block',
        address => 'new@customer.example',
        why     => 'on leave',
        process => 'invoice',
        until   => '2999-01-01'
    );
    like preview($eva, @block), qr/<td>on leave, for invoice alone, until 2999-01-01/,
        'scope and end are shown';
    my $bad_end = try_act($eva, @block[ 0 .. 5 ], until => 'x');
    is $bad_end->{status}, 422, 'what is no end';
    like $bad_end->{content}, qr{<a href="/address\?address=new%40customer\.example">},
        '... and the way back';
    is $stage->count("bounce.blocked_address WHERE address = 'new\@customer.example'"), 0,
        'nothing is done';
    act($eva, @block);
    is $stage->count("bounce.blocked_address WHERE address = 'new\@customer.example'"
            . " AND only_process = 'invoice' AND expires_at > '2998-12-01'"), 1, 'blocked';
    unlike preview($eva, @block), qr/class="main"/, 'a second time there is nothing to do';
    like act($eva, @block),       qr/There was nothing to do/, 'nor is anything done';
    act($eva, act => 'lift', address => 'new@customer.example', why => 'x', process => 'invoice');
    act($eva, @block);
    take_back($eva);
    is $stage->count("bounce.blocked_address WHERE address = 'new\@customer.example'"), 0,
        'taken back';
    is $eva->post('/act', act => 'block', address => 'new@customer.example', why => '')->{status},
        422, 'not without a reason';
    is $eva->post('/act', act => 'nonsense')->{status}, 404, 'an unknown act';
    is $eva->post('/act', form_token => 'x', @block)->{status}, 403, 'a form of another site';
    unlike page($ada, $path), qr{action="/act/preview"}, 'an auditor is offered nothing';
    refused($ada, 'an auditor', @lift);
};

subtest 'a mail and what came back' => sub {
    my $two  = $intake->bounced('two@customer.example');
    my @id   = (id => $two->{id}, why => 'she told us');
    my $of   = $stage->recipient($two)->{task_id};
    my $task = sub {
        return $db->value(q{SELECT status || ' ' || resolution FROM bounce.task WHERE id = :id},
            id => $of);
    };
    my $state = sub {
        return $db->value(
            'SELECT string_agg(address || \' \' || (next_attempt_at IS NOT NULL)'
                . ", ', ' ORDER BY id) FROM bounce.communication_recipient"
                . ' WHERE communication_id = :id',
            id => $two->{id});
    };
    like page($eva, "/mail?id=$two->{id}"), qr/value="resend"/, 'a clerk may send it again';
    my %form = map { /name="act" value="(\w+)"/ ? ($1 => $_) : () }
        $eva->page->{content} =~ m{<form class="act"[^>]* action="/act/preview">(.*?)</form>}gs;
    is_deeply [ map { scalar(() = $_ =~ /<button/g) } @form{qw(resend change add)} ], [ 1, 1, 1 ],
        'each act has a form of its own, so that Enter means one';
    unlike $form{resend},                     qr/name="address"/, '... with no field of another';
    unlike $eva->page->{content},             qr/value="cancel"/, 'and not cancel it';
    unlike page($ada, "/mail?id=$two->{id}"), qr{/act/preview},   'an auditor may do nothing';
    my @resend = (act => 'resend', recipient => 'two@customer.example', @id);
    like preview($eva, @resend), qr/will be sent again.*she told us/s, 'what would be done';
    is $state->(), 'two@customer.example false', 'and is not yet';
    act($eva, @resend);
    is $state->(), 'two@customer.example true', 'it is sent again';
    like take_back($eva), qr/all is as before/, 'taken back';
    is $state->(), 'two@customer.example false', 'and is not';
    act($eva, @resend);
    refused($ada, 'an auditor sends again', @resend);

    my @change = (
        act       => 'change',
        recipient => 'two@customer.example',
        address   => '2@right.example',
        @id
    );
    like preview($eva, @change), qr/2\@right\.example/, 'another address is shown';
    like $eva->page->{content},  qr{<h1>Change the recipient:\sMail $two->{id}<}, '... of a mail';
    like act($eva, @change),     qr/sent to the other address/,                  'and taken';
    like $state->(),             qr/2\@right\.example true/,                     'it is sent there';
    is $task->(), 'done corrected', 'its task is done with';
    take_back($eva);
    is $state->(), 'two@customer.example true', 'taken back: as before';
    is $task->(),  'open ',                     'and so is the task';
    act($eva, @change);
    like page($eva, "/mail?id=$two->{id}"), qr{<b>corrected</b>.*replaced by 2\@right}s,
        'the story says what was done, and not what could be';
    is try_act($eva, @change, address => 'x')->{status}, 422, 'no address';
    my @add = (act => 'add', address => '3@right.example', @id);
    preview($eva, @add);
    act($eva, @add);
    like $state->(), qr/3\@right\.example true/, 'one more recipient';
    take_back($eva);
    unlike $state->(), qr/3\@right/, 'taken back: it is none';
    act($eva, @add);
    like act($eva, @add), qr/There was nothing to do/, 'once';
    my @bad = (once => 'refused', act => 'add', address => 'x', @id);
    is join(' ', map { $eva->post('/act', @bad)->{status} } 1, 2), '422 422',
        'where the first click is refused, the second says so too';
    my @four = (act => 'add', address => '4@right.example', @id);
    my ($mark) = preview($eva, @four) =~ /name="once" value="([^"]+)"/;
    $eva->post('/act', once => $mark, @four) for 1, 2;
    like page($eva, "/mail?id=$two->{id}"), qr/sent to one more address/, 'a double click';
    $eva->post('/act', once => $mark, @four);
    unlike page($eva, "/mail?id=$two->{id}"), qr/class="notice"/,
        'the same form again does nothing';
    isnt((preview($eva, @four) =~ /name="once" value="([^"]+)"/)[0] // '',
        $mark, 'each preview has a mark of its own');
    is $eva->post(
        '/act/preview',
        act     => 'add',
        id      => $two->{id},
        why     => 'w' x 7_000,
        address => '5@right.example'
    )->{status}, 200, 'what is too long for an address is shown';

    my $three  = $intake->bounced('three@customer.example');
    my $bounce = $stage->recipient($three)->{bounce_id};
    my @judge  = (act => 'reclassify', id => $bounce, reason => 'mailbox_full', why => $script);
    my $reason = sub {
        return $db->value('SELECT reason FROM bounce.bounce WHERE id = :id', id => $bounce);
    };
    like page($eva, "/bounce?id=$bounce"), qr/value="mailbox_full"/, 'the reasons to choose from';
    like preview($eva, @judge),
        qr/before permanent, no such mailbox; now temporary, mailbox is full/, 'what would follow';
    is $reason->(), 'user_unknown', 'and does not yet';
    like act($eva, @judge), qr/The verdict is set right/, 'set right';
    ok !$stage->is_blocked('three@customer.example'), 'the block is lifted';
    unlike preview($eva, @judge), qr/class="main"/, 'nothing to do twice';
    act($eva, act => 'reclassify_back', id => $bounce, old_reason => 'user_unknown', why => 'x');
    act($eva, @judge);
    take_back($eva);
    is $reason->(), 'user_unknown', 'taken back';
    my ($judged) = page($eva, "/bounce?id=$bounce") =~ m{(How it was judged.*?</ol>)}s;
    is scalar(my @verdict = $judged =~ /<li>/g), 4, 'how it was judged, each time';
    like $judged, qr{<b>permanent, no such mailbox</b>\s*\([^)]*\)\s*taken back in the console},
        'the last first';
    ok $stage->is_blocked('three@customer.example'), 'with what followed from it';
    refused($ada, 'an auditor judges', @judge);

    my @undo = (
        act    => 'undo',
        since  => '2000-01-01',
        domain => 'customer.example',
        why    => 'a test',
        id     => $bounce
    );
    refused($eva, 'a clerk undoes many', @undo);
    like preview($tom, @undo), qr/bounces: \d; blocks lifted: \d/, 'how many it would be';
    ok $stage->is_blocked('three@customer.example'), 'and is not yet';
    act($tom, @undo);
    ok !$stage->is_blocked('one@customer.example'), 'an operator undoes them';
    unlike page($eva, "/bounce?id=$bounce"), qr/value="redo"/, 'which a clerk may read';
    like $eva->page->{content}, qr/Its consequences are undone/, '... on its page';
    like page($tom, "/bounce?id=$bounce"), qr/value="redo"/, 'and an operator may take back';
    $tom->get('/');
    act($tom, act => 'redo', id => $bounce, why => 'x',
        undo_id => $db->value('SELECT max(id) FROM bounce.undo'));
    ok $stage->is_blocked('one@customer.example'), '... later as well';
    unlike page($tom, "/bounce?id=$bounce"), qr/value="redo"/, '... once';
    act($tom, @undo);
    take_back($tom);
    ok $stage->is_blocked('one@customer.example'), 'and takes that back';
};

sub submit {
    my ($to, $process) = @_;
    return $db->value(
        q{SELECT bounce.submit_communication(process => :'p',
        recipients => ARRAY[:'t'], sender => 'shop@sender.example', subject => :'s',
        body_text => 'x')},
        p => $process // 'invoice',
        t => $to,
        s => $script
    );
}

subtest 'a mail in the queue' => sub {
    my $id   = submit('q@customer.example');
    my $held = sub {
        $db->value(
            'SELECT held_at IS NOT NULL FROM bounce.communication_delivery'
                . ' WHERE communication_id = :id',
            id => $id
        );
    };
    like page($tom, "/mail?id=$id"), qr/value="hold"/, 'an operator may hold it';
    refused($eva, 'a clerk holds', act => 'hold', id => $id);
    like preview($tom, act => 'hold', id => $id), qr/held by tom/, 'what would be done';
    is $held->(), 'f', 'and is not yet';
    act($tom, act => 'hold', id => $id);
    is $held->(), 't', 'held';
    take_back($tom);
    is $held->(), 'f', 'taken back';
    like preview($tom, act => 'cancel', id => $id), qr/recipients: 1, by tom/, 'to cancel it';
    act($tom, act => 'cancel', id => $id);
    is $db->value(
        'SELECT state FROM bounce.communication_recipient WHERE communication_id = :id',
        id => $id
        ),
        'error', 'cancelled';
    take_back($tom);
    is $db->value(
        'SELECT state FROM bounce.communication_delivery WHERE communication_id = :id',
        id => $id
        ),
        'PENDING', 'and it waits as before';
    take_back($tom);
    is $db->value(
        'SELECT state FROM bounce.communication_delivery WHERE communication_id = :id',
        id => $id
        ),
        'ERROR', 'what took it back is taken back: it is cancelled';
    act($tom, act => 'retry', id => $id);

    my $due = sub {
        $db->value(
            q{SELECT string_agg(due_at::text, ', ' ORDER BY recipient_id)
            FROM bounce.recipient_delivery WHERE communication_id = :id}, id => $id
        );
    };
    $db->sql(
        "UPDATE bounce.recipient_delivery SET due_at = '2999-01-01' WHERE communication_id = $id");
    my $before = $due->();
    unlike page($eva, "/mail?id=$id"), qr/value="withdraw_resend"/, 'nothing to take back';
    act($tom, act => 'retry', id => $id);
    isnt $due->(), $before, 'sent at once';
    like page($eva, "/mail?id=$id"), qr/value="withdraw_resend"/, 'which a clerk may take back';
    $tom->get("/mail?id=$id");
    act($tom, act => 'retry', id => $id);
    like take_back($tom), qr/all is as before/, 'and whoever did it, at once';
    is $due->(), $before, 'it waits as it did';
};

subtest 'the queue' => sub {
    my @id = map { submit("q$_\@customer.example", 'newsletter') } 1 .. 3;
    act($tom, act => 'cancel', id => $id[0]);
    my $page = page($tom, '/queue');
    like $page,   qr{href="/mail\?id=$id[1]"}, 'what waits';
    unlike $page, qr{href="/mail\?id=$id[0]"}, 'and nothing else';
    like page($tom, '/queue?state=ERROR&process=newsletter'), qr{href="/mail\?id=$id[0]"},
        'what was given up';
    like page($tom, "/queue?process=newsletter&after=$id[2]"), qr{href="/mail\?id=$id[1]"},
        'the next page';
    unlike $tom->page->{content}, qr{href="/mail\?id=$id[2]"}, 'goes on behind the last one';
    unlike page($eva, '/queue'),  qr/value="pause"/,           'a clerk may look';
    page($tom, '/queue?state=%3Cscript%3E&process=%22%3E%3Cimg%20src=x%3E');

    my @pause  = (act => 'pause', process => 'newsletter', why => $script);
    my $paused = sub {
        $db->value("SELECT paused_at IS NOT NULL FROM bounce.process WHERE name = 'newsletter'");
    };
    refused($eva, 'a clerk pauses', @pause);
    like preview($tom, @pause), qr/2 due/, 'how many mails would wait';
    is $paused->(), 'f', 'and do not yet';
    like act($tom, @pause), qr/The process is paused/, 'paused';
    is $paused->(), 't', 'it sends nothing';
    like page($tom, '/queue'), qr/&lt;script&gt;alert/, 'and says why';
    take_back($tom) if act($tom, act => 'resume', process => 'newsletter', why => 'x');
    is $paused->(), 't', 'taken back';
    act($tom, act => 'resume', process => 'newsletter', why => 'x');
    is $paused->(), 'f', 'it sends again';
    preview($tom, act => 'retry', id => $id[0]);
    act($tom, act => 'retry', id => $id[0]);
    is $db->value(
        'SELECT state FROM bounce.communication_delivery WHERE communication_id = :id',
        id => $id[0]
        ),
        'PENDING', 'what was given up is tried again';
};

# By a number and by a key: fifty, and a link to the one that is left.
subtest 'a process that is paused' => sub {
    $db->sql(q{SELECT bounce.pause_process('newsletter', 'too many came back')});
    my $id = $db->value(
        q{SELECT id FROM bounce.task WHERE kind = 'process_paused' AND status = 'open'});
    like page($eva, "/task?id=$id"), qr/an operator may/, 'a clerk is told who may decide';
    my $page = page($tom, "/task?id=$id");
    like $page,   qr/value="resume".*value="newsletter"/s, 'an operator lets it send again there';
    unlike $page, qr/an operator may/,                     '... and is not told that he may not';
    act($tom, act => 'resume', process => 'newsletter', why => 'x');
    is $stage->count("bounce.task WHERE id = $id AND status = 'open'"), 0, '... which closes it';
};

subtest 'the next page of a long list' => sub {
    $db->sql(<<'SQL');
SELECT count(bounce.submit_communication(process => 'receipt', business_ref => 'long' || n,
  recipients => '{many@long.example}', sender => 'shop@example.org', subject => 's',
  body_text => 't')) FROM generate_series(1, 51) AS n;
UPDATE bounce.communication_recipient SET last_attempt_at = created_at
WHERE address = 'many@long.example';
SQL
    for my $path ('/queue?process=receipt', '/address?address=many%40long.example') {
        my $page = page($tom, $path);
        is scalar(my @mail = $page =~ m{<a href="/mail\?id=\d+"}g), 50, "fifty of $path";
        unlike $page, qr/First page/, 'which are the first';
        my ($next) = $page =~ m{rel="next" href="([^"]+)"} or fail 'a link to the next';
        $page = page($tom, $next =~ s/&amp;/&/gr);
        is scalar(@mail = $page =~ m{<a href="/mail\?id=\d+"}g), 1, 'then the last';
        like $page,   qr/First page/, 'and a way back';
        unlike $page, qr/rel="next"/, 'there are no more';
    }
};

subtest 'documents' => sub {
    my $formula = q{=HYPERLINK("http://evil.example";"x")};
    my $hidden  = "\xc2\xa0\xe2\x80\x8b$formula";
    my @bad     = map {
        $intake->bounced("d$_\@shop.example", business_ref => $formula, subject => "$hidden $bidi")
    } 1 .. 3;
    # where the comma is for decimals, a semicolon begins a cell
    $intake->bounced('d4@shop.example', subject => "a; =1+1 b;\"=2+2 c;x d;;+3");
    my $period = 'since=2020-01-01&until=2999-01-01';
    my $page   = page($eva, "/documents?process=invoice&$period");
    like $page, qr{href="/mail\?id=$_->{id}"}, 'a document that did not arrive' for @bad;
    like $page, qr{href="/task\?id=\d+"},      'and who is on it';
    like page($eva, "/documents?process=invoice&$period&count=1"),
        qr{Mails: \d+ \S+\s+did not arrive: <b>\d+</b>}, 'how many';
    my $key = $db->value('SELECT created_at FROM bounce.communication WHERE id = :id',
        id => $bad[1]{id}) =~ s/ /%20/r =~ s/\+/%2B/r;
    my $after = $bad[1]{recipient}{'d2@shop.example'};
    $page = page($eva, "/documents?process=invoice&$period&at=$key&after=$after", 'the next page');
    like $page,   qr{href="/mail\?id=$bad[2]{id}"}, 'goes on';
    unlike $page, qr{href="/mail\?id=$bad[1]{id}"}, 'behind the last one';
    like page($eva, '/documents?process=newsletter&since=2020-01-01&until=2020-02-01'),
        qr/sent nothing in that time/, 'a period without any';
    like page($eva, '/documents?process=newsletter&since=2020-02-01&until=2020-01-01'),
        qr/ends before it begins/, 'one that is none';
    my $id = submit('arrives@shop.example', 'newsletter');
    my $all = '/documents?process=newsletter&since=2020-01-01&until=2020-02-01';
    $db->sql(
        "UPDATE bounce.communication SET created_at = '2020-01-15' WHERE id = $id");
    like page($eva, $all), qr/Some are still waiting to be sent/, 'what waits has not arrived';
    $db->value('SELECT bounce.cancel_communication(:id)', id => $id);
    $db->sql(
        "UPDATE bounce.communication_recipient SET state = 'sent' WHERE communication_id = $id");
    like page($eva, $all), qr/All arrived/, 'all arrived';
    like page($eva, "/documents?process=invoice&$period&at=2998-01-01&after=1"),
        qr/There are no more/, 'behind the last one';
    page($eva, '/documents');
    is $eva->get("/documents?process=invoice&since=%27%3B--")->{status}, 422, 'what is no day';
    like $eva->page->{content}, qr/A day is written as/, '... and how one is written';

    my $file = $eva->get("/documents.csv?process=invoice&$period");
    is $file->{status}, 200, 'as a file';
    like $file->{headers}{'content-type'},        qr{^text/csv},   'of that type';
    like $file->{headers}{'content-disposition'}, qr{^attachment}, 'to be kept';
    my @line = split /\r\n/, $file->{content};
    like $line[0], qr/^"business_ref","recipient","created_at"/, 'the names come first';
    is scalar @line, 1 + $stage->count("bounce.undelivered WHERE process = 'invoice'"),
        'then every document';
    like $file->{content},   qr/^"'=HYPERLINK\(""http:/m,       'what would be a formula is text';
    unlike $file->{content}, qr/(?:^|,)"[\s']*(?<!')[=+\-\@]/m, 'everywhere';
    like $file->{content},   qr/,"'\xc2\xa0 =HYPERLINK\(/,      'also behind blanks of other kinds';
    like $file->{content},   qr/,"a;' =1\+1 b;'""=2\+2 c;x d;;'\+3",/, 'and behind a semicolon';
    unlike $file->{content}, qr/\xe2\x80\xae|\xc2\x9b/,                'and nothing acts';
    is $console->visitor->get("/documents.csv?process=invoice&$period")->{status}, 401,
        'not without a login';
};

subtest 'letters that only look like others' => sub {
    my $seeming = "\xd0\xb0nna\@customer.example";
    $db->sql(
        "UPDATE bounce.communication_recipient SET address = :'address' WHERE id = "
            . "(SELECT min(id) FROM bounce.communication_recipient);\n",
        address => $seeming
    );
    my $id = $db->value(
        'SELECT communication_id FROM bounce.communication_recipient' . ' ORDER BY id LIMIT 1');
    my $mark = qr{\Q$seeming\E <b class="foreign">};
    like page($eva, "/mail?id=$id"), qr/${mark}mixed alphabets/,           'a mail';
    like page($eva, '/address?address=%D0%B0nna@customer.example'), $mark, 'an address';
};

subtest 'figures' => sub {
    for my $by (qw(day week month class reason domain process remote_mta)) {
        my $page = page($eva, "/figures?by=$by");
        like $page, qr/<rect [^>]*height="120"/,                         '... has a highest bar';
        like $page, qr/<svg [^>]*aria-label="A chart; the page of figures has/, '... with a table';
    }
    like page($eva, '/figures?by=reason'), qr/no such mailbox/, 'reasons are in words';
    like page($eva, '/figures?by=domain'),
        qr{<th scope="row">\s*customer\.example\s*</th>\s*<td class="number">\d},
        'a domain, how many';
    like page($eva, '/figures?by=%3Cscript%3E'), qr/by day/, 'an unknown word';
    page($eva, '/figures?since=2001-01-01&until=2001-02-01');
    my $of_one = page($eva, '/figures?by=class&process=invoice');
    like $of_one, qr{<h1>[^<]*invoice</h1>},             'of one process';
    like $of_one, qr{<option value="invoice" selected>}, '... which is chosen';
    my ($all, $few) = map {
        # the last weeks are of one month or of two
        sum(page($eva, "/figures?by=month&process=$_") =~ m{</th>\s*<td class="number">(\d+)}g)
    } '', 'receipt';
    is $all, $stage->count('bounce.bounce'), 'all that came back';
    is $few,
        $stage->count("bounce.bounce AS b JOIN bounce.communication AS c"
            . " ON c.id = b.communication_id WHERE c.process = 'receipt'"), 'of one, fewer';
    isnt $few, $all, '... really';
    like page($eva, '/figures?by=process'), qr{href="/figures\?process=invoice&amp;since=},
        'a process leads to its own';
    is $eva->get('/figures?process=nonsense')->{status}, 422, 'a process that is not there';
    page($eva, '/figures?by=day&since=2001-01-01&until=2003-01-01', 'more rows than are shown');
    like $eva->page->{content}, qr/Only the first 400 are shown/, '... which is said';

    my $file = $eva->get('/figures.csv?by=day&since=2001-01-01&until=2003-01-01');
    is $file->{status}, 200, 'a file';
    like $file->{headers}{'content-type'},        qr{^text/csv},                 'of that type';
    like $file->{headers}{'content-disposition'}, qr{^attachment.*figures\.csv}, 'with a name';
    my @line = split /\r\n/, $file->{content};
    is $line[0], join(
        ',',
        map { qq{"$_"} }
            qw(label total hard soft technical auto_reply
            unclassified failed sent rate taken_back notices)
        ),
        'the names come first';
    is scalar @line, 1 + 730, 'and all rows';
    my ($class) = grep { /^"hard"/ }
        split /\r\n/, $eva->get('/figures.csv?by=class&process=invoice')->{content};
    my ($hard) = $class =~ /^"hard","(\d+)"/;
    like $of_one, qr{permanent\s*</th>\s*<td class="number">$hard</td>},
        'the same numbers as on the page';
    is $console->visitor->get('/figures.csv')->{status}, 401, 'not without a login';
    is $eva->get('/figures?since=x')->{status},          422, 'what is no day';
};

subtest 'today' => sub {
    my $page = page($eva, '/');
    unlike $page, qr/against the usual/, 'nothing is told of processes without a day';
    $db->sql(q(UPDATE bounce.communication_recipient SET created_at = now() - interval '1 day'));
    $page = page($eva, '/');
    like $page, qr{<th scope="row"><a[^>]*>\w+</a></th>.*? of \d+.*too few mails to tell}s,
        'what failed yesterday, and that it is too little';
    my $kurt = $console->visitor(language => 'de')->log_in('eva');
    like $kurt->get('/')->{content}, qr/gemessen am \xc3\x9cblichen/,     'in German';
    like $kurt->get('/')->{content}, qr{"/tasks">\s*offene Aufgaben</a>}, '... the state, too';
    $page = $kurt->get('/tasks')->{content};
    like $page, qr{<td>Postfach gibt es nicht: 550},                   'why a task is there';
    like $page, qr{Entstanden</span> (?:gerade eben|vor \d+ Minuten?)</td>}, '... since when';
    my ($task) = $page =~ m{href="(/task\?id=\d+)"};
    like $eva->get('/')->{content}, qr{<a href="/tasks">\s*open tasks</a>}, 'a figure leads on';
    $db->sql( "UPDATE bounce.task SET due_at = now() - interval '1 day' WHERE id = "
            . '(SELECT min(id) FROM bounce.task WHERE status = \'open\')');
    like $eva->get('/')->{content},
        qr{<li><b>\s*<a href="/tasks\?overdue=1">\s*overdue tasks</a>\s*</b>\s*1 \S+ past},
        'what is wrong leads to where it is mended';
    like $kurt->get($task)->{content}, qr{N\xc3\xa4chstes:</b> die richtige Adresse finden},
        '... and what comes next';
};

subtest 'settings' => sub {
    for my $path ('/settings', '/setting?name=block_hard') {
        my $page = $eva->get($path);
        is $page->{status}, 403, "a clerk does not see $path";
        like $page->{content}, qr/permission denied/, '... the database says so';
    }
    like page($ada, '/settings'), qr{href="/setting\?name=block_hard"}, 'an auditor does';
    unlike page($ada, '/setting?name=block_hard'),   qr{/act/preview},  'and may set nothing';
    like page($kim, '/setting?name=token_lifetime'), qr/At least/,      'meaning and bounds';
    is $kim->get('/setting?name=%3Cscript%3E')->{status}, 404, 'an unknown one';
    my $value = sub {
        $db->value("SELECT string_agg(coalesce(process, '-') || '=' || value, ' ' ORDER BY process"
                . " NULLS FIRST) FROM bounce.system_parameter WHERE name = 'shadow'");
    };
    my @set = (act => 'set', name => 'shadow', value => 'on', process => 'newsletter');
    refused($eva, 'a clerk sets',    @set);
    refused($ada, 'an auditor sets', @set);
    like preview($kim, @set), qr/shadow, newsletter/, 'what would be set';
    is $value->(), '-=off', 'and is not yet';
    like act($kim, @set), qr/The parameter is set/, 'set';
    is $value->(), '-=off newsletter=on', 'for that process';
    unlike preview($kim, @set), qr/class="main"/, 'nothing to do twice';
    act($kim, act => 'set', name => 'shadow', value => 'off', process => 'newsletter');
    take_back($kim);
    is $value->(), '-=off newsletter=on', 'taken back to what it was';
    act($kim, act => 'unset', name => 'shadow', process => 'newsletter');
    is $value->(), '-=off', 'back to the default';
    take_back($kim);
    is $value->(), '-=off newsletter=on', 'and that taken back';
    like page($kim, '/setting?name=shadow'), qr/newsletter.*kim/s, 'the story names her';
    like page($kim, '/settings?changed=1&process=newsletter'), qr/name=shadow/, 'what was changed';
    is try_act($kim, act => 'set', name => 'shadow', value => $script)->{status}, 422,
        'a value that is none';

    my $letter = $stage->register(process => 'newsletter', to => ['s@shadow.example']);
    $intake->take(
        $stage->report('postfix-user-unknown', $letter),
        $letter->{return_path}{'s@shadow.example'});
    like page($eva, '/shadow?process=newsletter'), qr/s\@shadow\.example.*blocked/s,
        'what shadow mode would have done';
    like page($eva, '/shadow?process=invoice'), qr/nothing came back/, 'by process';
    act($kim, act => 'unset', name => 'shadow', process => 'newsletter');
};

# Returns two bounces that nobody can classify.
sub letters {
    my ($name) = @_;
    my @letter = map {
        $intake->bounced(
            "$name$_\@letters.example",
            change => sub {
                my ($mail) = @_;
                $mail =~ s/user unknown in virtual[\w ]*/the gnomes have taken the letter away/gi;
                $mail =~ s/5\.1\.1/5.0.0/g;
                $mail =~ s/^Subject: .*/Subject: $script/m;
                return $mail;
            });
    } 1 .. 2;
    return map {
        $db->value('SELECT id FROM bounce.bounce WHERE communication_id = :id', id => $_->{id})
    } @letter;
}

subtest 'unclassified letters' => sub {
    my @id = letters('l');
    is $db->value('SELECT class FROM bounce.bounce WHERE id = :id', id => $id[0]), 'unclassified',
        'nobody can classify it';
    like page($eva, '/letters'),          qr{href="/bounce\?id=$id[0]"},          'so it is there';
    like page($eva, "/bounce?id=$id[0]"), qr/what it says could not be made out/, '... in words';
    like page($eva, "/bounce?id=$id[0]"), qr/gnomes have taken/, 'to be read, as text';
    my $last = $db->rows(
        'SELECT m.id, m.received_at FROM bounce.bounce_message AS m JOIN'
            . ' bounce.bounce AS b ON b.bounce_message_id = m.id WHERE b.id = :id',
        id => $id[1])->[0];
    my $at = $last->{received_at} =~ s/ /%20/r =~ s/\+/%2B/r;
    unlike page($eva, "/letters?at=$at&after=$last->{id}", 'the next page'),
        qr{href="/bounce\?id=$id[1]"}, 'goes on behind the last one';

    my @judge = (act => 'reclassify', id => $id[0], reason => 'user_unknown', why => 'it says so');
    act($eva, act => 'reclassify', id => $id[1], reason => 'mailbox_full', why => 'x');
    my $page = preview($eva, @judge);
    like $page, qr/address blocked/,                                         'what would follow';
    like $page, qr/reason\s+= user_unknown\s+match\s+= .*gnomes have taken/, 'a rule is proposed';
    like $page, qr/Tried with the rules there are: it decides this message/, '... and tried';
    like $page, qr{at the end of this file:\s*<code>/etc/site\.rules}, '... where it would go';
    like $page, qr/other reasons\..*mailbox is full: 1\s.*id=$id[1]"/s,
        'and what else it would take is told';
    act($eva, @judge);
    unlike page($eva, '/letters'), qr{href="/bounce\?id=$id[0]"}, 'it is classified';
};

subtest 'a letter that is sent on' => sub {
    my ($id)    = letters('o');
    my @on      = (act => 'forward', id => $id, address => 'anna@office.example', why => 'for you');
    my $refused = try_act($eva, @on);
    is $refused->{status}, 422, 'nobody would send it';
    like $refused->{content}, qr/letters are not sent from here: operator_copy is mta/, '... why';
    $stage->parameter(operator_copy => 'smtp');
    refused($ada, 'an auditor sends nothing on', @on);
    is try_act($eva, @on[ 0 .. 3 ], address => $_, why => 'x')->{status}, 422, "not to $_"
        for 'anna', 'x@bounces.example.org', "a\@b.example>\r\nRCPT TO:<c\@d.example";
    like preview($eva, @on), qr/the letter goes to anna\@office\.example.*letter sent on/s,
        'what would be done';
    my $count = q(SELECT count(*) FROM bounce.operator_copy WHERE asked_by = 'eva');
    is $db->value($count), 0, 'a preview does nothing';
    like act($eva, @on), qr/The letter is sent on\..*anna\@office\.example.*for you/s, 'done';
    is $db->value("$count AND state = 'waiting'"), 1, 'it waits for bounce-delivery';
    my $mail = $db->value('SELECT communication_id FROM bounce.bounce WHERE id = :id', id => $id);
    like page($eva, "/mail?id=$mail"),
        qr/letter sent on.*to anna\@office\.example: for you.*eva/s, 'its story tells';
    like preview($eva, @on), qr/There is nothing to do/, 'it goes there once';
    $eva->get("/bounce?id=$id");
    act($eva, @on[ 0 .. 3 ], address => 'ben@office.example', why => 'for you');
    like take_back($eva), qr/The letter is not sent on\..*ben\@office\.example.*taken back/s,
        'taken back';
    is $db->value("$count AND state = 'withdrawn'"), 1, '... in the queue as well';
    like take_back($eva),              qr/The letter is sent on\./, 'and sent on after all';
    like page($eva, "/bounce?id=$id"), qr/Do not send it on/,       'which its page can change';
};

ok $console->stop, 'it ends by itself';
finish();
