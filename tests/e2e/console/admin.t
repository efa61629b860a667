# SPDX-License-Identifier: BSD-2-Clause
# What operators and administrators do in the console, who have no shell: lists of blocks, processes
# and their applications, keys, what a mail says, what is erased for good; and what is done with so
# many tasks that it is done in parts.
use utf8;
use Bounce::ConsoleActs qw(page try_act preview act take_back refused);
use Bounce::Console;
use Bounce::Intake;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);
my $script = q{<script>alert(1)</script>"'><img src=x onerror=alert(2)>};

my $console = Bounce::Console->new($stage);
$console->person(eva => 'bounce_clerk')->person(tom => 'bounce_operator')
    ->person(ada => 'bounce_auditor')->person(kim => 'bounce_admin')->start;
my ($eva, $tom, $ada, $kim) = map { $console->visitor->log_in($_) } qw(eva tom ada kim);

subtest 'blocks' => sub {
    $intake->bounced($_) for map { "b$_\@customer.example" } 1 .. 3;
    like page($eva, '/blocks'), qr/b3\@customer.*b2\@customer.*b1\@customer/s, 'the last one first';
    like page($eva, '/'),       qr{href="/blocks"},                            'a link leads there';
    unlike page($eva, '/blocks?text=b2'),         qr/b1\@customer/,  'a part of the address';
    like page($eva, '/blocks?text=%3Cscript%3E'), qr/There is none/, '... that is none';
    act($eva, act => 'lift', address => 'b1@customer.example', why => $script);
    unlike page($eva, '/blocks'),        qr/b1\@customer/, 'one that is lifted is not there';
    like page($eva, '/blocks?lifted=1'), qr/b1\@customer.*not in force/s, '... unless asked for';

    my $file = $eva->get('/blocks.csv');
    is $file->{status}, 200, 'as a file';
    like $file->{headers}{'content-disposition'}, qr/blocks\.csv/, '... with a name';
    like $file->{content},   qr/^"address","reason","why"/,        '... and names of the columns';
    like $file->{content},   qr/^"b2\@customer\.example","user_unknown"/m, '... and the blocks';
    unlike $file->{content}, qr/b1\@customer/,                             '... that are in force';
    $db->sql("SELECT bounce.lift_block(address, 'x') FROM bounce.blocked_address");
    my @again = (act => 'import', csv => $file->{content}, why => 'from the other server');
    like preview($tom, @again), qr/lines: 2, new blocks: 2, faults: 0/, 'it can be read again';
    act($tom, @again);
    is $stage->count(q{bounce.blocked_address WHERE reason = 'user_unknown'}), 2, '... as it was';
};

subtest 'a list of blocks' => sub {
    my $csv  = "address;why;process\r\nl1\@list.example;left;\r\nl2\@list.example;;invoice\r\n";
    my @list = (act => 'import', csv => $csv, why => "a list $script");
    my $page = preview($tom, @list);
    like $page, qr/lines: 2, new blocks: 2, faults: 0/,    'a list of a spreadsheet: counted';
    like $page, qr/l2\@list\.example.*for invoice alone/s, '... line by line';
    is $stage->count(q{bounce.blocked_address WHERE address LIKE '%@list.example'}), 0,
        'a preview does nothing';
    my $bad = preview($tom, act => 'import', csv => "address\n\nnobody\n$script\n", why => 'x');
    like $bad,   qr/It cannot be done like this.*faults: 2.*not a mail address/s, 'what is wrong';
    unlike $bad, qr{action="/act"}, '... is not offered to be done';
    is try_act($tom, act => 'import', csv => 'nobody', why => 'x')->{status}, 422,
        'a list without columns';
    is $tom->post('/act', act => 'import', csv => "address\nnobody", why => 'x')->{status}, 422,
        'nor is a wrong one done';
    like act($tom, @list), qr/The addresses of the list are blocked/, 'done';
    is $stage->count(q{bounce.blocked_address WHERE address LIKE '%@list.example'}), 2, '... both';
    like take_back($tom), qr/What the list had blocked is not blocked any more/, 'taken back';
    is $stage->count(q{bounce.blocked_address WHERE address LIKE '%@list.example'}), 0, '... both';
    like page($tom, '/blocks'), qr/Lists that were taken in.*taken back in the console/s,
        'and so says the list of lists';
    my @withdraw = (
        act       => 'withdraw_import',
        why       => 'x',
        import_id => $db->value(
            q{SELECT i.import_id FROM bounce.import_blocks(E'address\nl3@list.example', 'x') AS i})
    );
    like page($tom, '/blocks'), qr/name="import_id" value="$withdraw[-1]"/, 'a list of before';
    like act($tom, @withdraw),  qr/is not blocked any more/, '... can be taken back there';
    refused($eva, 'a clerk', @list);
    unlike page($eva, '/blocks'), qr/textarea/, '... nor is she offered it';
};

subtest 'processes' => sub {
    $db->sql( 'CREATE ROLE billing LOGIN IN ROLE bounce_application;'
            . 'CREATE ROLE shop LOGIN IN ROLE bounce_application');
    like page($eva, '/queue'),     qr{href="/processes"},   'a link leads there';
    like page($eva, '/processes'), qr/invoice.*>\s*all\b/s, 'which there are, for whom';
    my @new = (act => 'new_process', name => 'reminder', description => "second $script");
    like preview($tom, @new), qr/It cannot be taken back here.*A process stays/s, 'a new one';
    like act($tom, @new),     qr/The process is made.*<h1>Process reminder/s,     '... is made';
    like preview($tom, @new), qr/There is nothing to do/,                         '... once';
    is $db->value(q{SELECT description FROM bounce.process WHERE name = 'reminder'}),
        "second $script", '... with its meaning';
    like page($ada, '/process?name=reminder'), qr/Process reminder/, 'its page';
    is $ada->get('/process?name=nonsense')->{status}, 404, 'one that is none';

    my @give = (act => 'give', name => 'reminder', application => 'billing', why => $script);
    like preview($kim, @give), qr/keeps it.*billing.*loses it.*shop/s, 'who gets it, who loses it';
    is $stage->count('bounce.process_application'), 0, 'a preview does nothing';
    like act($kim, @give), qr/The application has the process.*billing.*Given.*kim/s,
        'given, which its story says';
    like take_back($kim), qr/does not have the process any more/, 'taken back';
    is $stage->count('bounce.process_application WHERE taken_at IS NULL'), 0, '... it is for all';
    refused($tom, 'an operator', @give);
    unlike page($tom, '/process?name=reminder'), qr/value="give"/, '... is not offered it';
};

subtest 'keys' => sub {
    my $keys = $stage->count('bounce.token_key');
    like page($ada, '/settings'),         qr{href="/keys"}, 'a link leads there';
    like page($ada, '/keys'),             qr/signs/,        'which there are';
    unlike page($tom, '/keys'),           qr/new_key/,      'an operator makes none';
    like preview($kim, act => 'new_key'), qr/still valid.*signs.*stays valid/s, 'what is done';
    is $stage->count('bounce.token_key'), $keys, 'and is not yet';
    like act($kim, act => 'new_key'), qr/A new key signs from now on/, 'done';
    is $stage->count('bounce.token_key'), $keys + 1, '... one more';
    refused($tom, 'an operator', act => 'new_key');
};

subtest 'a mail in the queue' => sub {
    my $id = $db->value(q{SELECT bounce.submit_communication(process => 'invoice',
        recipients => '{q@customer.example}', sender => 'shop@sender.example', subject => 'Old',
        body_text => E'<b>Dear</b> sir,\n\n  pay "now" & here\n',
        not_before => now() + interval '1 day')});
    my $page = page($tom, "/mail?id=$id");
    like $page, qr{<textarea[^>]*>\n&lt;b&gt;Dear&lt;/b&gt; sir,\n\n  pay}, 'its text, as text';
    unlike page($eva, "/mail?id=$id"), qr/Dear/, 'which a clerk does not see';
    my @new
        = (act => 'correct', id => $id, subject => "New $script", text => "Dear $script\r\nyes");
    like preview($tom, @new), qr/content changed|the subject was &quot;Old/, 'what would be done';
    like act($tom, @new),     qr/The mail is corrected/,                     'done';
    my $text = 'SELECT body_text FROM bounce.communication_content WHERE communication_id = :id';
    is $db->value($text, id => $id), "Dear $script\nyes", '... to the byte';
    like take_back($tom), qr/The mail says what it said before/, 'taken back';
    is $db->value($text, id => $id), qq{<b>Dear</b> sir,\n\n  pay "now" & here\n},
        '... to the byte';
    is $db->value('SELECT subject FROM bounce.communication WHERE id = :id', id => $id), 'Old',
        '... and the subject';
    refused($eva, 'a clerk', act => 'send_now', id => $id);
    like act($tom, act => 'send_now', id => $id), qr/The mail is sent before all others/, 'at once';
    is $stage->count("bounce.communication_delivery WHERE communication_id = $id"
            . ' AND urgent_at IS NOT NULL AND due_at <= now()'), 1, '... it is due before others';
    my $bidi = $db->value(q{SELECT bounce.submit_communication(process => 'invoice',
        recipients => '{q@customer.example}', sender => 'shop@sender.example', subject => 'Old',
        body_text => U&'a \202E b')});
    unlike page($tom, "/mail?id=$bidi"), qr/textarea/, 'no text that a field would change';
    $db->sql("SELECT bounce.hold_communication($bidi)");
    like $tom->request('GET', "/act/preview?act=send_now&id=$bidi", undef,
        'accept-language' => 'de')->{content}, qr/Mail $bidi wird von postgres /,
        'why it is not sent, in words of the reader';
};

subtest 'erasing' => sub {
    $intake->bounced('gone@customer.example');
    my $where = "bounce.communication_recipient WHERE address = 'gone\@customer.example'";
    my @erase = (act => 'erase_address', address => 'gone@customer.example', why => 'she asked');
    like page($kim, '/address?address=gone%40customer.example'),
        qr{href="/erase\?address=gone%40customer.example"}, 'a link leads there';
    like page($kim, '/erase?address=gone%40customer.example'), qr/value="gone\@customer\.example"/,
        '... with the address';
    like preview($kim, @erase),
        qr/mails that are erased.*cannot be taken back here.*the law wants it/s, 'what would go';
    is $stage->count($where), 1, 'and is still there';
    like act($kim, @erase), qr/What was stored of it is erased/, 'done';
    is $stage->count($where), 0, 'it is gone';
    unlike $kim->page->{content}, qr/gone\@customer|Take it back/, '... and cannot come back';
    like preview($kim, act => 'erase_person', person => 'P-1', why => 'x'),
        qr/There is nothing to do/, 'a person whom nobody knows';

    for my $who ($eva, $tom, $ada) {
        refused($who, 'no administrator', @erase);
        unlike page($who, '/erase'), qr/erase_address/, '... is offered it';
    }
};

subtest 'many tasks' => sub {
    $intake->bounced("m$_\@m$_.example") for 1 .. 4;
    my $page = $eva->get('/tasks?text=.example&kind=hard_bounce&all=1')->{content};
    my @id   = $page =~ /name="id" value="(\d+)" checked/g;
    cmp_ok scalar @id, '>=', 4, 'all tasks of a page are chosen by a link';
    like $eva->get('/tasks?size=200')->{content}, qr/value="200" selected/, 'a longer page';

    # one waits for what somebody else has in hand: the time of a part is over with it
    $stage->hold_task($id[0]);
    my @field = (
        way  => 'done',
        note => 'x',
        once => 'mark',
        kind => 'hard_bounce',
        map { (id => $_) } @id
    );
    my $part = $eva->post('/tasks/resolve', @field);
    is $part->{status}, 200, 'in parts';
    like $part->{content}, qr/Not done yet.*0 tasks are done,\s+${\(@id - 1)} are left/s,
        '... how far it is';
    $stage->let_go;
    my ($form) = $part->{content} =~ m{<form id="go-on"[^>]*action="/tasks/resolve">(.*?)</form>}s;
    my @rest   = map { s/&#39;/'/gr =~ s/&quot;/"/gr } $form =~ /name="([^"]+)" value="([^"]*)"/g;
    my $end    = $eva->post('/tasks/resolve', @rest);
    is $end->{status}, 303, '... and goes on';
    like $eva->get($end->{headers}{location})->{content},
        qr/${\(@id - 1)} tasks are done\. 1 was refused\. $id[0]: /, 'to the end, with all of it';
    is $stage->count("bounce.task WHERE status = 'done' AND id IN (" . join(',', @id) . ')'),
        @id - 1, 'all but that one';
    my @undo = map { (id => $_) } $eva->page->{content} =~ /name="id" value="(\d+)">/g;
    cmp_ok scalar @undo, '>=', 2 * (@id - 1), 'all can be taken back';
};

ok $console->stop, 'it ends by itself';
finish();
