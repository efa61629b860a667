# SPDX-License-Identifier: BSD-2-Clause
package Mailbox;

# The demo without an MTA of one's own: bounce-fetch reads a mailbox of a private Dovecot, and what
# a person must read is sent by bounce-delivery through a server with a login.

use strict;
use warnings;
use Bounce::Delivery;
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Mail;
use Bounce::SubmissionServer;

use constant PERSON => 'a question to the office';

# The configuration of Dovecot is that of 2.3.
sub is_possible { return Bounce::Dovecot->is_known }

# Before the stage starts; the options of its Postfix, with those given.
sub prepare {
    my ($stage, $postfix) = @_;
    my $submission = $stage->{submission} = Bounce::SubmissionServer->new($stage->instance);
    my $more       = $submission->postfix;
    return { %$postfix, %$more, main => { %{ $postfix->{main} }, %{ $more->{main} } } };
}

sub run {
    my ($stage, $progress) = @_;
    my $instance = $stage->instance;
    $progress->('starting a private Dovecot, bounce-fetch, and bounce-delivery with a login');
    my $dovecot = Bounce::Dovecot->start($instance, settings => $stage->{submission}->dovecot);
    my $fetch   = Bounce::Fetch->new($stage, server => '127.0.0.1:1');
    $fetch->mailbox_of($dovecot);
    my $worker = Bounce::Delivery->new(
        $instance, $stage->db,
        name   => 'copies',
        server => '127.0.0.1:' . $stage->mta->port,
        $stage->{submission}->keys
    );
    $stage->parameter(operator_copy => 'smtp');
    my $letter = put_mails($stage, $dovecot);
    $_->start for $fetch, $worker;
    $progress->('a bounce and a letter lie in the mailbox: waiting until both are done');
    my @copy;
    $stage->wait_for(60, sub { @copy = copies($stage) });
    $stage->wait_for(60, sub { !$dovecot->mails });
    my @row = (read_row($stage, $dovecot, $letter), letter_row($dovecot, @copy));

    if (!$ENV{KEEP}) {
        $_->stop for $fetch, $worker, $dovecot;
    }
    return @row;
}

sub put_mails {
    my ($stage, $dovecot) = @_;
    my $letter = $stage->register(
        process      => 'invoice',
        business_ref => 'R-1006',
        to           => ['ida@customer.example']);
    my $path = $letter->{return_path}{ $letter->{to}[0] };
    $dovecot->put(
        "Return-Path: <>\nDelivered-To: $path\n" . $stage->report('postfix-user-unknown', $letter));
    $dovecot->put("Return-Path: <karl\@customer.example>\nFrom: Karl <karl\@customer.example>\n"
            . "To: bounces\@bounces.example.org\nSubject: ${\PERSON}\n"
            . "Message-ID: <question\@customer.example>\n\nAre you open on Sunday?\n");
    return $letter;
}

sub copies {
    my ($stage) = @_;
    return grep { (Bounce::Mail::header($_, 'Subject') // '') eq 'Letter: ' . PERSON }
        map { $_->[1] } $stage->mta->mailbox('operator');
}

# Where they lie now, and what became of them.
sub read_row {
    my ($stage, $dovecot, $letter) = @_;
    my $recipient = $stage->recipient($letter);
    return [
        'a bounce',
        scalar(my @read = $dovecot->mails('Recorded')) . ' in Recorded',
        "$letter->{business_ref} $recipient->{state}, $recipient->{class} $recipient->{reason}"
    ];
}

sub letter_row {
    my ($dovecot, @copy) = @_;
    my $text  = $copy[0]                                      // '';
    my $class = Bounce::Mail::header($text, 'X-Bounce-Class') // 'missing';
    return [
        'a letter',
        scalar(my @kept = $dovecot->mails('Unclassified')) . ' in Unclassified',
        scalar(@copy)
            . ' sent to the operator, '
            . ($text =~ /^Are you open on Sunday\?\r?$/m ? 'whole' : 'not whole')
            . ", $class"
    ];
}

1;
