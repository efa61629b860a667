# SPDX-License-Identifier: BSD-2-Clause
# A stranger writes every byte: each mail gets an answer, dearly bought by nobody but him, and the
# daemon lives on.
use Bounce::Bench;
use Bounce::Test;

use constant PROCESSOR_SECONDS => 10;         # for a mail at the most: a timeout is far behind
use constant MEMORY_KB         => 500_000;

my $stage = stage();

# A report with this for its delivery status, and whatever follows.
sub report {
    my ($status, @part) = @_;
    return join "\n", 'Content-Type: multipart/report; report-type=delivery-status; boundary=x', '',
        (
        map { ('--x', $_) }
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; evil.test\n\n$status",
        @part
        ),
        "--x--\n";
}

# What the processes of Postfix that still run have used of the processor.
sub postfix_seconds {
    return Bounce::Bench::processor(Bounce::Bench::children($stage->instance->pid('postfix')));
}

# One recipient that failed.
sub failed {
    my ($address) = @_;
    return "Final-Recipient: rfc822; $address\nAction: failed\nStatus: 5.1.1\n\n";
}

# A report that returns this as the original.
sub returning {
    my ($type, $mail) = @_;
    return report(failed('a@customer.example'), "Content-Type: $type\n\n$mail");
}

sub nested {
    my ($depth) = @_;
    return join '', map { "Content-Type: multipart/mixed; boundary=b$_\n\n--b$_\n" } 1 .. $depth;
}

