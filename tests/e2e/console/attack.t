# SPDX-License-Identifier: BSD-2-Clause
# Somebody with a clerk's login who wants to be an administrator, over a bare socket: other people's
# sessions, fields that become a header, a statement or a path, forms of other sites, requests that
# are too long, too slow or too many. Whatever he sends, nobody's rights change, no row does that he
# may not change, no answer has a line of his, and others are served.
use Bounce::Console;
use Bounce::Intake;
use Bounce::ChangedTables;
use Bounce::Test;
use IO::Socket::INET;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);
my $it     = $stage->recipient($intake->bounced('one@customer.example'));
my $router = do { local (@ARGV, $/) = 'console/router.c'; <> };
my @post   = $router =~ m[\{"([^"]+)", true, \w+, \w+\}]g;
my @get    = $router =~ m[\{"([^"]+)", false, \w+, \w+\}]g;
my $acts   = do { local (@ARGV, $/) = 'console/pages/act_definitions.c'; <> };
my @act    = $acts                                    =~ m[\{\.name = "([^"]+)"]g;
my %name   = map { $_ => 1 } map { /"(\w+)"/g } $acts =~ /\.fields = \{([^}]*)\}/g;
my @field  = sort keys %name,
    qw(id way note task text kind owner order size after at since until by process name);

my $console = Bounce::Console->new($stage);
$console->person(eva => 'bounce_clerk')->person(max => 'bounce_admin')->start;
my $eva = $console->visitor->log_in('eva');
my $max = $console->visitor->log_in('max');
$eva->get('/tasks');
my $cookie = $eva->{cookie}{'bounce-console'};
my $tables = Bounce::ChangedTables->new($db);
my $rights = q{SELECT string_agg(m.roleid::regrole || '=' || m.member::regrole, ' ' ORDER BY 1)
    FROM pg_auth_members AS m};
my $before = $db->value($rights);

sub escaped { return $_[0] =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger }

# What is answered to a request of eva's, as bytes.
sub request {
    my ($method, $path, $body, @line) = @_;
    my $length = defined $body ? 'Content-Length: ' . length $body : ();
    return $console->raw(
        join "\r\n",
        "$method $path HTTP/1.1",
        'Host: x',
        'Connection: close',
        "Cookie: bounce-console=$cookie",
        ($body ? 'Content-Type: application/x-www-form-urlencoded' : ()),
        $length // (),
        @line,
        '',
        $body // ''
    );
}
sub status { return $_[0] =~ m{\AHTTP/1\.1 (\d+)} ? $1 : 'none' }

my @evil = (
    "x\r\nX-Evil: 1\r\n\r\n<script>",    "x\nSet-Cookie: bounce-console=evil",
    q{'; GRANT bounce_admin TO eva; --}, q{1); SELECT bounce.set_parameter('shadow'},
    q{$$; ALTER ROLE eva SUPERUSER; $$}, '../../../../etc/passwd',
    '%s%n%p',                            "{{>head}}{{#is_admin}}",
    "\xe2\x80\xae\xef\xbb\xbf",          '9' x 40,
    '-1',                                'NaN',
    '{1,2}',                             'infinity',
    '2026-02-31',                        "\\",
);

subtest 'a field is a value, wherever it goes' => sub {
    my $state = $tables->state;
    my %bad;
    for my $value (map { escaped($_) } @evil) {
        my $query = join '&', map { "$_=$value" } @field;
        for my $path (@get, '/onward.js', '/style.css') {
            my $answer = request(GET => "$path?$query");
            $bad{"$path $value"} = status($answer)
                if status($answer) !~ /^(?:200|303|40[034]|422)$/
                || $answer         =~ /^(?:x-evil|set-cookie: bounce-console=evil)/im
                || $answer         =~ /syntax error|root:x:0/;
        }
        for my $act (@act) {
            my $answer = request(GET => "/act/preview?act=$act&$query");
            $bad{"$act $value"} = status($answer)
                if status($answer) !~ /^(?:200|303|40[034]|422)$/
                || $answer =~ /^x-evil|syntax error|<script>/im;
        }
    }
    is join("\n", map { "$_: $bad{$_}" } sort keys %bad), '',      'none makes a fault or a line';
    is $tables->changed_since($state),                    '',      'nothing has changed';
    is $db->value($rights),                               $before, 'nor have the rights';
};

subtest 'forms with such values' => sub {
    my ($bad, $is_other) = ('', 0);
    for my $value (map { escaped($_) } @evil) {
        for my $path (grep { !/log/ } @post) {
            my $answer = request(
                POST => $path,
                join '&', "form_token=$eva->{token}", map { "$_=$value" } 'act', @field
            );
            my ($head) = split /\r\n\r\n/, $answer, 2;
            $bad .= "$path $value: " . status($answer) . "\n"
                if status($answer) !~ /^(?:200|303|40[034]|422)$/ || $head =~ /^x-evil/im;
            $is_other++ if $head =~ m{^location: (?!/[^/])}im;
        }
    }
    is $bad,                '',      'none makes a fault or a line';
    is $is_other,           0,       'none leads to another host';
    is $db->value($rights), $before, 'nor have the rights changed';
};

subtest 'who an administrator is' => sub {
    my $state = $tables->state;
    my @admin = qw(act=new_key act=new_process&name=x act=set&name=shadow&value=true
        act=erase_address&address=one@customer.example&why=x
        act=give&name=invoice&application=eva&why=x act=pause&process=invoice&why=x);
    for my $form (@admin) {
        my $body = "form_token=$eva->{token}&$form";
        is status(request(POST => '/act', $body)), 403, "$form: not a clerk";
        is status(request(POST => '/act', $body, "$_: max")), 403, "... who says $_"
            for qw(X-Remote-User Remote-User X-Forwarded-User Authorization From);
        is status(request(POST => '/act', "$body&is_admin=1&may_operate=1&person=max&role=admin")),
            403, '... or has fields for it';
    }
    like request(POST => '/act', "form_token=$max->{token}&act=new_key"), qr/ 403 /,
        'nor with the form of an administrator';
    is $tables->changed_since($state), '', 'nothing has changed';
};

subtest 'the session of another' => sub {
    my ($id, $seal) = split /\./, $cookie, 2;
    my $mallory = $console->visitor;
    $mallory->get('/login');
    my $planted = $mallory->{cookie}{'bounce-console'};
    my $victim  = $console->visitor;
    $victim->{cookie}{'bounce-console'} = $planted;
    $victim->log_in('max');
    isnt $victim->{cookie}{'bounce-console'}, $planted, 'a login gives another cookie';

    for my $try (
        $planted,
        "$planted.",
        $id,
        "$id.",
        $id . '.' . 'A' x length($seal // ''),
        ($seal ? (reverse($id) . ".$seal", "$id." . reverse $seal) : ()),
        $victim->{cookie}{'bounce-console'} =~ s/.\z//r,
        $victim->{cookie}{'bounce-console'} . 'x',
        '',
        ' ',
        '../max',
        "max'--"
    ) {
        my $answer = $console->raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                . "Cookie: bounce-console=$try\r\n\r\n");
        unlike $answer, qr/class="person"/, "not with the cookie \"$try\"";
    }
    my $two = $console->raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            . "Cookie: bounce-console=$planted; bounce-console=$cookie\r\n\r\n");
    unlike $two, qr/class="person"/, 'nor with two of them';
};

