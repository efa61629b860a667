# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong between bounce-fetch and a mailbox: whatever it is, every mail is recorded exactly
# once, and none leaves its folder before that.
use Bounce::CuttingProxy;
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Inbox;
use Bounce::Test;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

use constant ROOM => 2;

my $STEP = $ENV{BOUNCE_MAILBOX_LONG} ? 300 : 6000;    # make check-mailbox cuts in smaller steps

# Mails may be moved into Archive until its quota is full; there is none on the rest.
my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $archive  = $instance->path('dovecot') . '/archive';
my %quota    = ('2.3' => <<"END", '2.4' => <<"END");
mail_plugins = quota
namespace inbox {
  inbox = yes
  separator = .
}
namespace archive {
  prefix = Archive.
  separator = .
  location = maildir:$archive
}
plugin {
  quota = count:Archive:ns=Archive.
  quota_vsizes = yes
  quota_rule = *:messages=@{[ ROOM ]}
}
END
mail_plugins {
  quota = yes
}
namespace inbox {
  inbox = yes
  separator = .
}
namespace archive {
  prefix = Archive.
  separator = .
  mail_path = $archive
  quota Archive {
    quota_message_count = @{[ ROOM ]}
  }
}
END
my $dovecot  = Bounce::Dovecot->start($instance, settings => $quota{ Bounce::Dovecot->version });
my $proxy    = Bounce::CuttingProxy->new($instance);
my $inbox    = Bounce::Inbox->new($stage, $dovecot);
my $fetch    = Bounce::Fetch->new($stage, rules_dir => $stage->one_rule);

sub arrives  { return $inbox->several(@_) }
sub recorded { return $inbox->recorded }
sub count_in { return $inbox->waiting(@_) }
sub mailbox { return $fetch->mailbox_of($dovecot, @_) }

# Before and after each run: nothing has left INBOX that is not recorded.
sub is_safe {
    my ($arrived, $before) = @_;
    return $arrived - count_in() <= recorded() - $before;
}

for my $protocol (qw(imaps pop3s)) {
    subtest "$protocol: cut after each so many bytes" => sub {
        my $mails  = 4;
        my $before = recorded();
        arrives($mails);
        my @unsafe;
        my $cut;
        for ($cut = 200; $cut < 60_000 && count_in(); $cut += $STEP) {
            mailbox(protocol => $protocol, port => $proxy->start($dovecot->port($protocol), $cut));
            $fetch->once;
            push @unsafe, $cut unless is_safe($mails, $before);
        }
        $proxy->stop;
        is_deeply \@unsafe, [], 'none is gone that is not recorded';
        is count_in(), 0, "all gone in the end, with $cut bytes";
        is recorded(), $before + $mails, 'each recorded once';
    };
}

subtest 'killed at any moment' => sub {
    my $before = recorded();
    my $mails  = 40;
    mailbox();
    arrives($mails);
    my $unsafe = 0;
    for my $lines (1 .. 5) {
        $fetch->start;
        my $seen = recorded();
        $stage->wait_for(60, sub { recorded() > $seen || !count_in() });
        $fetch->kill;
        $unsafe++ unless is_safe($mails, $before);
    }
    is $unsafe, 0, 'none is gone that is not recorded';
    $fetch->once;
    is count_in(), 0, 'all gone in the end';
    is recorded(), $before + $mails, 'each recorded once';
};

subtest 'a mail of 30 MB' => sub {
    my $before = recorded();
    mailbox();
    my $filling = "\n" . 'x' x 76;
    $inbox->arrives('large', more => $filling x (30 * 1024 * 1024 / length $filling));
    my ($status, $said) = $fetch->once;
    is $status, 0, 'taken' or diag $said;
    is recorded(), $before + 1, 'recorded';
    is $stage->db->value(
        'SELECT size > 30000000 AND truncated FROM bounce.bounce_message ORDER BY id DESC LIMIT 1'),
        't', 'with its size, cut';
    unlink $dovecot->mails('Recorded');
};

subtest 'the quota is full where it is to go' => sub {
    my $before = recorded();
    mailbox(recorded_folder => 'Archive.Recorded');
    arrives(ROOM);
    is + ($fetch->once)[0], 0, 'as many as there is room for';
    arrives(2);
    my ($status, $said) = $fetch->once;
    is $status, 75, 'to be tried again';
    like $said, qr/2 mails stay in INBOX: move to \S+: the server says: \[OVERQUOTA\]/, 'said';
    is count_in(), 2, 'they stay';
    is recorded(), $before + ROOM + 2, 'recorded';
    is + ($fetch->once)[0], 75, 'the next time it is as full';
    is recorded(), $before + ROOM + 2, 'they are not recorded twice';
    $instance->run([
        qw(doveadm -c), $instance->path('dovecot.conf'), 'expunge', '-u', Bounce::Dovecot::USER,
        qw(mailbox Archive.Recorded all)
    ]);
    is + ($fetch->once)[0], 0, 'room is made';
    is count_in(), 0,                  'they are moved';
    is recorded(), $before + ROOM + 2, 'each was recorded once';
};

subtest 'a certificate that has expired' => sub {
    mailbox();
    arrives(1);
    $dovecot->stop;
    $dovecot->make_certificate(-1);
    $dovecot->launch;
    my ($status, $said) = $fetch->once;
    is $status, 75, 'to be tried again';
    like $said, qr/certificate has expired/, 'said';
    is count_in(), 1, 'it stays';
    $dovecot->stop;
    $dovecot->make_certificate(2);
    $dovecot->launch;
    is + ($fetch->once)[0], 0, 'a good one';
    is count_in(), 0, 'gone';
};

finish();
