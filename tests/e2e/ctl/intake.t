# SPDX-License-Identifier: BSD-2-Clause
# bouncectl intake: standard input, maildir, mbox. Nothing is lost: 0 means recorded, and a person
# has what a person must see.
use Bounce::Ctl;
use Bounce::Test;
use IO::Socket::UNIX;
use POSIX ();

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $db       = $stage->db;
my $ctl      = Bounce::Ctl->new($stage, role => 'bounce_milter');

my $rules = $stage->one_rule;

# A sendmail(1) that keeps what it is given, or fails or reads nothing when it shall.
my $outbox   = $instance->make_dir('outbox');
my $sendmail = $instance->write_file('sendmail', <<"END");
#!/bin/sh
[ -e $outbox/fail ] && exit 75
[ -e $outbox/deaf ] && exit 0
n=\$(ls $outbox | wc -l)
cat > $outbox/\$n.mail
grep -q '^Refuse this\$' $outbox/\$n.mail && { rm $outbox/\$n.mail; exit 75; }
grep -q '^Press Ctrl-C\$' $outbox/\$n.mail && kill -INT \$PPID
printf '%s\\n' "\$@" > $outbox/\$n.arguments
END
chmod 0755, $sendmail;
my @intake = ('intake', '--rules', $rules, '--sendmail', $sendmail);

sub slurp { my ($path) = @_; return join '', $instance->read_lines($path) }

sub outbox {
    return map { slurp($_) } sort glob "$outbox/*.mail";
}
sub clear_outbox { unlink glob "$outbox/*"; return }
# No two of them have the same words: the same words are the same report.
my $puzzles = 0;

sub puzzle {
    my ($letter) = @_;
    return $stage->report('nobody-can-tell', $letter) . 'Case ' . ++$puzzles . "\n";
}
sub letter   { my ($address) = @_; return $stage->register(process => 'invoice', to => [$address]) }
sub path_of  { my ($letter)  = @_; return $letter->{return_path}{ $letter->{to}[0] } }
sub state_of { my ($letter)  = @_; return $stage->recipient($letter)->{state} }

subtest 'standard input' => sub {
    my $letter = letter('anna@customer.example');
    my $report = $stage->report('postfix-user-unknown', $letter);
    my ($status, $output) = $ctl->run({ input => $report }, @intake, '--to', path_of($letter));
    is $status,           0,         'exit status' or diag $output;
    is $output,           '',        'a pipe is told nothing';
    is state_of($letter), 'bounced', 'recorded, and what follows is done';
    is $db->value('SELECT trust FROM bounce.bounce ORDER BY id DESC LIMIT 1'), 'token',
        'as far as its token is trusted';
    is $db->value('SELECT source FROM bounce.bounce_message ORDER BY id DESC LIMIT 1'), 'stdin',
        'its source';
    is + ($ctl->run({ input => $report }, @intake, '--to', path_of($letter)))[0], 0,
        'the MTA tries again: taken';
    is $stage->count('bounce.bounce_message'), 1, 'and nothing changes';
    my ($said)
        = map { JSON::PP->new->decode($_) }
        ($ctl->run({ input => $report }, @intake, '--json', '--to', path_of($letter)))[1];
    is $said->{duplicate}, JSON::PP::true(), 'JSON says so';
    is $said->{class},     'hard',           'and what it is';
};

subtest 'the envelope from headers, and a From line' => sub {
    my $letter = letter('bert@customer.example');
    my $report
        = "From MAILER-DAEMON Sat Nov 21 22:00:00 2026\nReturn-Path: <>\nX-Original-To: "
        . path_of($letter) . "\n"
        . $stage->report('postfix-user-unknown', $letter);
    is + ($ctl->run({ input => $report }, @intake, '-'))[0], 0,         'taken';
    is state_of($letter),                                    'bounced', 'recorded';
    is $db->value('SELECT trust FROM bounce.bounce ORDER BY id DESC LIMIT 1'), 'token',
        'the token of X-Original-To counts';
    is $db->value(
              "SELECT position('From ' IN convert_from(raw, 'UTF8')) FROM bounce.bounce_message "
            . "ORDER BY id DESC LIMIT 1"), 0, 'the From line is not part of it';
};

