#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench: bounces per second through Postfix and bounce-milter into the database, against the
# same Postfix discarding the same mails without a milter. BOUNCES (2000) and SESSIONS (8) set the
# size. The ratio is what counts; fsync is off, so that it shows the cost of the programs and not of
# the disk.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Process;
use Bounce::SmtpClient;
use Bounce::Stage;
use Time::HiRes qw(time);

my $bounces  = $ENV{BOUNCES}  || 2000;
my $sessions = $ENV{SESSIONS} || 8;

$| = 1;
my $stage = Bounce::Stage->new(
    name     => "check-$$",
    progress => sub { print "  · $_[0]\n" },
    postfix  => { main      => { transport_maps => 'inline:{discard.test=discard:}' } },
    daemon   => { pool_size => $sessions, log_level => 'warning' })->start;

print "  · registering $bounces communications\n";
my @mails = mails();
my $bare  = measure(map { [ 'somebody@discard.test', $_->[1] ] } @mails);
my $full  = measure(@mails);
printf "Postfix alone             %6.0f mails/s\n", $bare;
printf "Postfix and bounce-milter %6.0f bounces/s, all recorded: %.2f of that\n", $full,
    $full / $bare;
my $recorded = $stage->count('bounce.bounce');
$recorded == $bounces
    or die "only $recorded of $bounces were recorded\n" . $stage->instance->log_tail;
$stage->instance->discard;

# [return path, report] of as many letters.
sub mails {
    $stage->db->sql(<<'END', count => $bounces);
SELECT count(bounce.register_communication(process => 'invoice', recipients => ARRAY['r' || n ||
  '@customer.example'],
  message_id => 'bench-' || n || '@example.org', status => 'sent'))
    FROM generate_series(1, :count) AS n;
END
    my $rows = $stage->db->rows(<<'END');
SELECT r.address, c.message_id, bounce.return_path(r.id) AS return_path
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
END
    return map { [
        $_->{return_path},
        Bounce::Mail::render(
            'postfix-user-unknown', %$_,
            recipient => $_->{address},
            sender    => 'billing@example.org',
            subject   => 'Invoice'
        ) ] } @$rows;
}

# Mails per second when that many sessions share them.
sub measure {
    my (@mails) = @_;
    my $begin = time;
    my @session;
    for my $session (0 .. $sessions - 1) {
        my @share = @mails[ grep { $_ % $sessions == $session } 0 .. $#mails ];
        push @session, sub { run_session(@share) };
    }
    my $failed = Bounce::Process::in_parallel(@session);
    die "$failed sessions failed\n" . $stage->instance->log_tail if $failed;
    return @mails / (time - $begin);
}

sub run_session {
    my (@mails) = @_;
    my $smtp = Bounce::SmtpClient->new(port => $stage->mta->port);
    $smtp->connect;
    for my $mail (@mails) {
        return 0
            if ($smtp->transaction(from => '', to => [ $mail->[0] ], mail => $mail->[1]))[0] != 250;
    }
    $smtp->quit;
    return 1;
}
