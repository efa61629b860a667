# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong between bounce-fetch and a mailbox: whatever it is, every mail is recorded exactly
# once, and none leaves its folder before that.
use Bounce::CuttingProxy;
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Test;
use File::Glob qw(bsd_glob);

plan skip_all => 'Dovecot 2.3 is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $dovecot  = Bounce::Dovecot->start($instance);
my $proxy = Bounce::CuttingProxy->new($instance);

# Which rule decides does not matter here.
my $rules = $instance->make_dir('few-rules');
$instance->write_file('few-rules/10.rules',
    "[a.b]\nreason = mailbox_full\nmatch = quota exceeded\nexample = Quota exceeded\n");
my $fetch = Bounce::Fetch->new($stage, rules_dir => $rules);

sub arrives {
    my ($count, $filling) = @_;
    return map {
        my $letter = $stage->register(process => 'invoice', to => ["f$_\@customer.example"]);
        my $path   = $letter->{return_path}{ $letter->{to}[0] };
        $dovecot->put("Return-Path: <>\nDelivered-To: $path\n"
                . $stage->report('postfix-user-unknown', $letter)
                . ($filling // ''));
        $letter;
    } 1 .. $count;
}
sub recorded { return $stage->count('bounce.bounce_message') }
sub count_in { my ($folder) = @_; my @mails = $dovecot->mails($folder); return scalar @mails }

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
        for ($cut = 200; $cut < 60_000 && count_in(); $cut += $cut < 3000 ? 300 : 1500) {
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
        $stage->wait_for(20, sub { recorded() > $seen || !count_in() });
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
    arrives(1, $filling x (30 * 1024 * 1024 / length $filling));
    my ($status, $said) = $fetch->once;
    is $status, 0, 'taken' or diag $said;
    is recorded(), $before + 1, 'recorded';
    is $stage->db->value(
        'SELECT size > 30000000 AND truncated FROM bounce.bounce_message ORDER BY id DESC LIMIT 1'),
        't', 'with its size, cut';
    unlink $dovecot->mails('Recorded');
};

subtest 'no room where it is to go' => sub {
    my $before = recorded();
    mailbox(recorded_folder => 'Full');
    my $dir = $dovecot->folder('Full');
    $dovecot->make_folder('Full');
    chmod 0500, "$dir/tmp", "$dir/new", "$dir/cur", $dir;
    arrives(2);
    SKIP: {
        skip 'Dovecot writes anywhere as root', 1 if $> == 0 && $instance->daemon_user eq 'root';
        my ($status, $said) = $fetch->once;
        is $status, 75, 'to be tried again';
        like $said, qr/2 mails stay in INBOX: move to Full: the server says/, 'said';
        is count_in(), 2,           'they stay';
        is recorded(), $before + 2, 'recorded';
    }
    chmod 0700, $dir, "$dir/tmp", "$dir/new", "$dir/cur";
    is + ($fetch->once)[0], 0, 'room is made';
    is count_in(), 0,           'moved';
    is recorded(), $before + 2, 'recorded once';
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