subtest 'our own MTA' => sub {
    my $letter = letter('own@customer.example');
    my $report = $stage->report('postfix-user-unknown', $letter,
        to => 'bounces@' . Bounce::Postfix::BOUNCE_DOMAIN);
    is + ($ctl->run(
        { input => $report },
        @intake, '--to', 'bounces@' . Bounce::Postfix::BOUNCE_DOMAIN, '--own-mta'
    ))[0], 0, 'taken';
    is $db->value('SELECT trust FROM bounce.bounce ORDER BY id DESC LIMIT 1'), 'own_mta',
        '--own-mta is the mark';
    my $other = letter('other@customer.example');
    my $plain = $stage->report('postfix-user-unknown', $other,
        to => 'bounces@' . Bounce::Postfix::BOUNCE_DOMAIN);
    is + ($ctl->run(
        { input => $plain },
        @intake, '--to', 'bounces@' . Bounce::Postfix::BOUNCE_DOMAIN
    ))[0], 0, 'taken';
    isnt $db->value('SELECT trust FROM bounce.bounce ORDER BY id DESC LIMIT 1'), 'own_mta',
        'without it there is none';
};

subtest 'what nobody can classify' => sub {
    my $letter = letter('f@farm.example');
    my $report = puzzle($letter) =~ s/^/X-Bounce-Class: hard\n forged\nX-Bounce-Other: x\n/r;
    is + ($ctl->run({ input => $report }, @intake, '--to', path_of($letter)))[0], 0, 'taken';
    my ($mail) = outbox();
    is Bounce::Mail::header($mail, 'X-Bounce-Class'), 'unclassified',
        'it is handed on with its class';
    is Bounce::Mail::header($mail, 'X-Bounce-Reason'), 'undetermined', 'its reason';
    is Bounce::Mail::header($mail, 'X-Bounce-Id'),
        $db->value('SELECT max(id) FROM bounce.bounce'), 'and the number that commands take';
    unlike $mail, qr/forged|X-Bounce-Other/, 'what a stranger wrote there is gone';
    is Bounce::Mail::body($mail), Bounce::Mail::body($report), 'the body is as it was';
    is slurp("$outbox/0.arguments"),
        join("\n", '-i', '-f', '<>', '--', Bounce::Stage::OPERATOR) . "\n",
        'to the operator, from nobody';

    clear_outbox();
    my $filler
        = join '', map { "X-Filler: $_" . ('x' x 900) . "\nX-Bounce-Class: forged\n" } 1 .. 3000;
    my $long = puzzle(letter('long@farm.example')) =~ s/^/$filler/r;
    is + ($ctl->run({ input => $long }, @intake, '--to', 'x@bounces.example.org'))[0], 0,
        'a header of megabytes is taken';
    ($mail) = outbox();
    unlike $mail, qr/forged/, 'and cleaned to its end';
    like $mail, qr/^X-Filler: 3000x/m, 'without a loss';
    is Bounce::Mail::body($mail), Bounce::Mail::body($long), 'nor one in the body';

    # [a mail, what of it stands behind our fields]
    for my $row (
        [ "A: b\rX-Bounce-Id: 1\n\nc\rd\n",   "A: b X-Bounce-Id: 1\n\nc\rd\n" ],
        [ " 1\nA: b\n\nX-Bounce-Id: 1\n",    "\n 1\nA: b\n\nX-Bounce-Id: 1\n" ],
        [ "A: b\nc\nX-Bounce-Id: 1\n",        "A: b\n\nc\nX-Bounce-Id: 1\n" ],
        [ "A: b\r\nX-Bounce-Id: 1\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n" ],
        [ "\r\nX-Bounce-Id: 1\r\n",           "\r\nX-Bounce-Id: 1\r\n" ],
    ) {
        clear_outbox();
        $ctl->run({ input => $row->[0] }, @intake, '--to', 'x@bounces.example.org');
        my ($copy) = map {/^X-Bounce-Id: \d+\n(.*)\z/ms} outbox();
        is $copy, $row->[1], 'nothing in it passes for ours';
    }

    clear_outbox();
    $instance->write_file('outbox/fail', '');
    my $again = puzzle(letter('g@farm.example'));
    is + ($ctl->run({ input => $again }, @intake, '--to', 'x@bounces.example.org'))[0], 75,
        'sendmail fails: try again';
    unlink "$outbox/fail";
    $instance->write_file('outbox/deaf', '');
    my ($deaf, $why) = $ctl->run({ input => $again . "Words to fill a pipe.\n" x 10_000 },
        @intake, '--to', 'x@bounces.example.org');
    is $deaf, 75, 'nor is it believed where it has read nothing';
    like $why, qr/ended before it had read the whole mail/, 'and that is said';
    my $stored = $stage->count('bounce.bounce_message');
    clear_outbox();
    is + ($ctl->run({ input => $again }, @intake, '--to', 'x@bounces.example.org'))[0], 0,
        'tried again: taken';
    is scalar(outbox()),                       1,       'and handed on';
    is $stage->count('bounce.bounce_message'), $stored, 'recorded once';

    clear_outbox();
    $stage->parameter(operator_mailbox => '');
    my $nobody = puzzle(letter('h@farm.example'));
    my ($status, $said) = $ctl->run({ input => $nobody }, @intake, '--to', 'x@bounces.example.org');
    is $status, 75, 'no operator: the MTA keeps it';
    like $said, qr/operator_mailbox/, 'and its log says what to do';
    is + ($ctl->run(
        { input => $nobody }, @intake,
        '--to',               'x@bounces.example.org',
        '--operator',         'eva@example.org'
    ))[0], 0, '--operator: taken';
    like slurp("$outbox/0.arguments"), qr/^eva\@example\.org$/m, 'handed to her';
    $stage->parameter(operator_mailbox => Bounce::Stage::OPERATOR);
    clear_outbox();
};

