# SPDX-License-Identifier: BSD-2-Clause
# A stranger writes every byte: each mail gets an answer in time, and the daemon lives on.
use Bounce::Test;
use Time::HiRes qw(time);

use constant ANSWER_SECONDS => 30;
use constant MEMORY_KB      => 500_000;

my $stage = stage();

my $head =
    "From: MAILER-DAEMON\@evil.test\nMessage-ID: <%s\@evil.test>\nSubject: Undelivered Mail\nMIME-Version: 1.0\n";

sub report_around {
    my ($inner) = @_;
    return
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\n--x\nContent-Type: message/delivery-status\n\n"
        . "Reporting-MTA: dns; evil.test\n\nFinal-Recipient: rfc822; a\@customer.example\nAction: failed\nStatus: 5.1.1\n\n--x\n$inner\n--x--\n";
}

sub nest {
    my ($depth) = @_;
    return join('', map { "Content-Type: multipart/mixed; boundary=b$_\n\n--b$_\n" } 1 .. $depth) . "\nend\n";
}

# name => everything after the first header fields; sent raw, with CRLF made here
my @hostile = (
    [ 'nested address groups'         => 'To: ' . 'g:' x 40_000 . "\n\nbody\n" ],
    [ 'nested address groups, folded' => 'To: ' . "g:g:g:g:\n " x 10_000 . "x\n\nbody\n" ],
    [   'nested groups in a returned mail' =>
            report_around("Content-Type: message/rfc822\n\nTo: " . "g:g:g:g:\n " x 20_000 . "\n\nx")
    ],
    [   'nested groups in message/news' =>
            report_around("Content-Type: message/news\n\nFrom: " . "g:g:g:g:\n " x 20_000 . "\n\nx")
    ],
    [   'nested groups in message/rfc2822' => report_around(
            "Content-Type: message/rfc2822\n\nReply-To: " . 'g:' x 900 . "\nTo: " . "g:g:g:g:\n " x 20_000 . "\n\nx"
        )
    ],
    [ 'nested comments'                  => "To: " . "((((((((\n " x 10_000 . "\n\nbody\n" ],
    [ 'a hundred thousand header fields' => "A: b\n" x 100_000 . "\nbody\n" ],
    [   'a million header fields in a part' =>
            report_around("Content-Type: message/rfc822\n\n" . "A: b\n" x 1_000_000 . "\nx")
    ],
    [ 'a million parts'       => "Content-Type: multipart/mixed; boundary=x\n\n" . "--x\n\n" x 1_000_000 . "--x--\n" ],
    [ 'three thousand levels' => nest(3000) ],
    [ 'one boundary for all levels' => ("Content-Type: multipart/mixed; boundary=x\n\n--x\n") x 2000 . "\nend\n" ],
    [   'a hundred thousand recipients' =>
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; evil.test\n\n"
            . join(
            '',
            map { "Final-Recipient: rfc822; r$_\@customer.example\nAction: failed\nStatus: 5.1.1\n\n" } 1 .. 100_000
            )
            . "--x--\n"
    ],
    [ 'thirty megabytes' => report_around('') . ('x' x 998 . "\n") x 30_000 ],
    [   'NUL in header and body' => "Subject: a\0b\nX: \0\0\n"
            . report_around("Content-Type: message/rfc822\n\nSubject: \0\n\n\0\0\0")
    ],
    [ 'bare CR for line ends' => "To: a\rSubject: b\r\rbody\r" . "x\r" x 1000 ],
    [   'bytes that are no text' =>
            report_around("Content-Type: message/rfc822\n\n" . join('', map { chr 128 + $_ % 128 } 1 .. 500))
    ],
    [ 'no header at all' => "\nbody\n", 'bare' ],
    [ 'nothing at all'   => '',         'bare' ],
    [   'a report without an end' =>
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;"
    ],
    [   'base64 that is none' =>
            "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!"
            . '=' x 900
            . "\n--x--\n"
    ],
    [ 'an encoded-word bomb' => "Subject: " . "=?utf-8?B?" . 'QUFB' x 15 . "?=\n " x 2000 . "\n\nx\n" ],
    [   'SQL in every field' => "Subject: '); DROP SCHEMA bounce CASCADE; --\n"
            . report_around(
            "Content-Type: message/rfc822\n\nMessage-ID: <'; DELETE FROM bounce.communication; -->\nX-Communication-ID: ' OR 1=1 --\n\nx"
            )
    ],
);

my $pid    = do { my ($line) = $stage->instance->read_lines($stage->instance->path('milter/pid')); 0 + $line };
my $victim = $stage->register(process => 'invoice', to => [ 'a@customer.example', 'b@customer.example' ]);

for my $case (@hostile) {
    my ($name, $mail, $bare) = @$case;
    (my $id = $name) =~ s/\W+/-/g;
    $mail = sprintf($head, $id) . $mail unless $bare;
    $mail =~ s/\n/\r\n/g;
    my $begin = time;
    my ($code, $text) = $stage->smtp->send(from => '', to => [Bounce::Stage::BOUNCE_MAILBOX], mail => $mail, raw => 1);
    my $seconds = time - $begin;
    like $code, qr/^[245]/, sprintf('%s: an answer (%s)', $name, $code) or diag $text;
    cmp_ok $seconds, '<', ANSWER_SECONDS, sprintf('%s: in %.1f s', $name, $seconds);
    ok $stage->instance->is_alive('bounce-milter'), "$name: the daemon lives" or last;
}
is $stage->count('bounce.address_block'), 0,      'nobody is blocked';
is $stage->status($victim),               'sent', 'nothing is marked';

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
is code_of($stage->smtp->send(from => '', to => [ $letter->{return_path}{'gone@customer.example'} ], mail => $long)),
    250, 'a report beyond the cap is taken';
is $stage->recipient($letter)->{reason}, 'user_unknown', 'and read as far as it goes';
is $stage->db->value(
    'SELECT m.truncated FROM bounce.bounce_message AS m JOIN bounce.bounce AS b ON b.bounce_message_id = m.id WHERE b.communication_id = :id',
    id => $letter->{id}),
    't', 'and says that it was cut';

finish();
