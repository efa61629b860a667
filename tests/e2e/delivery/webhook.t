# SPDX-License-Identifier: BSD-2-Clause
# Events to a URL: signed, in order, at least once; a receiver that fails in every way; nothing is
# lost, and what is given up is sent again by a person.
use Bounce::Ctl;
use Bounce::Delivery;
use Bounce::WebhookReceiver;
use Bounce::Test;
use Digest::SHA            qw(hmac_sha256);
use IO::Socket::SSL::Utils qw(CERT_create PEM_cert2string);
use MIME::Base64           qw(encode_base64 decode_base64);

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $db       = $stage->db;
my $receiver = Bounce::WebhookReceiver->new($instance)->start;
my @secret   = map { 'whsec_' . encode_base64("key number $_, thirty-two bytes.", '') } 1, 2;
my $file     = $instance->write_file('webhook.secret', "# first\n$secret[0]\n");
my $url      = 'http://127.0.0.1:' . $receiver->port . '/hook';

my $worker;

sub worker {
    my (%key) = @_;
    return Bounce::Delivery->new(
        $instance, $db,
        server              => '127.0.0.1:1',
        webhook_url         => $url,
        webhook_secret_file => $file,
        webhook_cleartext   => 'yes',
        webhook_wait        => 60,
        rules_dir           => $stage->one_rule,
        %key
    );
}

# A mail becomes sent and then bounced: two events.
sub mail {
    my ($ref) = @_;
    return $db->value(<<"END");
WITH c AS (INSERT INTO bounce.communication (process, business_ref, sender, subject)
           VALUES ('invoice', '$ref', 'o\@example.org', 'S') RETURNING id)
INSERT INTO bounce.communication_recipient (communication_id, address)
SELECT id, '$ref\@customer.example' FROM c RETURNING communication_id
END
}

# One that takes no answer within two seconds for silence, where silence is what it is about: under
# load an answer takes its time, and what was answered is sent again.
sub impatient { ok $worker->stop, 'stopped'; $worker = worker(webhook_wait => 2)->start; return }

sub patient {
    ok $worker->stop, 'stopped';
    $receiver->behave('200');
    $worker = worker()->start;
    return;
}

sub set_status {
    my ($id, $status) = @_;
    return set_all($status, $id);
}

# In one commit.
sub set_all {
    my ($status, @id) = @_;
    my $list = join ', ', @id;
    $db->sql("UPDATE bounce.communication SET status = '$status' WHERE id IN ($list)");
    return;
}
sub dead { return $db->value("SELECT count(*) FROM bounce.event WHERE state = 'dead'") }

sub attempts {
    my ($id) = @_;
    return $db->value("SELECT max(attempts) FROM bounce.event WHERE communication_id = $id");
}
sub waiting { return $db->value('SELECT count(*) FROM bounce.event') }

# Nothing that a worker has in hand: it would be sent twice.
sub hurry {
    $db->sql(q(UPDATE bounce.event SET due_at = now()
        WHERE state = 'waiting' AND claim_id IS NULL));
    return;
}

# All requests about a mail, and those that were taken.
sub of_mail {
    my ($id) = @_;
    return grep { $_->{body}{data}{communication_id} == $id } $receiver->requests;
}
sub told { return grep { $_->{status} eq '200' } of_mail(@_) }

# The commands of doc/webhook.md.
sub by_hand {
    my ($event) = @_;
    my ($commands)
        = join('', $instance->read_lines(Bounce::Instance::tree() . '/doc/webhook.md'))
        =~ /^To check a signature by hand.*?\n\n((?: {4}[^\n]*\n)+)/ms;
    my %word = (
        id        => $event->{'webhook-id'},
        timestamp => $event->{'webhook-timestamp'},
        body      => $event->{raw});
    my $output = $instance->run([ 'sh', '-c', "cd '${\$instance->dir}' && { $commands }" ],
        env => \%word);
    chomp $output;
    return $output;
}

