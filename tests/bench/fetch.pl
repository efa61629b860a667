#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-fetch: bounce-fetch --once against as many bounces in a mailbox of a real Dovecot, held
# against bouncectl intake of an mbox with as many of the same; half of the mbox before and half
# after, because the database grows. BOUNCES (10000; LONG=1: 50000) are read over IMAP, and each is
# moved. Fails unless each has had its effect once and is where it belongs.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure);
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Mail;
use Bounce::Stage;

my $mails = $ENV{BOUNCES} || ($ENV{LONG} ? 50_000 : 10_000);

$| = 1;
Bounce::Dovecot->is_known or die "Dovecot is needed\n";
my $stage    = Bounce::Stage->new(name => "check-$$", daemon => { log_level => 'warning' });
my $instance = $stage->instance;
$stage->start_database;
# so many different people who do not exist would be an outage
$stage->parameter($_ => 1_000_000) for qw(guard_minimum guard_minimum_overall);
my $dovecot = Bounce::Dovecot->start($instance);
my $fetch   = Bounce::Fetch->new($stage, log_level => 'warning');
$fetch->mailbox_of($dovecot);

my $half    = int $mails / 2;
my $intake  = take_mbox('a', $half);
my $mailbox = take_mailbox('m', $mails);
$intake += take_mbox('b', $mails - $half);

my $rate = figure(
    name   => "bouncectl intake, an mbox of $mails bounces",
    unit   => 'bounces/s',
    digits => 0,
    values => [ $mails / $intake ]);
figure(
    name   => "bounce-fetch --once, a mailbox of $mails",
    unit   => 'bounces/s',
    digits => 0,
    values => [ $mails / $mailbox->{seconds} ]);
figure(
    name   => 'bounce-fetch, part of that rate',
    unit   => '',
    values => [ $intake / $mailbox->{seconds} ],
    target => '>= 0.5'
);
figure(
    name   => 'bounce-fetch --once, peak memory',
    unit   => 'MB',
    digits => 0,
    values => [ $mailbox->{peak} / 1024 ]);
$instance->discard;

# Registers letters and returns the mail that comes back from each.
sub mails {
    my ($prefix, $count) = @_;
    $stage->db->sql(<<'SQL', count => $count, prefix => $prefix);
SELECT count(bounce.register_communication(process => 'invoice', status => 'sent',
  recipients => ARRAY[:'prefix' || n || '@customer.example'],
  message_id => :'prefix' || n || '.5c0e9f3a7b1d42e8@example.org'))
FROM generate_series(1, :count) AS n;
ANALYZE;
SQL
    my $rows = $stage->db->rows(<<'SQL', prefix => $prefix);
SELECT r.address AS recipient, c.message_id, bounce.return_path(r.id) AS return_path
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
WHERE c.message_id LIKE :'prefix' || '%'
SQL
    return map {
        "Return-Path: <>\nDelivered-To: $_->{return_path}\n"
            . Bounce::Mail::render(
            'postfix-user-unknown', %$_,
            sender  => 'billing@example.org',
            subject => 'Invoice'
            )
    } @$rows;
}

sub timed { return Bounce::Bench::run_timed($instance->path('log/timed.log'), @_) }

# Seconds.
sub take_mbox {
    my ($prefix, $count) = @_;
    my $mbox = $instance->write_file(
        "$prefix.mbox",
        join '',
        map {"From MAILER-DAEMON Sat Nov 28 00:00:00 2026\n$_\n"} mails($prefix, $count));
    my $run = timed($stage->daemon->program('bouncectl'),
        'intake', $mbox, '--conninfo', $stage->db->conninfo);
    $stage->expect_recorded($prefix, $count);
    return $run->{seconds};
}

sub take_mailbox {
    my ($prefix, $count) = @_;
    $dovecot->put($_) for mails($prefix, $count);
    my $run = timed($fetch->command('--once'));
    $stage->expect_recorded($prefix, $count);
    my ($left, $moved) = map { scalar(my @in = $dovecot->mails($_)) } qw(INBOX Recorded);
    die "$left mails are left, $moved were moved\n" if $left != 0 || $moved != $count;
    return $run;
}
