# SPDX-License-Identifier: BSD-2-Clause
# The operator's copies by a server with a login, a real Postfix with SASL and TLS: queued whichever
# way the letter came in, and sent exactly once, or told to be sent again, whatever fails meanwhile.
use Bounce::Ctl;
use Bounce::Delivery;
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::SubmissionServer;
use Bounce::Test;
use IO::Socket::INET;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $db       = $stage->db;
my $ctl      = Bounce::Ctl->new($stage);
my $intake   = Bounce::Ctl->new($stage, role => 'bounce_milter');

# Dovecot keeps a mailbox, and the passwords that Postfix asks for.
my $submission = Bounce::SubmissionServer->new($instance);
my $dovecot    = Bounce::Dovecot->start($instance, settings => $submission->dovecot);
my $refused    = $instance->write_file('refused', "no\@example.org 550 5.1.1 nobody\n");
$stage->{postfix} = $submission->postfix(
    restrictions => "check_recipient_access texthash:$refused permit_sasl_authenticated reject");

my $few = $stage->one_rule;
$stage->daemon->set(rules_dir => $few);
$stage->start_servers;
$stage->parameter(operator_copy           => 'smtp');
$stage->parameter(operator_copy_delay     => '1 second');
$stage->parameter(operator_copy_max_delay => '1 second');

sub password { return $submission->password(@_) }
my %smtp = $submission->keys;

# A bounce-delivery that sends copies; its ordinary mail has no server.
sub worker {
    my (%key) = @_;
    return Bounce::Delivery->new(
        $instance, $db,
        server    => '127.0.0.1:1',
        rules_dir => $few,
        %smtp, %key
    );
}

my $number = 0;

sub letter {
    my ($subject) = @_;
    $number++;
    return
          "From: Anna <anna\@customer.example>\nTo: x\@bounces.example.org\nSubject: $subject\n"
        . "Message-ID: <letter.$number\@customer.example>\nX-Bounce-Class: forged\n\n"
        . "Is $subject for you?\n.\nYours, Änne\n";
}

# By bouncectl intake, which needs no MTA; the bounce.
sub put {
    my ($subject) = @_;
    my ($status, $said) = $intake->run({ input => letter($subject) }, 'intake', '--rules', $few);
    is $status, 0, "$subject: recorded" or diag $said;
    return $db->value('SELECT max(id) FROM bounce.bounce');
}

