# SPDX-License-Identifier: BSD-2-Clause
# The pages of the console behind Today and the tasks: an address with its blocks, acts that are
# shown first, done, and taken back; who may do what is decided by the database.
use utf8;
use Bounce::Console;
use Bounce::Ctl;
use Bounce::Test;

my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $milter = Bounce::Ctl->new($stage, role => 'bounce_milter');

my $rules = $stage->instance->make_dir('few-rules');
$stage->instance->write_file('few-rules/10.rules',
          "[address.unknown]\nreason = user_unknown\nmatch = user unknown in virtual\n"
        . "example = User unknown in virtual mailbox table\n");

sub bounced {
    my ($address, %option) = @_;
    my $letter = $stage->register(process => 'invoice', to => [$address], %option);
    $milter->run(
        { input => $stage->report('postfix-user-unknown', $letter) },
        'intake', '--rules', $rules, '--sendmail', '/bin/true', '--to',
        $letter->{return_path}{$address});
    return $letter;
}
my $script = q{<script>alert(1)</script>"'><img src=x onerror=alert(2)>};
my $bidi   = "\xe2\x80\xaeexe.gpj\xc2\x9b31m";
my $one    = bounced('one@customer.example', subject => "$script $bidi", business_ref => $script);

my $console = Bounce::Console->new($stage);
$console->person(eva => 'bounce_clerk')->person(tom => 'bounce_operator')
    ->person(ada => 'bounce_auditor')->person(kim => 'bounce_admin')->start;
my $eva = $console->visitor->log_in('eva');
my $tom = $console->visitor->log_in('tom');
my $ada = $console->visitor->log_in('ada');
my $kim = $console->visitor->log_in('kim');

# A page that is there, and has nothing of a stranger's but text.
sub page {
    my ($visitor, $path, $name) = @_;
    my $page = $visitor->get($path);
    is $page->{status}, 200, $name // $path or diag $page->{content};
    unlike $page->{content}, qr/<script|<img|="[^"]*onerror="/, '... no markup of others';
    unlike $page->{content}, qr/\xe2\x80\xae|\xc2\x9b/,         '... nothing that acts';
    return $page->{content};
}

# What the preview of an act says.
sub preview {
    my ($visitor, @field) = @_;
    my $page = $visitor->post('/act/preview', @field);
    is $page->{status}, 200, "preview of $field[1]" or diag $page->{content};
    return $page->{content};
}

# An act, and what the page that follows says.
sub act {
    my ($visitor, @field) = @_;
    my $page = $visitor->post('/act', @field);
    is $page->{status}, 303, "$field[1] is done" or diag $page->{content};
    return $visitor->get($page->{headers}{location} // '/')->{content};
}

# Sends the form of the notice that takes the last act back.
sub take_back {
    my ($visitor) = @_;
    my ($form) = $visitor->page->{content}
        =~ m{<form method="post" action="/act">((?:(?!</form>).)*Take it back)}s
        or return fail 'it can be taken back';
    my @field = map { s/&quot;/"/gr =~ s/&lt;/</gr =~ s/&#39;/'/gr =~ s/&amp;/&/gr }
        $form =~ /name="([^"]+)" value="([^"]*)"/g;
    my $page = $visitor->post('/act', @field);
    is $page->{status}, 303, 'it is taken back' or diag $page->{content};
    return $visitor->get($page->{headers}{location} // '/')->{content};
}

sub refused {
    my ($visitor, $name, @field) = @_;
    for my $path ('/act/preview', '/act') {
        my $page = $visitor->post($path, @field);
        is $page->{status}, 403, "$name: $path";
        like $page->{content}, qr/permission denied/, '... by the database';
    }
    return;
}

subtest 'an address' => sub {
    my $path = '/address?address=one%40customer.example';
    my $page = page($eva, $path);
    like $page, qr/<b class="bad">blocked/,             'it is blocked';
    like $page, qr/no such mailbox/,                    'why';
    like $page, qr{href="/bounce\?id=\d+"},             'what came back';
    like $page, qr{href="/mail\?id=$one->{id}"},        'its mail';
    like $page, qr/parameters then/,                    'the story of the block';
    like page($eva, "/mail?id=$one->{id}"), qr{href="/address\?address=one%40customer.example"},
        'a mail leads there';
    is $eva->get('/address')->{status},            404, 'no address';
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

    my @block = (act => 'block', address => 'new@customer.example', why => 'on leave',
        process => 'invoice', until => '2999-01-01');
    like preview($eva, @block), qr/on leave, invoice, 2999-01-01/, 'scope and end are shown';
    is $stage->count("bounce.blocked_address WHERE address = 'new\@customer.example'"), 0,
        'nothing is done';
    act($eva, @block);
    is $stage->count("bounce.blocked_address WHERE address = 'new\@customer.example'"
            . " AND only_process = 'invoice' AND expires_at > '2998-12-01'"), 1, 'blocked';
    unlike preview($eva, @block), qr/class="main"/, 'a second time there is nothing to do';
    like act($eva, @block), qr/There was nothing to do/, 'nor is anything done';
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

ok $console->stop, 'it ends by itself';
finish();