subtest 'another site' => sub {
    my $state = $tables->state;
    my $body  = "act=block&address=x\@y.example&why=x";
    my $token = "&form_token=$eva->{token}";
    my @try   = (
        [$body],
        ["$body&form_token="],
        [ "$body&form_token=" . 'A' x 64 ],
        ["$body&form_token=$max->{token}"],
        map({ [ "$body$token", $_ ] } 'Origin: http://evil.example',
            'Sec-Fetch-Site: cross-site',
            'Sec-Fetch-Site: same-site'),
    );
    for my $try (@try) {
        my ($form, @line) = @$try;
        like status(request(POST => '/act', $form, @line)), qr/^40[13]$/, "refused: $form @line";
    }
    is $tables->changed_since($state),                 '',  'nothing has changed';
    is status(request(POST => '/act', "$body$token")), 303, 'but with the form of her own';
};

subtest 'other paths' => sub {
    for my $path (
        qw(/../etc/passwd /%2e%2e/%2e%2e/etc/passwd /..%2f..%2fetc%2fpasswd //etc/passwd
        /style.css/../../router.c /style.css%00.html /./tasks /tasks/ /TASKS /.git/config
        /templates/head.html /static/style.css /keys.js~ http://evil.example/tasks *)
    ) {
        my $answer = request(GET => $path);
        like status($answer), qr/^(?:40[0-9]|none)$/,     "$path is no page";
        unlike $answer,       qr/root:x:0|\[core\]|SPDX/, '... and no file';
    }
};

subtest 'too much' => sub {
    my %refused = (
        'a long address' => sub { request(GET => '/tasks?text=' . 'x' x 200_000) },
        'a long field'   => sub { request(GET => '/', undef, 'X-Long: ' . 'x' x 200_000) },
        'many fields'    => sub {
            request(GET => '/', undef, map { "X-$_: y" } 1 .. 5000);
        },
        'many values'        => sub { request(POST => '/tasks/note', 'id=1&' x 5000 . 'x=y') },
        'a long form'        => sub { request(POST => '/tasks/note', 'x' x 1_000_000) },
        'a length that lies' => sub {
            request(POST => '/tasks/note', undef, 'Content-Length: 99999999999999999999');
        },
        'a negative length' => sub { request(POST => '/tasks/note', undef, 'Content-Length: -1') },
        'two lengths'       => sub { request(POST => '/tasks/note', 'x',   'Content-Length: 2') },
        'pieces' => sub { request(POST => '/tasks/note', undef, 'Transfer-Encoding: chunked') },
    );
    for my $what (sort keys %refused) {
        like status($refused{$what}->()), qr/^(?:4\d\d|none)$/, "$what: refused";
        is $max->get('/tasks')->{status}, 200, '... and others are served';
    }
};

subtest 'five hundred, all of them slow' => sub {
    my @line = (
        "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST /act HTTP/1.1\r\nHost: x\r\nCookie: bounce-console=$cookie\r\nContent-Length: 900\r\n"
            . "Content-Type: application/x-www-form-urlencoded\r\n\r\nact=",
        ''
    );
    my @slow = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $console->port);
        $socket->syswrite($line[ $_ % @line ]) if $socket && $line[ $_ % @line ];
        $socket;
    } 1 .. 500;
    is scalar(grep { defined } @slow), 500, 'they are connected';
    for my $round (1 .. 5) {
        local $SIG{PIPE} = 'IGNORE';
        $_->syswrite('x') for @slow;
        is $max->get('/tasks')->{status}, 200, 'an administrator works on';
    }
    close $_ for @slow;
    is $console->visitor->log_in('eva')->get('/tasks')->{status}, 200, 'and one logs in';
};

is $db->value($rights), $before, 'the clerk is still a clerk';
ok $console->stop, 'it ends by itself';
finish();