$stage->parameter(webhook => 'on');
$stage->parameter(webhook_initial_delay => '1 second');
$stage->parameter(webhook_max_delay => '1 second');
$stage->parameter(webhook_max_attempts => 1000);    # on a busy machine a round of them takes long
$worker = worker()->start;

subtest 'signed, and in order' => sub {
    my $id = mail('R-1');
    set_status($id, $_) for qw(error sent);
    $stage->wait_for(60, sub { told($id) >= 2 });
    my @told = told($id);
    is_deeply [ map { $_->{body}{data}{status} } @told ], [qw(error sent)], 'in order';
    is $told[0]{body}{data}{business_ref}, 'R-1', 'which mail';
    is $told[0]{'content-type'}, 'application/json', 'JSON';
    my $signed = join '.', @{ $told[0] }{qw(webhook-id webhook-timestamp raw)};
    my $key    = decode_base64($secret[0] =~ s/whsec_//r);
    is $told[0]{'webhook-signature'}, 'v1,' . encode_base64(hmac_sha256($signed, $key), ''),
        'signed over id, time and body';
    is by_hand($told[0]), $told[0]{'webhook-signature'} =~ s/^v1,//r, 'as the document says';
    cmp_ok abs(time - $told[0]{'webhook-timestamp'}), '<', 60, 'the time is now';
    isnt $told[0]{'webhook-id'}, $told[1]{'webhook-id'}, 'an id each';
    $stage->wait_for(60, sub { !waiting() });
    is waiting(), 0, 'nothing is left';
};

subtest 'two secrets' => sub {
    $instance->write_file('webhook.secret', join '', map { "$_\n" } @secret);
    my $id = mail('R-2');
    set_status($id, 'sent');
    $stage->wait_for(60, sub { told($id) });
    my ($told) = told($id);
    like $told->{'webhook-signature'}, qr{^v1,[\w+/=]{44} v1,[\w+/=]{44}$}, 'both sign, at once';
};

subtest 'a file of secrets that cannot be read' => sub {
    my $read = () = $worker->log_lines(qr/webhook\.secret was read/);
    unlink $file or die "$file: $!\n";
    my $id = mail('R-3');
    set_status($id, 'sent');
    my $fault = qr/no event is sent: webhook_secret_file: .*\Q$file\E/;
    $stage->wait_for(60, sub { $worker->log_lines($fault) });
    is $db->value('SELECT count(*) FROM bounce.event WHERE claim_id IS NOT NULL OR attempts > 0'),
        0, 'nothing is claimed, nothing counts as an attempt';
    $instance->write_file('webhook.secret', "# broken\nwhsec_short\n");
    $instance->write_file('webhook.secret', join '', map { "$_\n" } @secret);
    $stage->wait_for(60, sub { told($id) });
    $stage->wait_for(60, sub { !waiting() });
    is scalar(my @fault = $worker->log_lines(qr/no event is sent/)), 1, 'it is told once';
    is scalar(my @read = $worker->log_lines(qr/webhook\.secret was read/)), $read + 1,
        'and read when it was changed, not in each round';
};

for my $row (
    [ '500',      'HTTP status 500' ],
    [ '404',      'HTTP status 404' ],
    [ 'redirect', 'HTTP status 307' ],
    [ 'hang',     'timed out|Timeout' ],
    [ 'slow',     'timed out|Timeout' ],
    [ 'close',    'transfer closed|bytes missing' ],    # an older libcurl's words, and a newer's
    [ 'behead',   'ends within its header' ],
    [ 'reset',    'reset|Recv failure' ],
    [ 'huge',     'too long' ],
    [ 'header',   'too long|larger than allowed' ],
    [ 'storm',    'too long' ],
    [ 'old',      'HTTP/0.9' ],
    [ '429',      'HTTP status 429' ],
    [ 'refuse',   'connect' ],
    ) {
    my ($how, $words) = @$row;
    subtest "the receiver: $how" => sub {
        impatient() if $words =~ /timed out/;
        $how eq 'refuse' ? $receiver->stop : $receiver->behave($how);
        my $id     = mail("F-$how");
        set_status($id, 'error') if $how eq '500';
        set_status($id, 'sent');
        $stage->wait_for(60, sub { attempts($id) });
        like $db->value("SELECT response FROM bounce.event WHERE communication_id = $id
                         ORDER BY id LIMIT 1"), qr/$words/i, 'what is wrong is kept';
        if ($how eq 'redirect') {
            is_deeply [ grep { $_->{first} =~ /else/ } $receiver->requests ], [],
                'it is not followed';
        }
        if    ($words =~ /timed out/) { patient() }
        elsif ($how eq 'refuse')      { $receiver->start }
        else                          { $receiver->behave('200') }
        my $count = $how eq '500' ? 2 : 1;
        $stage->wait_for(60, sub { hurry() if told($id) < $count; told($id) >= $count });
        is scalar(told($id)), $count, 'mended: it comes by itself';
        $stage->wait_for(60, sub { !waiting() });
    };
}

for my $status (qw(400 404 422 500)) {
    subtest "it refuses events one by one: $status" => sub {
        my @refused = map { mail("P-$status-$_") } 1 .. 12;
        my $other   = mail("O-$status");
        $receiver->behave("$status for P-");
        set_status($_, 'error') for @refused;
        set_status($refused[0], 'sent');
        $stage->wait_for(60, sub { attempts($refused[-1]) });
        set_status($other, 'sent');
        $stage->wait_for(60, sub { told($other) });
        is scalar(told($other)), 1, 'the others go on';
        is_deeply [ grep { $_->{body}{data}{status} ne 'error' } of_mail($refused[0]) ], [],
            'not the next one of its communication';
        $receiver->behave('200');
        $stage->wait_for(60, sub { hurry() if waiting(); !waiting() });
        is_deeply [ map { $_->{body}{data}{status} } told($refused[0]) ], [qw(error sent)],
            'which comes in its order';
    };
}

subtest 'twenty that it hangs on' => sub {
    ok $worker->stop, 'stopped';
    $worker = worker(webhook_wait => 15)->start;
    # not hung on twice: when nothing else is answered meanwhile, that is an outage
    $stage->parameter($_ => '1 hour') for qw(webhook_max_delay webhook_initial_delay);
    my @hung  = map { mail("H-$_") } 1 .. 20;
    my $other = mail('O-hang');
    $receiver->behave('hang for H-');
    set_all('error', @hung, $other);    # before the first is given up
    set_status($hung[0], 'sent');
    $stage->wait_for(60, sub { told($other) });
    is scalar(told($other)), 1, 'the others go on';
    $stage->wait_for(60, sub { attempts($hung[-1]) });
    my $after = mail('O-after');
    set_status($after, 'sent');
    $stage->wait_for(60, sub { told($after) });
    is scalar(told($after)), 1, 'and no pause follows';
    is_deeply [ grep { $_->{body}{data}{status} ne 'error' } of_mail($hung[0]) ], [],
        'not the next one of its communication';
    $receiver->behave('200');
    $stage->wait_for(60, sub { hurry() if waiting(); !waiting() });
    is_deeply [ map { $_->{body}{data}{status} } told($hung[0]) ], [qw(error sent)],
        'which comes in its order';
    is scalar(map { told($_) } @hung), 21, 'all of them come';
    $stage->parameter($_ => '1 second') for qw(webhook_initial_delay webhook_max_delay);
    patient();
};

subtest 'it hangs on everything' => sub {
    impatient();
    my @mail = map { mail("E-$_") } 1 .. 30;
    $receiver->behave('hang');
    set_status($_, 'sent') for @mail;
    my @tried;
    my $try = sub { @tried = map { of_mail($_) } @mail; scalar @tried };
    $stage->wait_for(60, sub { $db->value('SELECT max(attempts) FROM bounce.event') });
    my $begin = $try->();
    $stage->wait_for(60, sub { $try->() >= $begin + 3 });
    my @times = sort { $a <=> $b } map { $_->{'webhook-timestamp'} } @tried;
    cmp_ok $times[-1] - $times[-3], '>=', 4, 'soon one tries it at a time';
    patient();
    $stage->wait_for(120, sub { hurry() if waiting(); !waiting() });
    is scalar(map { told($_) } @mail), 30, 'then all of them come';
};

for my $status (qw(429 502 503 504)) {
    subtest "it is away: $status" => sub {
        my @mail = map { mail("A-$status-$_") } 1 .. 5;
        $receiver->behave($status);
        set_status($_, 'sent') for @mail;
        my @tried;
        $stage->wait_for(60, sub { @tried = map { of_mail($_) } @mail; @tried >= 2 });
        my %second = map { ($_->{'webhook-timestamp'} => 1) } @tried;
        is scalar(keys %second), scalar(@tried), 'one attempt at a time';
        $receiver->behave('200');
        $stage->wait_for(60, sub { hurry() if waiting(); !waiting() });
        is scalar(map { told($_) } @mail), 5, 'then all of them come';
    };
}

# header => seconds of the pause, with webhook_max_delay at an hour
$stage->parameter(webhook_max_delay => '1 hour');
for my $row (
    [ 'after 1000',       900,  1000 ],
    [ 'until 1000',       900,  1000 ],
    [ 'after 99999999',   3500, 3600 ],
    [ 'until 99999999',   3500, 3600 ],
    ) {
    my ($how, $least, $most) = @$row;
    subtest "it wants to be left alone: $how" => sub {
        my ($first, $other) = map { mail("L-$_") } 1, 2;
        $receiver->behave($how);
        set_status($first, 'sent');
        $stage->wait_for(60, sub { attempts($first) });
        my $pause = $db->value('SELECT extract(epoch FROM max(pause_until) - now())::integer
                                FROM bounce.event');
        cmp_ok $pause, '>=', $least, 'for so long';
        cmp_ok $pause, '<=', $most,  'and no longer';
        $receiver->behave('200');
        set_status($other, 'sent');
        hurry();
        is $db->value(q(SELECT count(*) FROM bounce.claim_events(10, '1 minute'))), 0,
            'nobody gets an event meanwhile';
        is scalar(told($other)), 0, 'nor is one sent';
        $db->sql('UPDATE bounce.event SET pause_until = now() WHERE pause_until IS NOT NULL');
        $stage->wait_for(60, sub { !waiting() });
        is_deeply [ map { scalar told($_) } $first, $other ], [ 1, 1 ], 'then both come';
    };
}

subtest 'a person who knows better' => sub {
    my $ctl = Bounce::Ctl->new($stage, role => 'bounce_operator');
    my $id  = mail('L-3');
    $receiver->behave('after 1000');
    set_status($id, 'sent');
    $stage->wait_for(60, sub { attempts($id) });
    $receiver->behave('200');
    like $ctl->output('webhook', 'retry'), qr/^1 event is sent again/, 'ends the pause';
    $stage->wait_for(60, sub { told($id) });
    is scalar(told($id)), 1, 'it came';
};
$stage->parameter(webhook_max_delay => '1 second');

subtest 'a killed worker' => sub {
    my $id = mail('K-1');
    $receiver->behave('kill ' . $worker->pid);
    set_status($id, 'sent');
    ok $worker->is_gone, 'it dies between the answer and its note of it';
    $receiver->behave('200');
    $db->sql('UPDATE bounce.event SET due_at = now(), claim_id = NULL');    # its lease is over
    $worker = worker()->start;
    $stage->wait_for(60, sub { told($id) });
    my @id = map { $_->{'webhook-id'} } of_mail($id);
    is scalar @id, 2,      'it comes again';
    is $id[0],     $id[1], 'under the same id';
};

subtest 'gone, and sent again' => sub {
    my $ctl = Bounce::Ctl->new($stage, role => 'bounce_operator');
    my $id  = mail('G-1');
    $receiver->behave('410');
    set_status($id, 'sent');
    $stage->wait_for(60, sub { dead() });
    like $ctl->output('tasks'), qr/webhook/, 'a task';
    like $ctl->output('webhook', 'list'), qr/dead .*HTTP status 410/, 'with the reason';
    $receiver->behave('200');
    my $event = $db->value("SELECT id FROM bounce.event WHERE state = 'dead'");
    like $ctl->output(qw(webhook retry --dry-run)), qr/^$event .*HTTP status 410/m, 'shown first';
    is dead(), 1, 'and not touched';
    like $ctl->output('webhook', 'retry', $event), qr/^1 event is sent again/, 'again';
    $stage->wait_for(60, sub { told($id) });
    is scalar(told($id)), 1, 'it came';
    unlike $ctl->output('tasks'), qr/webhook/, 'the task is closed';
    like $ctl->output('webhook', 'retry'), qr/^no event is to be sent again/, 'none is left';
};
ok $worker->stop, 'it stops by itself';

subtest 'stopped while the receiver hangs' => sub {
    my $id = mail('S-1');
    $receiver->behave('hang');
    $worker = worker(webhook_wait => 300)->start;
    set_status($id, 'sent');
    $stage->wait_for(60, sub { of_mail($id) });
    ok $worker->stop, 'it does not wait for the answer';
    is $db->value("SELECT count(*) FROM bounce.event WHERE claim_id IS NULL AND attempts = 0
                   AND communication_id = $id"), 1, 'the event is given back, and not counted';
    $receiver->behave('200');
    $worker = worker()->start;
    $stage->wait_for(60, sub { told($id) });
    is scalar(told($id)), 1, 'it comes at the next start';
    ok $worker->stop, 'stopped';
};

my ($key, $certificate) = map { $instance->path("hook.$_") } qw(key pem);
$instance->run([ qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x),
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', $key, '-out', $certificate ]);
chmod 0644, $key, $certificate;
my %tls = (SSL_key_file => $key, SSL_cert_file => $certificate);

subtest 'a certificate that nobody trusts' => sub {
    my $tls = Bounce::WebhookReceiver->new($instance, name => 'tls', tls => \%tls)->start;
    my $id  = mail('T-1');
    my %key = (webhook_url => 'https://127.0.0.1:' . $tls->port . '/', webhook_cleartext => 'no');
    my $strict = worker(%key, name => 'strict')->start;
    set_status($id, 'sent');
    $stage->wait_for(60, sub { $db->value('SELECT max(attempts) FROM bounce.event') });
    like $db->value('SELECT response FROM bounce.event'), qr/certificate/, 'refused';
    is scalar(my @none = $tls->requests), 0, 'and nothing said';
    ok $strict->stop, 'stopped';
    my $trusting = worker(%key, name => 'trusting', webhook_ca_file => $certificate)->start;
    hurry();
    $stage->wait_for(60, sub { scalar(my @one = $tls->taken) });
    is scalar(my @one = $tls->taken), 1, 'with the certificate as trusted it goes out';
    ok $trusting->stop, 'stopped';
};

subtest 'a certificate of yesterday' => sub {
    my @ca = CERT_create(CA => 1, subject => { commonName => 'ca' });
    my ($old, $old_key) = CERT_create(
        issuer          => [@ca],
        subject         => { commonName => 'x' },
        subjectAltNames => [ [ IP => '127.0.0.1' ] ],
        not_before      => time - 172_800,
        not_after       => time - 86_400
    );
    my $file = $instance->write_file('ca.pem', PEM_cert2string($ca[0]));
    my $tls  = Bounce::WebhookReceiver->new($instance, name => 'expired',
        tls => { SSL_cert => $old, SSL_key => $old_key })->start;
    my $id     = mail('T-2');
    my $worker = worker(
        name              => 'late',
        webhook_url       => 'https://127.0.0.1:' . $tls->port . '/',
        webhook_cleartext => 'no',
        webhook_ca_file   => $file
    )->start;
    set_status($id, 'sent');
    $stage->wait_for(60, sub { attempts($id) });
    like $db->value('SELECT response FROM bounce.event'), qr/expired/, 'is refused, though trusted';
    is scalar(my @none = $tls->requests), 0, 'and nothing said';
    ok $worker->stop, 'stopped';
    $db->sql('DELETE FROM bounce.event');
};

subtest 'a receiver that speaks nothing but HTTP/2' => sub {
    my $modern = Bounce::WebhookReceiver->new($instance, name => 'modern', http2 => 1,
        tls => { %tls, SSL_alpn_protocols => ['h2'] })->start;
    my $speaks = worker(
        name              => 'speaks',
        webhook_wait      => 10,
        webhook_url       => 'https://127.0.0.1:' . $modern->port . '/',
        webhook_ca_file   => $certificate,
        webhook_cleartext => 'no'
    )->start;
    my $id = mail('M-1');
    set_status($id, 'error');
    $stage->wait_for(60, sub { $modern->taken });
    my ($taken) = $modern->taken;
    is $taken->{first}, 'HTTP/2', 'is reached';
    my $signed = join '.', @$taken{qw(webhook-id webhook-timestamp raw)};
    is $taken->{'webhook-signature'}, join(' ', map {
        'v1,' . encode_base64(hmac_sha256($signed, decode_base64(s/whsec_//r)), '')
    } @secret), 'and what it gets is signed';
    for my $row (
        [ '503',   'HTTP status 503' ],
        [ '410',   'HTTP status 410' ],
        [ 'hang',  'timed out|Timeout' ],
        [ 'close', 'closed|reset|not closed cleanly|Empty reply|EOF' ],
        [ 'huge',  'too long' ],
        ) {
        my ($how, $words) = @$row;
        $modern->behave($how);
        my $failed = mail("M-$how");
        set_status($failed, 'sent');
        my $of = "FROM bounce.event WHERE communication_id = $failed";
        $stage->wait_for(60, sub { $db->value("SELECT max(attempts) $of") });
        like $db->value("SELECT response $of"), qr/$words/i, "$how is told";
        $modern->behave('200');
        $db->sql("DELETE $of");
    }
    ok $speaks->stop, 'stopped';
    $modern->stop;
};

subtest 'a name that does not resolve' => sub {
    my $id     = mail('D-1');
    my $nobody = worker(
        name         => 'nobody',
        webhook_url  => 'http://receiver.invalid/hook',
        webhook_wait => 10
    )->start;
    set_status($id, 'sent');
    $stage->wait_for(60, sub { attempts($id) });
    like $db->value('SELECT response FROM bounce.event'), qr/resolve|Timeout|timed out/,
        'is told, and the event kept';
    ok $nobody->stop, 'stopped';
    $db->sql('DELETE FROM bounce.event');
};

subtest 'configuration' => sub {
    for my $row (
        [ 'http needs a word', qr/http needs webhook_cleartext/, webhook_cleartext => 'no' ],
        [ 'other schemes', qr/must begin with https/, webhook_url => 'file:///etc/passwd' ],
        [ 'unsigned',      qr/needs webhook_secret_file/, webhook_secret_file => '' ],
        ) {
        my ($name, $words, %key) = @$row;
        my $refused = worker(%key, name => 'refused')->launch;
        ok $refused->is_gone, "$name: it does not start";
        ok scalar(my @line = $refused->log_lines($words)), "$name: it says why";
    }
};

finish();
