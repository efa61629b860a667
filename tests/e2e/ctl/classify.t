# SPDX-License-Identifier: BSD-2-Clause
# bouncectl classify as a program: what it reads, what it prints, how it ends.
use strict;
use warnings;
use utf8;

use File::Temp qw(tempdir);
use IPC::Open3 qw(open3);
use JSON::PP   qw(decode_json);
use POSIX      qw(mkfifo);
use Symbol     qw(gensym);
use Test::More;

use Bounce::Process;

my $bouncectl = ($ENV{BUILD} // 'build') . '/bouncectl';

sub run {
    my ($input, @arguments) = @_;
    my $pid = open3(my $in, my $out, my $err = gensym, $bouncectl, 'classify', @arguments);
    print {$in} $input;
    close $in;
    local $/;
    my ($output, $errors) = (scalar <$out>, scalar <$err>);
    waitpid $pid, 0;
    return ($? >> 8, $output // '', $errors // '');
}

sub objects {
    return map { decode_json($_) } split /\n/, shift;
}

my $dsn = <<'END';
From: MAILER-DAEMON@mx.example.net
To: billing@sender.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Some of your recipients could not be reached.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Original-Envelope-Id: E1

Final-Recipient: rfc822; anna@customer.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <anna@customer.example>: User unknown

Final-Recipient: rfc822; bert@customer.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--b
Content-Type: text/rfc822-headers

From: billing@sender.example
Message-ID: <invoice-1@sender.example>

--b--
END

subtest 'one object for each recipient' => sub {
    my ($status, $output, $errors) = run($dsn, '--json', '-');
    my @objects = objects($output);
    is $status,  0,  'exit status 0';
    is $errors,  '', 'no word on standard error';
    is @objects, 2,  'two objects';
    my @keys = qw(file kind recipient original_recipient action status reply_code class reason rule
        diagnostic         reporting_mta remote_mta message_id envelope_id);
    ok exists $objects[0]{$_}, "has $_" for @keys;
    is $objects[0]{recipient},   'anna@customer.example',    'first recipient';
    is $objects[0]{class},       'hard',                     'first class';
    is $objects[0]{message_id},  'invoice-1@sender.example', 'of the original';
    is $objects[0]{envelope_id}, 'E1',                       'envelope id';
    is $objects[1]{class},       'soft',                     'second class';
    is $objects[1]{reason},      'mailbox_full',             'second reason';
};

subtest 'what names no recipient' => sub {
    my ($status, $output)
        = run("From: a\@sender.example\nSubject: Lunch\n\nUser unknown, mailbox full.\n",
        '--json', '-');
    my ($object) = objects($output);
    is $status, 0, 'exit status 0';
    is_deeply [ @$object{qw(kind class recipient)} ], [ 'other', 'unclassified', undef ],
        'an ordinary mail';
    ($status, $output) = run('', '--json', '-');
    is + (objects($output))[0]{class}, 'unclassified', 'nothing at all';
};

subtest 'files and folders' => sub {
    my $dir = tempdir(CLEANUP => 1);
    mkdir "$dir/sub";
    for my $name ('b.eml', 'a.eml', 'sub/c.eml') {
        open my $file, '>', "$dir/$name" or die "$name: $!";
        print {$file} $dsn;
        close $file;
    }
    my ($status, $output, $errors) = run('', '--json', $dir, "$dir/none.eml", "$dir/a.eml");
    is $status, 1, 'exit status 1: a file could not be read';
    like $errors, qr{none\.eml: No such file}, 'which one is said';
    my @files = map { $_->{file} =~ s{^\Q$dir\E/}{}r } objects($output);
    is "@files", 'a.eml a.eml b.eml b.eml sub/c.eml sub/c.eml a.eml a.eml',
        'all others are read, in the order of names';
};

subtest 'for people' => sub {
    my ($status, $output) = run($dsn, '-');
    like $output,   qr/^FILE +RECIPIENT +CLASS +REASON +RULE\n/,      'a heading';
    like $output,   qr/anna\@customer\.example +hard +user_unknown /, 'a row';
    unlike $output, qr/\033/,                                         'no colour into a pipe';
    ($status, $output) = run($dsn, '--explain', '-');
    like $output, qr/=> \S.* user_unknown/, 'what decided';
    like $output, qr/what follows +\S/,     'what follows';
};

subtest 'usage' => sub {
    is + (run(''))[0], 64, 'no file';
    is + (run('', '--no-such-option'))[0], 64, 'unknown option';
    is + (run('', '--help'))[0],           0,  '--help';
    my ($status, undef, $errors) = run($dsn, '--site', '/nonexistent', '-');
    is $status, 78, 'a site file that is not there';
    like $errors, qr{/nonexistent}, 'is named';
};

subtest 'a site rule goes first' => sub {
    my $dir = tempdir(CLEANUP => 1);
    open my $file, '>', "$dir/site" or die $!;
    print {$file} "[our.own]\nreason = greylisted\nmatch = user unknown\n";
    close $file;
    my ($status, $output) = run($dsn, '--json', '--site', "$dir/site", '-');
    is_deeply [ (objects($output))[0]->@{qw(rule reason class)} ],
        [ 'our.own', 'greylisted', 'soft' ], 'and decides';
};

subtest 'what comes through a pipe is waited for' => sub {
    my $fifo = tempdir(CLEANUP => 1) . '/mail';
    mkfifo($fifo, oct 600) or die "$fifo: $!\n";
    open my $writer, '+<', $fifo or die "$fifo: $!\n";
    my $pid = open3(my $in, my $out, undef, $bouncectl, 'classify', '--json', $fifo);
    Bounce::Process::wait_for(
        60,
        sub {
            my @open = map { readlink // () } glob "/proc/$pid/fd/*";
            return grep { $_ eq $fifo } @open;
        });
    print {$writer} $dsn;
    close $writer;
    local $/;
    my $output = <$out>;
    waitpid $pid, 0;
    is $? >> 8, 0, 'no fault';
    like $output, qr/"user_unknown"/, 'and read whole';
};

done_testing;