my $groups = "g:g:g:g:\n " x 20_000;                  # the recursion that kills a naive parser
my $drop   = q{'); DROP SCHEMA bounce CASCADE; --};

# name => the mail after the three headers that every one gets, or with "bare" the whole mail
#<<< perltidy
my @hostile = (
    [ 'nested address groups'            => 'To: ' . 'g:' x 40_000 . "\n\nbody\n" ],
    [ 'nested address groups, folded'    => "To: $groups\n\nbody\n" ],
    [ 'nested groups in a returned mail' => returning('message/rfc822', "To: $groups\n\nx") ],
    [ 'nested groups in message/news'    => returning('message/news', "From: $groups\n\nx") ],
    [ 'nested groups in message/rfc2822' =>
          returning('message/rfc2822', "Reply-To: $groups\nCc: $groups\n\nx") ],
    [ 'nested comments'                  => 'To: ' . "((((((((\n " x 10_000 . "\n\nbody\n" ],
    [ 'a hundred thousand header fields' => "A: b\n" x 100_000 . "\nbody\n" ],
    [ 'a million fields in a part' =>
          returning('message/rfc822', "A: b\n" x 1_000_000 . "\nx") ],
    [ 'a million parts' =>
          "Content-Type: multipart/mixed; boundary=x\n\n" . "--x\n\n" x 1_000_000 . "--x--\n" ],
    [ 'three thousand levels'            => nested(3000) . "\nend\n" ],
    [ 'one boundary for all levels' =>
          "Content-Type: multipart/mixed; boundary=x\n\n--x\n" x 2000 . "\nend\n" ],
    [ 'a hundred thousand recipients' =>
          report(join '', map { failed("r$_\@customer.example") } 1 .. 100_000) ],
    [ 'thirty megabytes'                 => report('') . ('x' x 998 . "\n") x 30_000 ],
    [ 'NUL in header and body' =>
          "X: a\0b\nX: \0\0\n" . returning('message/rfc822', "Subject: \0\n\n\0\0\0") ],
    [ 'bare CR for line ends'            => "To: a\rSubject: b\r\rbody\r" . "x\r" x 1000 ],
    [ 'bytes that are no text' =>
          returning('message/rfc822', join '', map { chr 128 + $_ % 128 } 1 .. 500) ],
    [ 'no header at all'                 => "\nbody\n", 'bare' ],
    [ 'nothing at all'                   => '', 'bare' ],
    [ 'a report without an end' =>
          report("Final-Recipient: rfc822;") =~ s/\n--x--\n\z//r ],
    [ 'base64 that is none' =>
          report(failed('a@customer.example'))
              =~ s/(delivery-status\n)\n/$1Content-Transfer-Encoding: base64\n\n!!!/r ],
    [ 'an encoded-word bomb' =>
          'X: ' . ('=?utf-8?B?' . 'QUFB' x 15 . "?=\n ") x 2000 . "\n\nx\n" ],
    [ 'SQL in every field' =>
          "X: $drop\n"
              . returning('message/rfc822', "Message-ID: <$drop>\n"
              . "X-Communication-ID: ' OR 1=1 --\nSubject: $drop\n\n$drop") ],
);
#>>>

my ($pid) = map { /^(\d+)/ } $stage->instance->read_lines($stage->instance->path('milter/pid'));
my $victim
    = $stage->register(process => 'invoice', to => [ 'a@customer.example', 'b@customer.example' ]);

for my $case (@hostile) {
    my ($name, $mail, $bare) = @$case;
    (my $id = $name) =~ s/\W+/-/g;
    $mail
        = "From: MAILER-DAEMON\@evil.test\nMessage-ID: <$id\@evil.test>\n"
        . "Subject: Undelivered Mail\nMIME-Version: 1.0\n$mail"
        unless $bare;
    $mail =~ s/\n/\r\n/g;
    my $before = Bounce::Bench::processor($pid);
    my ($code, $text) = $stage->smtp->send(
        from => '',
        to   => [Bounce::Stage::BOUNCE_MAILBOX],
        mail => $mail,
        raw  => 1
    );
    my $seconds = Bounce::Bench::processor($pid) - $before;
    like $code, qr/^[245]/, sprintf('%s: an answer (%s)', $name, $code) or diag $text;
    cmp_ok $seconds, '<', PROCESSOR_SECONDS, sprintf('%s: %.2f s of processor', $name, $seconds);
    ok $stage->instance->is_alive('bounce-milter'), "$name: the daemon lives" or last;
}
is $stage->count('bounce.address_block'), 0,      'nobody is blocked';
is $stage->status($victim),               'sent', 'nothing is marked';

subtest 'forged fields of ours' => sub {
    my $operator = Bounce::Stage::OPERATOR;
    my $forge    = sub {
        my ($count, $text) = @_;
        my $before = postfix_seconds();
        my ($code) = $stage->smtp->send(
            from => '',
            to   => [Bounce::Stage::BOUNCE_MAILBOX],
            mail => "From: a\@evil.test\nSubject: $text\n"
                . ("X-Filler: " . ('x' x 900 . "\n ") x 90 . "end\n") x 15
                . "X-Bounce-Class: forged\nX-Bounce-Id: forged\n" x ($count / 2)
                . "\nhello $text\n");
        is $code, 250, "$count of them: taken";
        cmp_ok postfix_seconds() - $before, '<', PROCESSOR_SECONDS, 'not dear to Postfix';
        my $found;
        $stage->wait_for(60, sub {
            ($found) = grep { /^hello $text/m } map { $_->[1] } $stage->mta->mailbox('operator');
        });
        return $found;
    };
    my $mail = $forge->(40, 'few');
    unlike $mail, qr/forged/, 'a few behind the cap are gone';
    is Bounce::Mail::header($mail, 'X-Bounce-Class'), 'unclassified', 'ours is there';
    $mail = $forge->(20_000, 'many');
    my ($queue_id) = $mail =~ /^X-Bounce-(\w+)-Class: unclassified$/m;
    ok $queue_id, 'ours have a name that nobody could know';
    like $mail, qr/^X-Bounce-$queue_id-Id: \d+$/m, 'with the number';
    like $mail, qr/\bid $queue_id\b/,              'which is the queue id of its Received';
};

my ($peak) = map { /^VmHWM:\s+(\d+)/ } $stage->instance->read_lines("/proc/$pid/status");
SKIP: {
    skip 'a sanitizer needs memory of its own', 1 if $stage->daemon->is_sanitized;
    cmp_ok $peak, '<', MEMORY_KB, "at most $peak kB were in use";
}

# A token on an endless report: what matters is at the front.
my $letter = $stage->register(process => 'invoice', to => ['gone@customer.example']);
my $long   = $stage->report('postfix-user-unknown', $letter);
$long =~ s/(Please find your document attached\.\n)/$1 . "y" x 900 . "\n"/e;
$long =~ s/(y{900}\n)/$1 x 5000/e;
is code_of($stage->smtp->send(
    from => '',
    to   => [ $letter->{return_path}{'gone@customer.example'} ],
    mail => $long
    )),
    250, 'a report beyond the cap is taken';
is $stage->recipient($letter)->{reason}, 'user_unknown', 'and read as far as it goes';
is $stage->db->value(
    'SELECT m.truncated FROM bounce.bounce_message AS m '
        . 'JOIN bounce.bounce AS b ON b.bounce_message_id = m.id WHERE b.communication_id = :id',
    id => $letter->{id}
    ),
    't', 'and says that it was cut';

finish();
