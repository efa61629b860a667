# SPDX-License-Identifier: BSD-2-Clause
# bounce-console over HTTP: who is let in, what a clerk may do and not do, a task resolved and taken
# back, and what a stranger wrote shown as text.
use utf8;
use Bounce::Console;
use Bounce::Intake;
use Bounce::Test;
use IO::Select;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);
my $script = q{<script>alert(1)</script>"'><img src=x onerror=alert(2)>};
my $bidi   = "\xe2\x80\xaeexe.gpj\xc2\x9b31m";
my @letter = map { $intake->bounced("h$_\@customer.example") } 1 .. 3;
my $evil   = $intake->bounced(
    'evil@customer.example',
    subject      => "$script $bidi",
    business_ref => $script
);
my @task   = map { $stage->recipient($_)->{task_id} } @letter, $evil;
my $bounce = $stage->recipient($evil)->{bounce_id};

my $console = Bounce::Console->new($stage);
$console->person(eva => 'bounce_clerk')->person(tom => 'bounce_operator')
    ->person(ada => 'bounce_auditor')->person(nobody_special => undef)->start;

subtest 'the door' => sub {
    my $page = $console->visitor->get('/');
    is $page->{status}, 401, 'nobody is let in without a login';
    like $page->{content}, qr/name="password"/, 'the form to log in is there';
    my %header = %{ $page->{headers} };
    like $header{'content-security-policy'},   qr/default-src 'none'/,     'nothing is loaded';
    unlike $header{'content-security-policy'}, qr/unsafe/,                 'nothing in a page runs';
    like $header{'content-security-policy'},   qr/frame-ancestors 'none'/, 'nobody frames it';
    like $header{'content-security-policy'},   qr/script-src 'self';/,     'but a file of ours';
    is $header{'x-content-type-options'}, 'nosniff',     'types are not guessed';
    is $header{'referrer-policy'},        'no-referrer', 'nothing is told to others';
    is $header{'cache-control'},          'no-store',    'no copy stays';
    like $header{'set-cookie'}, qr/; HttpOnly; SameSite=Strict$/, 'the cookie is for us alone';

    my @row = (
        [ 'GET',  '/../etc/passwd',            404 ],
        [ 'GET',  '/%2e%2e/%2e%2e/etc/shadow', 404 ],
        [ 'GET',  '/style.css/../../x',        404 ],
        [ 'GET',  '/style.css',                200 ],
        [ 'GET',  '/tasks?text=%ff',           400 ],
        [ 'GET',  '/tasks?text=%00',           400 ],
        [ 'GET',  '/tasks?text=%zz',           400 ],
        [ 'GET',  '/nothing',                  404 ],
        [ 'PUT',  '/tasks',                    405 ],
        [ 'HEAD', '/login',                    200 ],
    );
    is $console->visitor->request($_->[0], $_->[1])->{status}, $_->[2], "$_->[0] $_->[1]" for @row;
    my $long = 'x' x 70_000;
    is $console->visitor->request('POST', '/login', "name=$long")->{status}, 413,
        'too large a form';
    like $console->raw("GET /?$long HTTP/1.1\r\nHost: x\r\n\r\n"), qr{^HTTP/1.. 4(?:14|31)},
        'too long an address';
    like $console->raw("GET / HTTP/1.1\r\nHost: x\r\nX-Y: $long\r\n\r\n"), qr{^HTTP/1.. 431},
        'too large a header';
    like $console->raw(
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 1\r\n\r\nx"),
        qr{^HTTP/1.. 415}, 'another type than a form';
};

subtest 'logging in' => sub {
    my $visitor = $console->visitor;
    $visitor->get('/login');
    my %before = %{ $visitor->{cookie} };
    my @own    = (name => 'eva', password => 'eva-secret');
    is $visitor->post('/login', form_token => 'x', @own)->{status}, 403,
        'a form of somebody else is refused';
    my $page = $visitor->log_in('eva', 'wrong')->page;
    is $page->{status}, 403, 'a wrong password';
    my $unknown = $visitor->log_in('nobody_at_all', 'wrong')->page;
    is $unknown->{status}, 403, 'a name that does not exist';
    my ($said, $also) = map { $_->{content} =~ /role="alert"><p>([^<]+)/ } $page, $unknown;
    is $said, $also, 'is refused in the same words';
    is $visitor->log_in($_->[0], $_->[1])->page->{status}, 403, $_->[2]
        for [ nobody_special => 'nobody_special-secret', 'an account without a role of people' ],
        [ 'postgres'       => 'x', 'an account that the database asks no password (peer)' ],
        [ 'bounce_daemon'  => 'x', 'the account of the console itself' ],
        [ 'eva'            => '',  'no password' ],
        [ "eva' user='tom" => 'x', 'a name with quotes' ];
    is $visitor->log_in('eva')->page->{status}, 200, 'the right password';
    like $visitor->page->{content}, qr/class="person">eva</, 'and she is there';
    isnt $visitor->{cookie}{'bounce-console'}, $before{'bounce-console'}, 'with a new id';

    my %old = %{ $visitor->{cookie} };
    $visitor->post('/logout');
    is $visitor->get('/tasks')->{status}, 401, 'after the logout she is out';
    $visitor->{cookie} = {%old};
    is $visitor->get('/tasks')->{status}, 401, 'and her old cookie is worth nothing';
    $visitor->{cookie} = { 'bounce-console' => $old{'bounce-console'} =~ s/^./x/r };
    is $visitor->get('/tasks')->{status}, 401, 'nor is one that we have not signed';
    my @status = map { $visitor->log_in('tom', "guess$_")->page->{status} } 1 .. 7;
    is $status[-1],                             429, 'who guesses has to wait';
    is $visitor->log_in('ada')->page->{status}, 200, 'others do not';
};

my $eva = $console->visitor->log_in('eva');

# SameSite=Strict: the browser leaves our cookie out, and would take a new one.
subtest 'a link of another site' => sub {
    my $visitor = $console->visitor;
    for my $site (qw(cross-site same-site)) {
        my $page = $visitor->get('/tasks', 'sec-fetch-site' => $site);
        is $page->{status},                401,   "$site shows nothing";
        is $page->{headers}{'set-cookie'}, undef, '... and logs nobody out';
        unlike $page->{content}, qr/<form/,        '... nor asks for a password';
        like $page->{content},   qr{<a href="/">}, '... but leads on';
    }
    ok $visitor->get('/tasks', 'sec-fetch-site' => 'none')->{headers}{'set-cookie'},
        'who comes by himself can log in';
};

subtest 'today and the tasks' => sub {
    like $eva->get('/')->{content}, qr/Dead address/, 'the kinds of tasks';
    my $page = $eva->get('/tasks')->{content};
    like $page, qr{href="/task\?id=$task[0]"}, 'a task is there';
    like $page, qr/h1\@customer\.example/,     'whom it is about';
    my $own = qr{<script src="/keys\.js" defer></script>};
    like $page, $own, 'the keys are a file of ours';
    like $console->visitor->get('/keys.js')->{headers}{'content-type'}, qr{^text/javascript},
        'which is a script';
    unlike $page =~ s/$own//r, qr/<script|<img|onerror=alert\(2\)>/,
        'what a stranger wrote is text';
    like $eva->get('/tasks?text=h2')->{content},     qr/h2\@customer/, 'words find it';
    unlike $eva->get('/tasks?text=h2')->{content},   qr/h1\@customer/, 'and nothing else';
    like $eva->get('/tasks?kind=outage')->{content}, qr/No task matches/, 'a filter';

    for my $order (qw(due age count domain nonsense)) {
        is $eva->get("/tasks?order=$order")->{status}, 200, "order $order";
        unlike $eva->get("/tasks?order=$order&after=$task[3]")->{content},
            qr{/task\?id=$task[3]"}, 'the next page begins behind the last task';
    }
};

subtest 'resolving, and taking it back' => sub {
    my @works = (way => 'unblocked', note => 'she phoned');
    my $page  = $eva->post('/tasks/preview', id => $task[0], id => $task[1], @works);
    is $page->{status}, 303, 'a preview has an address';
    $page = $eva->get($page->{headers}{location});
    is $page->{status}, 200, 'which shows it';
    like $page->{content}, qr/block lifted/, 'says what would be done';
    ok $stage->is_blocked('h1@customer.example'), 'and does nothing';
    is $eva->post('/tasks/resolve', form_token => 'x', id => $task[0], @works)->{status}, 403,
        'a form of another site is refused';
    my $elsewhere = { 'sec-fetch-site' => 'cross-site' };
    is $eva->post($elsewhere, '/tasks/resolve', id => $task[0], @works)->{status}, 403,
        'also with the token';
    is $eva->get("/tasks/resolve?id=$task[0]&way=dead")->{status}, 404, 'nor by an address alone';
    ok $stage->is_blocked('h1@customer.example'), 'and nothing is done';

    $eva->get('/tasks');
    is $eva->post('/tasks/resolve', id => $task[0], id => $task[1], @works)->{status}, 303, 'done';
    ok !$stage->is_blocked('h1@customer.example'), 'the block is lifted';
    is $db->value('SELECT resolved_by FROM bounce.task WHERE id = :id', id => $task[0]), 'eva',
        'in her name';
    like $eva->get('/tasks')->{content}, qr/2 tasks are done.*Take it back/s,
        'the next page says so';
    unlike $eva->get('/tasks')->{content}, qr/tasks are done/, 'once';
    my @twice = (once => 'mark', id => $task[0], @works);
    $eva->post('/tasks/resolve', @twice) for 1, 2;
    like $eva->get('/tasks')->{content}, qr/0 tasks are done\. 1 was refused/, 'it is done already';
    unlike $eva->page->{content},        qr/\w\.\.\s/, '... with one full stop';
    $eva->post('/tasks/resolve', @twice);
    unlike $eva->get('/tasks')->{content}, qr/class="notice"/, 'the same form again does nothing';
    $eva->post('/tasks/resolve', id => $task[0], @works);
    like $eva->get('/tasks')->{content}, qr/0 tasks are done\. 1 was refused/, 'a double click';
    $eva->post('/tasks/reopen', id => $task[0], id => $task[1]);
    like $eva->get('/tasks')->{content}, qr/2 tasks are open again/, 'taken back';
    ok $stage->is_blocked('h1@customer.example'), 'the address is blocked again';

    $eva->post('/tasks/assign', id => $task[2], mine => 1);
    like $eva->get('/tasks?owner=me')->{content}, qr/h3\@customer/, 'her task';
    like $eva->get("/task?id=$task[2]")->{content}, qr{<option value="tom">tom</option>},
        'whom it can be given to';
    $eva->post('/tasks/assign', id => $task[2], owner => 'tom');
    like $eva->get('/tasks')->{content}, qr/1 task is another person/, 'given to him';
    is $db->value('SELECT owner FROM bounce.task WHERE id = :id', id => $task[2]), 'tom', '... is';
    $eva->post('/tasks/assign', id => $task[2], nobody => 1, owner => 'tom');
    like $eva->get('/tasks')->{content}, qr/1 task is nobody/, 'and given back';
    $eva->post('/tasks/assign', id => $task[2], mine => 1);
    $eva->post('/tasks/postpone', id => $task[2]);
    like $eva->get('/tasks')->{content}, qr/Choose a day/, 'postponed to no day';
    $eva->post('/tasks/note', id => $task[2], task => $task[2], note => $script);
    $page = $eva->get("/task?id=$task[2]")->{content};
    like $page,   qr/&lt;script&gt;alert\(1\)/, 'a note is in the story';
    unlike $page, qr/<script/,                  'as text';
};

subtest 'the way back' => sub {
    my $list   = $eva->get('/tasks?kind=hard_bounce&text=h3')->{content};
    my ($form) = $list =~ m{<form method="post" action="/tasks/preview">(.*?)</form>}s;
    my @filter = map { $_ => ($form =~ /name="$_" value="([^"]*)"/)[0] // '' } qw(kind text);
    is_deeply \@filter, [qw(kind hard_bounce text h3)], 'the form knows how the list is filtered';
    my @dead = (way => 'dead', id => $task[2]);
    my $seen = $eva->get($eva->post('/tasks/preview', @dead, @filter)->{headers}{location});
    like $seen->{content}, qr{href="/tasks\?kind=hard_bounce&amp;text=h3">Do nothing}, 'unchosen';
    like $seen->{content}, qr/for whom.*?task resolved.*?h3\@customer/s, 'what follows, for whom';
    is $eva->post('/tasks/resolve', @dead, @filter)->{headers}{location},
        '/tasks?kind=hard_bounce&text=h3', 'done: to the same list';
    my ($back)
        = $eva->get('/tasks?kind=hard_bounce&text=h3')->{content}
        =~ m{<form method="post" action="/tasks/reopen">(.*?)</form>}s;
    my %field = $back =~ /name="([^"]+)" value="([^"]*)"/g;
    is $eva->post('/tasks/reopen', %field)->{headers}{location},
        '/tasks?kind=hard_bounce&text=h3', 'taken back: there too';
    $seen = $eva->get($eva->post('/tasks/preview', @dead, task => $task[2])->{headers}{location});
    like $seen->{content}, qr{href="/task\?id=$task[2]">Do nothing}, 'of one task: to the task';
    $eva->post('/tasks/resolve', @dead, task => $task[2]);
    ($back)
        = $eva->get("/task?id=$task[2]")->{content}
        =~ m{<form method="post" action="/tasks/reopen">(.*?)</form>}s;
    %field = $back =~ /name="([^"]+)" value="([^"]*)"/g;
    is $eva->post('/tasks/reopen', %field)->{headers}{location}, "/task?id=$task[2]",
        'also when it is taken back';
    $list = $eva->get("/task?id=$task[2]")->{content};
    like $list, qr/Give back/, 'what is hers can be given back';
    unlike $eva->get("/task?id=$task[3]")->{content}, qr/Give back/, '... and nothing else';
    like $list, qr{<a href="/tasks">Tasks</a>},                      'no link is the page itself';
    like $eva->get('/tasks')->{content}, qr{<a href="/tasks" aria-current="page">}, '... but one';
};

subtest 'a suggestion, changed in the list' => sub {
    my $task  = $stage->recipient($intake->bounced('ida@gmial.com'))->{task_id};
    my $list  = $eva->get('/tasks?text=ida')->{content};
    my $input = qr/<input class="address" form="correct-$task" name="address"/;
    like $list, qr/$input\s+value="ida\@gmail\.com"/, 'it can be written over';
    my ($form) = $list =~ m{(<form id="correct-$task".*?</form>)}s;
    like $form, qr{action="/tasks/preview"}, 'its button shows what would be done';
    my %field = $form =~ /name="([^"]+)" value="([^"]*)"/g;
    my $page  = $eva->post('/tasks/preview', %field, address => 'ida@right.example');
    like $eva->get($page->{headers}{location})->{content}, qr/ida\@right\.example/,
        'with what she wrote';
    $eva->post('/tasks/resolve', %field, address => 'ida@right.example');
    like $eva->get('/tasks')->{content}, qr/1 task is done/, 'done';
    $eva->post('/tasks/reopen', id => $task);
    like $eva->get('/tasks?text=ida')->{content}, qr/correct-$task/, 'and taken back';
};

subtest 'what a stranger wrote' => sub {
    my %page = (
        task   => $eva->get("/task?id=$task[3]"),
        mail   => $eva->get("/mail?id=$evil->{id}"),
        bounce => $eva->get("/bounce?id=$bounce"),
        search => $eva->get('/search?text=%3Cscript%3Ealert(1)%3C/script%3E%22'),
    );
    for my $name (sort keys %page) {
        is $page{$name}{status}, 200, $name;
        unlike $page{$name}{content}, qr/<script|<img|="[^"]*onerror="/,
            "$name: no markup of others";
        unlike $page{$name}{content}, qr/\xe2\x80\xae|\xc2\x9b/, "$name: nothing that acts";
    }
    like $page{mail}{content},   qr/&lt;script&gt;alert\(1\)/, 'it can be read';
    like $page{bounce}{content}, qr/Reporting-MTA/,            'the message beside the verdict';
};

subtest 'a message of thirty megabytes' => sub {
    $db->sql( 'UPDATE bounce.bounce_message SET raw = decode(repeat(md5(random()::text), 983040),'
            . " 'hex') || raw WHERE id = (SELECT bounce_message_id FROM bounce.bounce"
            . " WHERE id = $bounce);");
    my $before = $console->memory_peak;
    my $page   = $eva->get("/bounce?id=$bounce");
    is $page->{status}, 200, 'is shown';
    cmp_ok length $page->{content},         '<', 1_500_000, 'as far as a page goes';
    cmp_ok $console->memory_peak - $before, '<', 40_000,    'and costs no more than that';
};

subtest 'nothing that is sent becomes a field of the answer' => sub {
    my $bad  = "x\r\nX-Injected: 1\r\n\r\n<b>";
    my $code = '%0d%0aX-Injected:%201';
    my @page = (
        $eva->post('/tasks/preview', id  => $task[0], way     => 'done',         note => $bad),
        $eva->post('/act/preview',   act => 'lift',   address => $bad,           why  => 'x'),
        $eva->post('/tasks/note',    id  => $task[0], task    => "$task[0]$bad", note => 'x'),
        map({ $eva->get($_) } "/documents.csv?process=$code",
            "/documents.csv?since=$code", "/task?id=$code",
            "/search?text=$code",         "/nothing$code"),
    );
    is join(' ', grep { exists $_->{headers}{'x-injected'} } @page), '', 'in none of them';
    like $page[1]{headers}{location}, qr/address=x%0D%0AX-Injected/, 'it stays a value';
    my $raw = $console->raw("GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            . "Cookie: bounce-console=x%0d%0aX-Injected: 1\r\n\r\n");
    unlike $raw, qr/^X-Injected/mi, 'nor a cookie';
};

# RFC 9112: who reads the end of a body, a field or a host in another way than the proxy before him
# answers the request of somebody else.
subtest 'a request that a proxy could read in another way' => sub {
    $eva->get('/tasks');
    my $body  = "form_token=$eva->{token}&id=$task[0]&note=two+ways";
    my $len   = length $body;
    my $chunk = sprintf "%x\r\n%s\r\n0\r\n\r\n", $len, $body;
    my $notes = sub { $stage->count(q{bounce.task_history WHERE text = 'two ways'}) };
    # the statuses of it and of the request behind it, and whether it did what it asks for
    my $ask = sub {
        my ($fields, $content, $version) = @_;
        my $before = $notes->();
        my $answer = $console->raw(
            join("\r\n",
                'POST /tasks/note HTTP/' . ($version // '1.1'),
                'Host: x',
                "Cookie: bounce-console=$eva->{cookie}{'bounce-console'}",
                'Content-Type: application/x-www-form-urlencoded',
                @$fields,
                '',
                $content // $body)
                . "GET /behind HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            30
        );
        return join ' ', $answer =~ m{^HTTP/\S+ (\d+)}mg, $notes->() > $before ? 'done' : ();
    };
    my @length = "Content-Length: $len";
    my @chunks = 'Transfer-Encoding: chunked';
    like $ask->([ 'Host: a@b', @length ]), qr/^400/, 'a field that is no host';
    is $console->raw("GET /login HTTP/1.1\r\nHost: a b\r\n\r\n") =~ m{^HTTP/\S+ (\d+)} ? $1 : 0,
        400, '... without another one';
    is $ask->(\@length), '303 404 done', 'with a length';
    # what the library makes a blank of, or what is refused
    like $ask->(@$_), qr/^(?:400|303 404 done)$/,
        'a field of two lines: ' . $_->[0][-1] =~ s/\s+/ /r
        for [ ["Content-Length:\r\n $len"] ], [ [ @length, "X:\r\n Content-Length: 0" ] ];
    like $ask->(["Transfer-Encoding:\r\n chunked"], $chunk), qr/^4(?:00|11)$/, '... of a coding';
    for my $row (
        [ \@chunks, $chunk ],
        [ \@chunks, "5;x=\r\n$chunk" ],
        [ \@chunks, $chunk =~ s/\r//gr ],
        [ [ @length, @chunks ] ],
        [ [ @length, @chunks ],             $chunk ],
        [ [ @chunks, 'Content-Length: 4' ], $chunk ],
        [ [ @length, @length ] ],
        [ [ @length, 'Content-Length: 0' ] ],
        [ [ @length, 'Host: evil.example' ] ],
        [ [ @length, "X: a\rContent-Length: 0" ] ],
        [ [ @length, "X: a\x01" ] ],
        [ [ @length, "X\0Y: a" ] ],
        [ [ @length, 'X Y: a' ] ],
        [ ["Content-Length : $len"] ],
        [ [ @chunks, @chunks ],                       $chunk ],
        [ [ @chunks, 'Transfer-Encoding: identity' ], $chunk ],
        [ ['Transfer-Encoding: xchunked'],            $chunk ],
        [ ['Transfer-Encoding: gzip, chunked'],       $chunk ],
        [ ['Transfer-Encoding: chunked, identity'],   $chunk ],
        [ ['Transfer-Encoding: "chunked"'],           $chunk ],
        [ ["Transfer-Encoding: \x0bchunked"],         $chunk ],
        [ [ @length, 'Transfer-Encoding: identity' ] ],
        [ \@chunks, $chunk, '1.0' ],
    ) {
        my ($fields, @more) = @$row;
        my $name = join(', ', @$fields) =~ s/([^ -~])/sprintf '%%%02x', ord $1/ger;
        # 411 is our answer, 400 that of a libmicrohttpd which looks at the coding itself
        my $refusal = $name =~ /Transfer-Encoding: [^%]/ ? '400|411' : '400';
        $refusal = '411' if $name eq "@chunks";
        like $ask->($fields, @more), qr/^(?:$refusal)$/, $name;
    }
};

subtest 'rights' => sub {
    my $ada = $console->visitor->log_in('ada');
    is $ada->page->{status}, 200, 'an auditor reads' or diag $ada->page->{content};
    unlike $ada->get("/task?id=$task[0]")->{content}, qr{/tasks/preview}, 'and is offered nothing';
    $ada->post('/tasks/resolve', id => $task[0], way => 'dead');
    like $ada->get('/tasks')->{content}, qr/0 tasks are done\. 1 was refused.*permission denied/s,
        'what he sends all the same, the database refuses';
    is $stage->count('bounce.task WHERE id = :id AND status = \'open\'', id => $task[0]), 1,
        'and the task is as it was';
};

subtest 'languages' => sub {
    for my $row (
        [ 'de-CH,de;q=0.9',    'de', 'Aufgaben' ],
        [ 'fr;q=0.9,en;q=0.1', 'fr', 'Tâches' ],
        [ 'xx',                'en', 'Tasks' ],
        [ '',                  'en', 'Tasks' ]
    ) {
        my $visitor = $console->visitor(language => $row->[0])->log_in('ada');
        my $page    = $visitor->get('/tasks')->{content};
        utf8::decode($page);    # HTTP::Tiny gives bytes
        like $page, qr/<html lang="$row->[1]">/, "$row->[0]: $row->[1]";
        like $page, qr/<h1>$row->[2]</,          $row->[2];
    }
};

subtest 'slow and many' => sub {
    my @slow = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $console->port);
        $socket->syswrite("GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        $socket;
    } 1 .. 500;
    is $eva->get('/tasks')->{status}, 200, 'five hundred slow ones keep nobody waiting';
};

subtest 'one who asks for much at once' => sub {
    my $ada = $console->visitor->log_in('ada');
    $eva->get('/tasks');
    $stage->hold_task($task[0]);
    my $body = "form_token=$eva->{token}&id=$task[0]&note=busy";
    my @busy = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $console->port);
        $socket->syswrite(
            join "\r\n",
            'POST /tasks/note HTTP/1.1',
            'Host: x',
            'Connection: close',
            "Cookie: bounce-console=$eva->{cookie}{'bounce-console'}",
            'Content-Type: application/x-www-form-urlencoded',
            'Content-Length: ' . length $body,
            '',
            $body
        );
        $socket;
    } 1 .. 20;
    $stage->wait_for(
        60,
        sub {
            $db->value(q{SELECT count(*) FROM pg_stat_activity
        WHERE usename = 'eva' AND wait_event_type = 'Lock'});
        });
    is $ada->get('/tasks')->{status},                              200, 'others work on';
    is scalar(my @answered = IO::Select->new(@busy)->can_read(0)), 0,   'while she waits';
    $stage->let_go;
    is scalar(grep { Bounce::Console::read_all($_, 30) =~ /^HTTP\S+ 303/ } @busy), 20,
        'then each of hers is answered';
    is $stage->count(q{bounce.task_history WHERE text = 'busy'}), 20, 'and done, once';
};

subtest 'the connection to the database is lost' => sub {
    $db->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'eva'");
    $eva->get('/tasks');
    is $eva->get('/tasks')->{status},       401, 'she logs in again';
    is $eva->log_in('eva')->page->{status}, 200, 'and can';
};

subtest 'an account that changes while somebody is logged in' => sub {
    my $notes = sub { $stage->count('bounce.task_history WHERE text = \'late\'') };
    for my $row (
        [ 'locked', 'ALTER ROLE ina NOLOGIN', 'ALTER ROLE ina LOGIN' ],
        [
            'run out',
            q{ALTER ROLE ina VALID UNTIL '2001-01-01'},
            q{ALTER ROLE ina VALID UNTIL 'infinity'}
        ],
        [ 'without its role',  'REVOKE bounce_clerk FROM ina', 'GRANT bounce_clerk TO ina' ],
        [ 'with one more',     'GRANT bounce_admin TO ina',    'REVOKE bounce_admin FROM ina' ],
        [ 'made a superuser',  'ALTER ROLE ina SUPERUSER',     'ALTER ROLE ina NOSUPERUSER' ],
        [ 'with another name', 'ALTER ROLE ina RENAME TO eno', 'DROP ROLE eno' ],
    ) {
        my ($name, $change, $back) = @$row;
        $console->person(ina => 'bounce_clerk')
            if !$db->value(q{SELECT count(*) FROM pg_roles WHERE rolname = 'ina'});
        my $ina = $console->visitor->log_in('ina');
        is $ina->get("/task?id=$task[0]")->{status}, 200, 'she is there';
        $db->sql("$change;");
        is $ina->post('/tasks/note', id => $task[0], note => 'late')->{status}, 401,
            "$name: she does nothing more";
        is $notes->(),                    0,   '... nothing at all';
        is $ina->get('/tasks')->{status}, 401, '... and has to log in again';
        $db->sql("$back;");
    }
};

subtest 'who may do more than an administrator' => sub {
    my @more = (
        [ super  => 'SUPERUSER' ],
        [ maker  => 'CREATEROLE' ],
        [ passer => 'BYPASSRLS' ],
        [ reader => 'member of pg_read_all_data' ],
        [ heir   => 'member of super' ],
    );
    for my $row (@more) {
        my ($name, $more) = @$row;
        $console->person($name => 'bounce_admin');
        is $console->visitor->log_in($name)->page->{status}, 200, "$name is let in";
        $db->sql(
            $more =~ /^member of (\w+)/
            ? "ALTER ROLE $name NOINHERIT; GRANT $1 TO $name"
            : "ALTER ROLE $name $more"
        );
        is $console->visitor->log_in($name)->page->{status}, 403, "but not as $more";
    }
};

my ($status, $output) = $console->check;
is $status, 0, '--check' or diag $output;
like $output, qr/^ok\s+pages/m, 'looks at the pages';
ok $console->stop, 'it ends by itself';

# A decision about an outage may be one about fifty thousand mails.
subtest 'an act takes as long as it needs' => sub {
    my $brief = Bounce::Console->new($stage, query_wait => 5)->start;
    my $slow  = $stage->recipient($intake->bounced('slow@customer.example'))->{task_id};
    $db->sql(<<'END');
CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(6); RETURN NULL; END $$;
CREATE TRIGGER dawdle AFTER UPDATE OF status ON bounce.task FOR EACH STATEMENT
  EXECUTE FUNCTION public.dawdle();
CREATE TRIGGER dawdle AFTER UPDATE ON bounce.address_block FOR EACH STATEMENT
  EXECUTE FUNCTION public.dawdle();
END
    my $tom = $brief->visitor->log_in('tom');
    like $tom->get("/task?id=$slow")->{content}, qr/name="way" value="unblocked"/,
        'where the ways take too long, they are there without what each would do';
    my $unseen = sub {
        my $page = $tom->post(@_);
        is $page->{status}, 303, 'a preview has an address';
        $page = $tom->get($page->{headers}{location});
        is $page->{status}, 200, '... and is a page';
        like $page->{content}, qr/cannot be worked out in time/,
            '... that says that it takes too long';
        return $page->{content};
    };
    like $unseen->('/tasks/preview', id => $slow, way => 'unblocked', note => 'x'),
        qr{action="/tasks/resolve">.*name="id" value="$slow".*<button}s, 'a task is done unseen';
    my @lift = (act => 'lift', address => 'slow@customer.example', why => 'x');
    like $unseen->('/act/preview', @lift), qr{action="/act">.*value="lift".*<button}s,
        'and an act';
    $tom->get('/tasks');
    $tom->post('/tasks/resolve', id => $slow, way => 'unblocked', note => 'she phoned');
    like $tom->get('/tasks')->{content}, qr/1 task is done/, 'longer than anything else may take';
    is $db->value('SELECT status FROM bounce.task WHERE id = :id', id => $slow), 'done', 'so it is';
    $db->sql('DROP FUNCTION public.dawdle() CASCADE');
    ok $brief->stop, 'it ends by itself';
};

subtest 'a proxy names the person' => sub {
    my $account = $stage->instance->is_root ? $stage->instance->daemon_user : scalar getpwuid $>;
    my $socket  = $stage->instance->make_dir('proxy') . '/console';
    $db->let_in_by_map($account, qw(eva tom super nobody_special));
    my $ask = sub {
        my (@field) = @_;
        return $console->raw(
            join("\r\n", 'GET /tasks HTTP/1.1', 'Host: x', 'Connection: close', @field, '', ''),
            10, $socket);
    };
    $console = Bounce::Console->new(
        $stage,
        listen        => "unix:$socket",
        user_header   => 'X-Remote-User',
        client_header => 'X-Forwarded-For'
    )->start;
    my $page = $ask->('X-Remote-User: eva');
    like $page, qr/^HTTP\S+ 200.*class="person">eva</s, 'she is there, without a password';
    my ($cookie) = $page =~ /^Set-Cookie: ([^;]+)/m;
    like $ask->("Cookie: $cookie", 'X-Remote-User: eva'), qr/person">eva</, 'and stays';
    like $ask->("Cookie: $cookie"), qr/^HTTP\S+ 401/, 'as long as she is named';
    ($cookie) = $ask->('X-Remote-User: eva') =~ /^Set-Cookie: ([^;]+)/m;
    like $ask->("Cookie: $cookie", 'X-Remote-User: tom'), qr/person">tom</,
        'another name is another person';
    like $ask->("Cookie: $cookie"), qr/^HTTP\S+ 401/, 'and her session has ended';
    like $ask->('X-Remote-User: tom', 'x-remote-user: eva'), qr/^HTTP\S+ 401/, 'two names are none';
    like $ask->("X-Remote: eva\r\n -User"), qr/^HTTP\S+ 40[01]/, 'nor is one put together of two';
    like $ask->("X-Remote-User: $_"), qr/^HTTP\S+ 403/, "not $_"
        for qw(super nobody_special ada bounce_daemon nobody_at_all), "eva' user='tom";
    my $tries = sub {
        my ($from)   = @_;
        my $page     = $ask->("X-Forwarded-For: $from");
        my ($cookie) = $page =~ /^Set-Cookie: ([^;]+)/m;
        my ($token)  = $page =~ /name="form_token" value="(\w+)"/;
        my $body     = "form_token=$token&name=eva&password=x";
        my $answer   = $console->raw(
            join("\r\n",
                'POST /login HTTP/1.1',
                'Host: x',
                'Connection: close',
                "Cookie: $cookie",
                "X-Forwarded-For: $from",
                'Content-Type: application/x-www-form-urlencoded',
                'Content-Length: ' . length $body,
                '',
                $body),
            10, $socket
        );
        return $answer =~ /^HTTP\S+ (\d+)/ ? $1 : 0;
    };
    is join(' ', map { $tries->("evil, 2001:db8::$_") } 1 .. 6), '403 403 403 403 403 429',
        'one network guesses five times, whatever it says of itself';
    is $tries->('192.0.2.1'), 403, 'another client does not wait for it';
    ok $console->log_lines(qr/login refused name="eva" client=192\.0\.2\.1: /),
        'the log names the client';
    like +($console->check)[1], qr/^warning\s+hosts/m, '--check misses the names of hosts';
    ok $console->stop, 'it ends by itself';

    my $open = Bounce::Console->new($stage)->start;
    like $open->raw(
        "GET /tasks HTTP/1.1\r\nHost: x\r\nX-Remote-User: eva\r\n" . "Connection: close\r\n\r\n"),
        qr/^HTTP\S+ 401/, 'a port believes nobody';
    ok $open->stop, 'it ends by itself';
    my $named  = Bounce::Console->new($stage, hosts => 'console.example bounces.example')->start;
    my $status = sub {
        my $head = join '', map { "Host: $_\r\n" } @_;
        return $named->raw("GET /login HTTP/1.1\r\n${head}Connection: close\r\n\r\n")
            =~ /^HTTP\S+ (\d+)/ ? $1 : 0;
    };
    is $status->('Bounces.example:8025'), 200, 'a name that is expected';
    is $status->('evil.example'),         421, 'another one';
    isnt $status->(@$_), 200, 'not ' . (@$_ || 'none') for [], [qw(console.example evil.example)];
    ok $named->stop, 'it ends by itself';
    for my $key (qw(user_header client_header)) {
        my ($refused, $why) = Bounce::Console->new($stage, $key => 'X-Remote')->check;
        is $refused, 78, "and may not be told to by $key";
        like $why, qr/$key.* need a unix socket/, 'it says why';
        ($refused, $why) = Bounce::Console->new(
            $stage,
            $key        => 'X-Remote',
            listen      => "unix:$socket",
            listen_mode => '666'
        )->check;
        is $refused, 78, '... nor on a socket that everybody may open';
        like $why, qr/listen_mode: .*$key/, '... for that reason';
    }
};
finish();