# The operator's mails about a letter with that subject, header and text apart.
sub arrived {
    my ($subject) = @_;
    return map { $_->[1] }
        grep   { (Bounce::Mail::header($_->[1], 'Subject') // '') eq "Letter: $subject" }
        $stage->mta->mailbox('operator');
}

# How many it has once everything is delivered that the server took.
sub delivered {
    my ($subject) = @_;
    $stage->wait_for(60, sub { arrived($subject) && $stage->mta->queue eq '' });
    return scalar arrived($subject);
}

sub message_ids {
    my ($subject) = @_;
    return map { Bounce::Mail::header($_, 'Message-ID') } arrived($subject);
}

sub copy {
    my ($bounce) = @_;
    return ($db->rows("SELECT * FROM bounce.operator_copy WHERE bounce_id = $bounce"))->[0];
}
sub state { my ($bounce) = @_; return copy($bounce)->{state} }

sub hurry {
    $db->sql(q(UPDATE bounce.operator_copy SET due_at = now() WHERE state = 'waiting'));
    return;
}

sub check {
    my (%key) = @_;
    my $worker = worker(name => 'check', %key);
    $worker->write_conf;
    my ($status, $said)
        = $instance->run([ $worker->program, '-c', $worker->conf, '--check' ], may_fail => 1);
    return join("\n", $said =~ /^(.*smtp_host.*)$/mg) || $said;
}

subtest 'whichever way it comes in' => sub {
    my $worker = worker()->start;
    my $lmtp   = $instance->free_port;
    my $fetch  = Bounce::Fetch->new(
        $stage,
        rules_dir         => $few,
        server            => '127.0.0.1:1',
        lmtp              => "inet:$lmtp\@127.0.0.1",
        message_bytes_max => 65_536
    );
    $fetch->mailbox_of($dovecot);
    $dovecot->put(letter('by mailbox'));
    $dovecot->put(letter('of 70,000 bytes') . ('x' x 69 . "\n") x 1000);
    $fetch->start;
    is + ($stage->smtp->send(
        from => 'anna@customer.example',
        to   => [Bounce::Stage::BOUNCE_MAILBOX],
        mail => letter('by milter')))[0], 250, 'the milter took it';
    put('by intake');
    like by_lmtp($lmtp, letter('by LMTP')), qr/^250 2\.0\.0 recorded/, 'LMTP took it';

    for my $way ('by mailbox', 'by milter', 'by intake', 'by LMTP') {
        is_soon(sub { scalar arrived($way) }, 1, "$way: arrived");
        my ($mail) = arrived($way);
        $mail =~ s/\r//g;
        like $mail, qr{^Content-Type: message/rfc822\n(?:.+\n)*\nFrom: Anna .*\nTo: .*\nSubject: }m,
            'the letter is in it';
        like $mail, qr/^Is $way for you\?\n\.\nYours, Änne$/m, 'as it came';
        my %is = map { ($_ => Bounce::Mail::header($mail, $_) // '') }
            qw(X-Bounce-Class X-Bounce-Reason X-Bounce-Id From To Auto-Submitted Return-Path);
        my $bounce = $is{'X-Bounce-Id'};
        is_deeply [ @is{qw(X-Bounce-Class X-Bounce-Reason)} ], [qw(unclassified undetermined)],
            'with our verdict';
        is_soon(sub { state($bounce) }, 'sent', 'it is settled');
        is $is{From},          'bounce-milter <' . Bounce::Dovecot::USER . '>', 'from our account';
        is $is{'Return-Path'}, '<' . Bounce::Dovecot::USER . '>', 'in the envelope, too';
    }
    is_soon(sub { scalar arrived('of 70,000 bytes') }, 1, 'the beginning of a long one, too');
    like + (arrived('of 70,000 bytes'))[0], qr/only the first 65536 are attached/, 'told';
    is scalar $stage->mta->mailbox('operator'), 5, 'each once';
    is scalar $stage->mta->mailbox('bounces'),  0, 'and nobody else got one';
    is_soon(sub { scalar(my @mails = $dovecot->mails('Unclassified')) }, 2, 'originals are kept');
    ok $fetch->stop && $worker->stop, 'stopped';
};

sub by_lmtp {
    my ($port, $mail) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die "LMTP: $!\n";
    my $reply  = readline $socket;
    $mail =~ s/^\./../mg;
    for my $line ('LHLO x', 'MAIL FROM:<>', 'RCPT TO:<x@bounces.example.org>', 'DATA', "$mail.") {
        print {$socket} $line =~ s/\n/\r\n/gr, "\r\n";
        do { $reply = readline $socket } while $reply =~ /^\d{3}-/;
    }
    return $reply;
}

subtest 'the server cannot be reached for a while' => sub {
    $stage->mta->stop;
    my $worker = worker()->start;
    my @bounce = map { put("away $_") } 1 .. 3;
    is_soon(sub { copy($bounce[0])->{attempts} > 1 ? 1 : 0 }, 1, 'it is tried again');
    like $ctl->output('copies', 'list'), qr/waiting .*cannot reach it/, 'bouncectl says why';
    $stage->mta->restart;
    is_soon(
        sub {
            join ' ', map { state($_) } @bounce;
        },
        'sent sent sent',
        'then all go out'
    );
    is delivered("away $_"), 1, 'once' for 1 .. 3;
    ok $worker->stop, 'stopped';
};

subtest 'a wrong password, and the right one later' => sub {
    password('wrong');
    like check(), qr/^FAULT +smtp_host +login as \S+ refused: 535/, '--check tries it';
    my $worker = worker()->start;
    my $bounce = put('password');
    is_soon(sub { copy($bounce)->{response} =~ /login as \S+ refused: 535/ ? 1 : 0 }, 1, 'refused');
    is state($bounce), 'waiting', 'it waits';
    password(Bounce::Dovecot::PASSWORD);
    is_soon(sub { state($bounce) }, 'sent', 'the file is read at each login');
    is delivered('password'), 1, 'once';
    ok $worker->stop, 'stopped';
    like check(), qr/^ok +smtp_host +it answers, its certificate is good, and it took the login/,
        '--check: all is well';
};

subtest 'a certificate that is not trusted, or of another' => sub {
    for my $case (
        [ 'not trusted', qr/certificate: self.signed/, smtp_tls_ca_file => '' ],
        [ 'of another',  qr/certificate: .*mismatch/i, smtp_host        => '127.0.0.1' ]
    ) {
        my ($name, $words, %key) = @$case;
        like check(%key), qr/^FAULT +smtp_host .*$words/, "$name: --check";
        my $worker = worker(%key, name => "c$number")->start;
        my $bounce = put($name);
        is_soon(sub { copy($bounce)->{response} =~ $words ? 1 : 0 }, 1, "$name: not sent");
        is scalar(grep { /sasl_username/ && /$name/ } $stage->mta->log_lines(qr/smtpd/)), 0,
            'nor the password';
        ok $worker->stop, 'stopped';
    }
    my $worker = worker(smtp_protocol => 'smtp', smtp_port => $submission->port('smtp'))->start;
    is_soon(sub { scalar arrived('of another') },
        1, 'by STARTTLS and the right certificate it goes');
    is_soon(sub { scalar arrived('not trusted') }, 1, 'so does the other');
    ok $worker->stop, 'stopped';
};

subtest 'killed before anything was sent' => sub {
    my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die "$!\n";
    my $worker = worker(smtp_protocol => 'smtp', smtp_port => $silent->sockport)->start;
    my $bounce = put('killed early');
    is_soon(sub { copy($bounce)->{attempts} }, 1, 'it is in hand');
    $worker->kill;
    is state($bounce), 'waiting', 'it is not lost';
    $worker = worker()->start;
    hurry();
    is_soon(sub { state($bounce) }, 'sent', 'when the lease is over, another sends it');
    is delivered('killed early'), 1, 'once';
    like + (arrived('killed early'))[0], qr/You may have got it before/, 'told: nobody knew';
    ok $worker->stop, 'stopped';
};

subtest 'killed after the server took it' => sub {
    $db->sql(<<'END');
CREATE FUNCTION public.wait_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_sleep(600);
  RETURN NEW;
END $$;
CREATE TRIGGER wait_here BEFORE UPDATE ON bounce.operator_copy FOR EACH ROW
WHEN (NEW.state = 'sent') EXECUTE FUNCTION public.wait_here();
END
    my $worker = worker()->start;
    my $bounce = put('killed late');
    is_soon(sub { scalar arrived('killed late') }, 1, 'the operator has it');
    my $settles = "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query ~ 'settle_copy'";
    is_soon(sub { $db->value("SELECT count(*) $settles") }, 1, 'and we are about to note it');
    $worker->kill;
    $db->sql("SELECT pg_terminate_backend(pid) $settles");
    $db->sql('DROP FUNCTION public.wait_here CASCADE');
    is state($bounce), 'waiting', 'we do not know it';
    $worker = worker()->start;
    hurry();
    is_soon(sub { state($bounce) },                'sent', 'so it is sent again');
    is_soon(sub { scalar arrived('killed late') }, 2,      'to be told apart by nobody but');
    my @id = message_ids('killed late');
    is $id[0], $id[1], 'the same Message-ID';
    like + (arrived('killed late'))[1], qr/You may have got it before/, 'and the text';
    my ($listed) = grep { $_->{bounce_id} == $bounce } $ctl->json('copies', 'list', '--all');
    ok $listed->{is_uncertain}, 'and the list';
    ok $worker->stop,           'stopped';
};

subtest 'refused for good, and sent again by a person' => sub {
    $stage->parameter(operator_mailbox => 'no@example.org');
    my $worker = worker()->start;
    my $bounce = put('refused');
    is_soon(sub { state($bounce) }, 'dead', 'given up');
    like $ctl->output('tasks'), qr/letters for the operator/, 'a task tells';
    like $ctl->output('status'), qr/^Copies given up \(1\): the operator did not get them/m,
        'so does status';
    $stage->parameter(operator_mailbox => Bounce::Stage::OPERATOR);
    like $ctl->output('copies', 'retry'), qr/^1 copies are sent again/, 'again';
    is_soon(sub { state($bounce) }, 'sent', 'to where it belongs now');
    is delivered('refused'), 1, 'once';
    unlike $ctl->output('tasks'), qr/letters for the operator/,   'the task is closed';
    like $ctl->output('copies', 'retry', $bounce), qr/^1 copies/, 'and once more, wanted by hand';
    is_soon(sub { scalar arrived('refused') }, 2, 'it comes');
    my @id = message_ids('refused');
    is $id[0], $id[1], 'with its Message-ID';
    ok $worker->stop, 'stopped';
};

subtest 'what the file must say' => sub {
    for my $case (
        [
            'a login without a password',
            qr/smtp_password_file: must be set/,
            smtp_password_file => ''
        ],
        [ 'a sender that is none',   qr/smtp_sender: must be an address/, smtp_user     => 'anna' ],
        [ 'a port that is none',     qr/smtp_port: not 1 to 65535/,       smtp_port     => 'x' ],
        [ 'a protocol that is none', qr/smtp_protocol/,                   smtp_protocol => 'pop3' ],
        [
            'a file that is not there',
            qr/^FAULT +smtp_host +smtp_password_file: .*No such file/,
            smtp_password_file => '/x'
        ]
    ) {
        my ($name, $words, %key) = @$case;
        like check(%key), $words, $name;
    }
};

# What --check says of the password's owner and mode can be followed to the letter.
subtest 'who may read the password' => sub {
    plan skip_all => 'needs two accounts' if !$instance->is_root;
    my $path = $instance->write_file('given.password', Bounce::Dovecot::PASSWORD . "\n");
    chmod 0644, $path;
    my $said = check(smtp_password_file => $path);
    like $said, qr/^ok +smtp_host/m, 'one that everybody may read is good';
    my $user = $instance->daemon_user;
    like $said,
        qr/^warning +smtp_host +smtp_password_file: .*: chown $user \Q$path\E and chmod 600/m,
        'and is warned of';
    chmod 0600, $path;
    like check(smtp_password_file => $path),
        qr/^FAULT +smtp_host +smtp_password_file: .*denied; chown $user \Q$path\E$/m,
        'one of another account alone is not good';
    chown + (getpwnam $user)[ 2, 3 ], $path;
    $said = check(smtp_password_file => $path);
    like $said,   qr/^ok +smtp_host/m, 'once both are done, all is well';
    unlike $said, qr/^(?:warning|FAULT) +smtp_host/m, 'and nothing is said';
    my $folder = $instance->make_dir('closed');
    chmod 0700, $folder;
    chown 0, 0, $folder;
    like check(smtp_password_file => "$folder/password"), qr/; $user must be able to look into its/,
        'a folder that is closed';
};

# As somebody who reads only the man page carries over what he had.
subtest 'the old settings, line by line' => sub {
    my %old = (
        protocol         => 'imaps',
        host             => 'localhost',
        port             => $dovecot->port('imaps'),
        username         => Bounce::Dovecot::USER,
        password         => Bounce::Dovecot::PASSWORD,
        smtpProtocol     => 'smtp',
        smtpHost         => 'localhost',
        smtpPort         => $submission->port('smtp'),
        smtpUser         => Bounce::Dovecot::USER,
        smtpPassword     => Bounce::Dovecot::PASSWORD,
        forwardToAddress => Bounce::Stage::OPERATOR
    );
    my %ours;
    my @commands;
    for my $line ($instance->read_lines(Bounce::Instance::tree() . '/doc/bounce-fetch.8')) {
        $ours{$1} = $2 if $line =~ /^\.It (\w+) Ta (?:Va|the parameter Li) (\w+)/;
        push @commands, $1 if $line =~ /^\.Dl sudo -u postgres bouncectl (params .*)/;
    }
    is_deeply [ sort keys %ours ], [ sort keys %old ], 'the page has all, and no more';
    my %key = map { ($ours{$_} => /password/i ? password($old{$_}) : $old{$_}) } keys %ours;
    is_deeply [ grep { !/^smtp_/ } sort keys %key ],
        [qw(host operator_mailbox password_file port protocol username)], 'those of the mailbox';
    $stage->parameter(operator_mailbox => 'nobody@example.org');
    $stage->parameter(operator_copy    => 'mta');
    for my $command (@commands) {
        my @word = map { $_ eq 'ADDRESS' ? delete $key{operator_mailbox} : $_ } split ' ', $command;
        my ($status, $said) = $ctl->run(@word);
        is $status, 0, "bouncectl $command" or diag $said;
    }
    my %mailbox = map { ($_ => $key{$_}) } grep { !/^smtp_/ } keys %key;
    my %copies  = map { ($_ => $key{$_}) } grep { /^smtp_/ } keys %key;
    my $fetch   = Bounce::Fetch->new($stage, server => '127.0.0.1:1', rules_dir => $few);
    $fetch->mailbox('test', %mailbox, tls_ca_file => $dovecot->certificate);
    my ($status, $said) = $fetch->once('--check');
    is $status, 0, 'bounce-fetch --check' or diag $said;
    delete @smtp{ grep { $_ ne 'smtp_tls_ca_file' } keys %smtp };
    like check(%copies), qr/^ok +smtp_host .* took the login/, 'bounce-delivery --check';
    $dovecot->put(letter('carried over'));
    my $worker = worker(%copies)->start;
    is + ($fetch->once)[0], 0, 'read';
    is_soon(sub { scalar arrived('carried over') }, 1, 'and forwarded');
    $fetch->set(message_bytes_max => 65_536);
    $fetch->mailbox_of($dovecot, protocol => 'pop3s');
    $dovecot->put(letter('long, by POP3') . ('x' x 69 . "\n") x 1000);
    is + ($fetch->once)[0], 0, 'pop3s: a long one is read';
    is_soon(sub { scalar arrived('long, by POP3') }, 1, 'its beginning is forwarded');
    is scalar(my @whole = $dovecot->mails), 1, 'and the mailbox keeps the whole';
    ok $worker->stop, 'stopped';
};

finish();