subtest 'a long mail is handed on whole' => sub {
    my $long = puzzle(letter('long@farm.example')) . ("0123456789abcde\n" x 200_000);
    is + ($ctl->run({ input => $long }, @intake, '--to', 'x@bounces.example.org'))[0], 0, 'taken';
    my ($mail) = outbox();
    is length(Bounce::Mail::body($mail)), length(Bounce::Mail::body($long)),
        'all of it, beyond what is read';
    clear_outbox();
};

subtest 'maildir' => sub {
    my $maildir = $instance->make_dir('maildir');
    $instance->make_dir("maildir/$_") for qw(new cur tmp);
    my $known = letter('m1@customer.example');
    my $head  = sub { return "Return-Path: <>\nDelivered-To: " . path_of($_[0]) . "\n" };
    $instance->write_file('maildir/new/1.a.host',
        $head->($known) . $stage->report('postfix-user-unknown', $known));
    $instance->write_file('maildir/new/2.b.host', puzzle(letter('m2@farm.example')));
    my ($status, $output) = $ctl->run(@intake, $maildir);
    is $status, 0, 'exit status' or diag $output;
    like $output, qr/^2 mails recorded, 0 of them known already, 1 handed on$/m, 'said';
    is state_of($known), 'bounced', 'recorded';
    is_deeply [ map { s/.*maildir.//r } glob "$maildir/*/*" ],
        [ 'cur/1.a.host:2,S', 'cur/2.b.host:2,S' ], 'both are in cur, seen';
    like + ($ctl->run(@intake, $maildir))[1], qr/^0 mails recorded/m,
        'a second run has nothing to do';

    $stage->parameter(operator_mailbox => '');
    $instance->write_file('maildir/new/3.c.host', puzzle(letter('m3@farm.example')));
    is + ($ctl->run(@intake, $maildir))[0], 0, 'no operator';
    is_deeply [ map { s/.*maildir.//r } glob "$maildir/*/3*" ], ['cur/3.c.host:2,'],
        'it stays there, not seen';
    $stage->parameter(operator_mailbox => Bounce::Stage::OPERATOR);
    is + ($ctl->run(@intake, $outbox))[0], 1, 'a folder that is no maildir';
    clear_outbox();
};

subtest 'files that are none' => sub {
    my $fifo = $instance->path('fifo');
    POSIX::mkfifo($fifo, 0600) or die $!;
    for my $path ($fifo, '/dev/zero') {
        my ($status, $output) = $ctl->run(@intake, $path);
        is $status, 1, "$path is refused";
        like $output, qr/: is no mail$/m, 'and named';
    }
};

subtest 'the envelope in a header is what SMTP could have carried' => sub {
    my $known = letter('trace@customer.example');
    my $mail  = "Return-Path: <a\x1b[2J\@example.net>\nX-Original-To: \xff\@example.net\n"
        . "Envelope-To: a\t<b\@\nDelivered-To: no-address\nX-Original-To: "
        . ('x' x 2000) . "\nDelivered-To: " . path_of($known) . "\n"
        . $stage->report('postfix-user-unknown', $known);
    is + ($ctl->run({ input => $mail }, @intake))[0], 0, 'taken';
    is $db->value('SELECT envelope_sender || envelope_recipients::text FROM bounce.bounce_message '
            . 'ORDER BY id DESC LIMIT 1'), '{' . path_of($known) . '}', 'nothing else is recorded';
    is state_of($known), 'bounced', 'by its true return path';
};

subtest 'mbox' => sub {
    my @letter = map { letter("box$_\@customer.example") } 1 .. 3;
    my $mbox   = join '', map {
              "From MAILER-DAEMON Sat Nov 21 22:00:00 2026\nDelivered-To: "
            . path_of($_) . "\n"
            . $stage->report('postfix-user-unknown', $_) . "\n"
    } @letter;
    $mbox .= "From x Sat Nov 21 22:00:00 2026\n" . puzzle(letter('box4@farm.example')) . "\n";
    my $path = $instance->write_file('mbox', $mbox);
    my ($status, $output) = $ctl->run(@intake, $path);
    is $status, 0, 'exit status' or diag $output;
    is_deeply [ map { state_of($_) } @letter ], [ ('bounced') x 3 ], 'each is recorded';
    is scalar(outbox()), 1,     'one is handed on';
    is slurp($path),     $mbox, 'the file is as it was';
    like + ($ctl->run(@intake, $path))[1],
        qr/^4 mails recorded, 4 of them known already, 0 handed on$/m,
        'again: nothing changes, nobody is bothered twice';
    clear_outbox();
};

# Mails in one file are recorded together; what happens to one of them is its own affair.
subtest 'recorded together' => sub {
    my @letter = map { letter("together$_\@customer.example") } 1 .. 5;
    my $mbox   = sub {
        my ($name, @mail) = @_;
        return $instance->write_file($name,
            join '', map { "From x Sat Nov 21 22:00:00 2026\n$_\n" } @mail);
    };
    my @mail = map {
        "Delivered-To: " . path_of($_) . "\n" . $stage->report('postfix-user-unknown', $_)
    } @letter;
    my $function = 'ON FUNCTION bounce.record_report';
    $db->sql("REVOKE EXECUTE $function FROM bounce_milter");
    my ($status, $output) = $ctl->run(@intake, $mbox->('together', @mail[ 0, 1 ]));
    $db->sql("GRANT EXECUTE $function TO bounce_milter");
    is $status, 0, 'by one statement' or diag $output;
    is_deeply [ map { state_of($_) } @letter[ 0, 1 ] ], [ ('bounced') x 2 ], 'all are recorded';

    $db->sql(<<'END');
CREATE SEQUENCE public.test_step;
CREATE FUNCTION public.test_trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.subject ~ 'Poison' THEN RAISE check_violation; END IF;
  IF nextval('public.test_step') = 3 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER test_trap BEFORE INSERT ON bounce.bounce_message FOR EACH ROW
  EXECUTE FUNCTION public.test_trap();
END
    ($status, $output) = $ctl->run(@intake, '--json', $mbox->('killed', @mail[ 2 .. 4 ]));
    is $status, 0, 'the connection ends in the middle' or diag $output;
    is_deeply [ map { state_of($_) } @letter[ 2 .. 4 ] ], [ ('bounced') x 3 ],
        'all are recorded';
    my @said = map { JSON::PP->new->decode($_) } grep { /^\{/ } split /^/, $output;
    is_deeply [ map { $_->{name} =~ /(\d+)$/ } @said ], [ 1 .. 3 ], 'said in their order';
    my $whose = 'SELECT communication_id FROM bounce.bounce WHERE id = ';
    is_deeply [ map { $db->value("$whose$_->{bounce_id}") } @said ],
        [ map { $_->{id} } @letter[ 2 .. 4 ] ], 'each with its own bounce';
    is_deeply [ map { $_->{duplicate} } @said ], [ (JSON::PP::false()) x 3 ],
        'and none was half recorded before';

    my @other = map { letter("poison$_\@customer.example") } 1 .. 3;
    @mail = map {
        "Delivered-To: " . path_of($_) . "\n" . $stage->report('postfix-user-unknown', $_)
    } @other;
    $mail[1] =~ s/^Subject: .*/Subject: Poison/m;
    clear_outbox();
    ($status, $output) = $ctl->run(@intake, $mbox->('poison', @mail));
    is $status, 0, 'one that can never be stored' or diag $output;
    like $output, qr/poison, mail 2: .*^2 mails recorded, .* 1 handed on/ms, 'is said, and which';
    is_deeply [ map { state_of($_) } @other ], [qw(bounced sent bounced)], 'the others are stored';
    is Bounce::Mail::header((outbox())[0], 'X-Bounce-Reason'), 'not-recorded',
        'a person gets that one';
    $db->sql('DROP TRIGGER test_trap ON bounce.bounce_message');
    clear_outbox();
};

subtest 'one that fails does not hold up the others' => sub {
    my $maildir = $instance->make_dir('many');
    $instance->make_dir("many/$_") for qw(new cur tmp);
    my @letter = map { letter("many$_\@customer.example") } 1 .. 3;
    my $place  = sub {
        my ($name, $letter, $mail) = @_;
        return $instance->write_file("many/new/$name",
            "Delivered-To: " . path_of($letter) . "\n$mail");
    };
    $place->("1.a.host", $letter[0], $stage->report('postfix-user-unknown', $letter[0]));
    $place->("2.b.host", $letter[1], puzzle($letter[1]) . "Refuse this\n");
    $instance->make_dir('many/new/3.no-mail.host');
    POSIX::mkfifo("$maildir/new/3.fifo", 0600) or die $!;
    IO::Socket::UNIX->new(Local => "$maildir/new/3.socket", Listen => 1) or die $!;
    symlink '/dev/zero', "$maildir/new/3.device" or die $!;
    $place->("4.c.host", $letter[2], $stage->report('postfix-user-unknown', $letter[2]));
    my ($status, $output) = $ctl->run(@intake, $maildir);
    is $status, 75, 'one must be tried again';
    like $output, qr{^bouncectl intake: \S+/new/2\.b\.host: }m, 'which, is said';
    like $output, qr{^bouncectl intake: \S+/new/3\.no-mail\.host: is no mail$}m,
        'and which is none';
    like $output, qr{^bouncectl intake: \S+/new/3\.$_: }m, "a $_ neither"
        for qw(fifo socket device);
    like $output,
        qr/^3 mails recorded, 0 of them known already, 0 handed on, 5 failed: see above$/m,
        'the sum';
    is state_of($letter[$_]), 'bounced', 'the others are recorded' for 0, 2;
    is_deeply [ map { s/.*many.//r } glob "$maildir/*/*.host*" ],
        [ 'cur/1.a.host:2,S', 'cur/4.c.host:2,S', 'new/2.b.host', 'new/3.no-mail.host' ],
        'only what is done has moved';
    my $mbox = join '',
        map { "From x Sat Nov 21 22:00:00 2026\n$_\n" } puzzle($letter[0]) . "Refuse this\n",
        puzzle($letter[1]);
    ($status, $output) = $ctl->run(@intake, $instance->write_file('mbox2', $mbox));
    is $status, 75, 'of an mbox too';
    like $output,
        qr{mbox2, mail 1: .*^2 mails recorded, 0 of them known already, 1 handed on, 1 failed}ms,
        'its first fails, its second is handed on'
        or diag $output;
    clear_outbox();
};

subtest 'Ctrl-C' => sub {
    my $maildir = $instance->make_dir('stop');
    $instance->make_dir("stop/$_") for qw(new cur tmp);
    # 64 are recorded together
    my $name = sub { return sprintf '%02d.host', $_[0] };
    my $letter = letter('stop@farm.example');
    my $known  = $stage->report('postfix-user-unknown', $letter);
    $instance->write_file('stop/new/' . $name->($_),
        $_ < 4 ? puzzle($letter) . ($_ == 2 ? "Press Ctrl-C\n" : '') : $known)
        for 1 .. 66;
    my ($status, $output) = $ctl->run(@intake, $maildir);
    is $status, 75, 'the rest must be tried again';
    like $output, qr/stopped: interrupted; what is left is for the next run\n64 mails recorded/,
        'is said'
        or diag $output;
    is_deeply [ map { s/.*stop.//r } glob "$maildir/*/*.host*" ],
        [ (map { 'cur/' . $name->($_) . ':2,S' } 1 .. 64), map { 'new/' . $name->($_) } 65, 66 ],
        'those at hand were finished';
    is + ($ctl->run(@intake, $maildir))[0], 0, 'the next run takes them';
    is scalar(outbox()),                    3, 'each was handed on once';
    clear_outbox();
};

subtest 'a call that is wrong' => sub {
    is + ($ctl->run({ input => 'x' }, @intake, @$_))[0], 75, "@$_: the MTA keeps the mail"
        for ['--no-such-option'], [ '--sendmail', '' ];
};

subtest 'the database is away' => sub {
    my $letter  = letter('away@customer.example');
    my $maildir = $instance->path('maildir');
    $instance->write_file('maildir/new/9.z.host',
              "Delivered-To: "
            . path_of($letter) . "\n"
            . $stage->report('postfix-user-unknown', $letter));
    $db->stop;
    is + ($ctl->run(
        { input => $stage->report('postfix-user-unknown', $letter) }, @intake,
        '--to',                                                       path_of($letter)
    ))[0], 75, 'standard input: try again';
    is + ($ctl->run(@intake, $maildir))[0], 75, 'maildir: try again';
    ok -e "$maildir/new/9.z.host", 'the mail stays where it is';
    is + ($ctl->run(@intake, '--rules', $instance->path('no-such-rules'), '-'))[0], 75,
        'faulty rules: the MTA keeps it';
    $db->restart;
    is + ($ctl->run(@intake, $maildir))[0], 0,         'afterwards it is taken';
    is state_of($letter),                   'bounced', 'and recorded';
};

finish();
