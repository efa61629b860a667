# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Weekend;

=head1 NAME

Bounce::Weekend - what lies there on a Monday: more than forty tasks, of every kind

=head1 SYNOPSIS

    my $unclear = Bounce::Weekend::come($stage, $intake);

=head1 PROMISES

Everything has come the way it comes: reports are taken in, mails are sent to a server that loses
its reply. Returned is the letter that came back with what nobody can tell.

=cut

use strict;
use warnings;
use Bounce::Delivery;
use Bounce::SmtpServer;
use Bounce::Stage;

# All reports are taken in at once, out of one mbox: the rules are read once.
sub comes_back {
    my ($weekend, $mail, $to) = @_;
    $weekend->{mbox}
        .= "From MAILER-DAEMON Mon Nov 30 08:00:00 2026\nReturn-Path: <>\n"
        . "Delivered-To: $to\n"
        . ($mail =~ s/^(>*From )/>$1/gmr) . "\n";
    return;
}

# A letter of a process to an address, and the report about it.
sub letter {
    my ($weekend, $template, $process, $address) = @_;
    my $letter = $weekend->{stage}->register(process => $process, to => [$address]);
    $weekend->comes_back($weekend->{stage}->report($template, $letter),
        $letter->{return_path}{$address});
    return $letter;
}

sub dead {
    my ($weekend, $address) = @_;
    return $weekend->letter('postfix-user-unknown', 'invoice', $address);
}

sub come {
    my ($stage, $intake) = @_;
    my $weekend = bless { stage => $stage, mbox => '' }, __PACKAGE__;
    my $db      = $stage->db;
    $stage->parameter(complaint            => 'task');
    $stage->parameter(follow_up            => 'on');
    $stage->parameter(resend_max_attempts  => 0,  'receipt');
    $stage->parameter(soft_score_threshold => 1,  'newsletter');
    $stage->parameter(pause_rate           => 20, 'newsletter');
    $stage->parameter(pause_minimum        => 3,  'newsletter');

    $weekend->dead("mistyped$_\@gmial.com")      for 1 .. 4;
    $weekend->dead("staff$_\@closed.example")    for 1 .. 8;
    $weekend->dead("moved$_\@company$_.example") for 1, 2;
    $weekend->dead('often@twice.example')        for 1 .. 3;
    $weekend->letter('exchange-mailbox-full', 'receipt',    "full$_\@school.example")   for 1 .. 5;
    $weekend->letter('exchange-mailbox-full', 'newsletter', "soft$_\@weak$_.example")   for 1 .. 3;
    $weekend->letter('complaint',             'invoice',    "angry$_\@angry$_.example") for 1 .. 3;
    $weekend->letter('exchange-spam-refused', 'invoice',    "jana$_\@bank$_.example")   for 1 .. 3;

    for my $n (1, 2) {
        my $address = "erna$n\@office$n.example";
        my $letter  = $stage->register(process => 'invoice', to => [$address]);
        $weekend->comes_back(
            "From: $address\nTo: billing\@example.org\nSubject: Left\n"
                . "Auto-Submitted: auto-replied\n\nErna has left the company. "
                . "Please write to frida$n\@new.example instead.\n",
            $letter->{return_path}{$address});
    }
    for my $n (1 .. 3) {
        my $stranger = {
            to          => ["someone$n\@lost$n.example"],
            sender      => 'sales@elsewhere.test',
            subject     => 'Offer',
            message_id  => "never$n\@elsewhere.test",
            envelope_id => '',
            return_path => {} };
        $weekend->comes_back(
            $stage->report('postfix-user-unknown', $stranger, to => Bounce::Stage::BOUNCE_MAILBOX),
            Bounce::Stage::BOUNCE_MAILBOX
        );
    }
    my $down
        = $stage->register(process => 'invoice', to => [ map { "o$_\@outage.example" } 1 .. 12 ]);
    $weekend->comes_back($stage->report('postfix-user-unknown', $down, recipient => $_),
        $down->{return_path}{$_})
        for @{ $down->{to} };
    my $unclear  = $weekend->letter('nobody-can-tell', 'invoice', 'jonas@farm.example');
    my $sendmail = $stage->instance->write_file('sendmail', "#!/bin/sh\nexec cat > /dev/null\n");
    chmod 0755, $sendmail;
    $intake->ctl->output('intake', '--log', 'stderr', '--sendmail', $sendmail,
        $stage->instance->write_file('weekend.mbox', $weekend->{mbox}));

    # Whom no task is about.
    $stage->register(process => 'invoice', to => ["well\@$_"])
        for qw(gmial.com closed.example school.example outage.example reply.example bank1.example);

    # The queue: a lost reply, a server that cannot be used, events and letters that nobody takes.
    my $remote = Bounce::SmtpServer->new($stage->instance)->start;
    $remote->answer("\@end lost$_\@reply.example", 'disconnect') for 1, 2;
    my $worker = Bounce::Delivery->new(
        $stage->instance, $db,
        server    => '127.0.0.1:' . $remote->port,
        rules_dir => $intake->rules
    )->start;
    for my $n (1, 2) {
        my $id = $worker->submit(process => 'receipt', to => ["lost$n\@reply.example"]);
        $worker->wait_for_state($id, 'ERROR');
    }
    $worker->stop or die "the worker did not end by itself\n";
    $db->value("SELECT bounce.delivery_problem('mx.example:25', '535 5.7.8 no')");
    $db->value("SELECT bounce_internal.pause_processes(now())");
    $db->value("SELECT bounce_internal.task_delivery_problem('$_', '$_', 'given up')")
        for qw(webhook operator_copy);
    return $unclear;
}

1;
