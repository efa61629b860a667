# SPDX-License-Identifier: BSD-2-Clause
# A mailbox that is not for bounces alone: the provider's Dovecot files them by etc/dovecot into a
# folder of their own, and only that folder is read.
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Test;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $recipe   = Bounce::Instance::tree() . '/etc/dovecot/bounces.sieve';

# pigeonhole keeps the compiled script beside the script
my $script  = $instance->make_dir('sieve') . '/bounces.sieve';
my %sieve  = ('2.3' => <<"END", '2.4' => <<"END");
protocol lda {
  mail_plugins = sieve
  postmaster_address = postmaster\@example.org
}
plugin {
  sieve = file:$script
}
END
protocol lda {
  mail_plugins {
    sieve = yes
  }
  postmaster_address = postmaster\@example.org
}
sieve_script personal {
  path = $script
}
END
my $dovecot = Bounce::Dovecot->start($instance, settings => $sieve{ Bounce::Dovecot->version });
$instance->write_file('sieve/bounces.sieve', join '', $instance->read_lines($recipe));
my $rules = $stage->one_rule;
my $fetch = Bounce::Fetch->new($stage, rules_dir => $rules);
$fetch->mailbox_of($dovecot, folders => 'Bounces');

# As the provider's MTA hands it to Dovecot.
sub arrives {
    my ($from, $to, $mail) = @_;
    my @as = $instance->is_root ? ('setpriv', map {"--$_"} _account()) : ();
    $instance->run(
        [
            @as, '/usr/lib/dovecot/dovecot-lda', '-c', $instance->path('dovecot.conf'),
            '-d', Bounce::Dovecot::USER, '-f', $from, '-a', $to
        ],
        input => $mail
    );
    return;
}

sub _account {
    my ($uid, $gid) = (getpwnam $instance->daemon_user)[ 2, 3 ];
    return ("reuid=$uid", "regid=$gid", 'clear-groups');
}
sub in_folder { my @mails = $dovecot->mails(@_); return scalar @mails }

my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
my $path   = $letter->{return_path}{ $letter->{to}[0] };
my $report = $stage->report('postfix-user-unknown', $letter);
arrives('friend@customer.example', Bounce::Dovecot::USER, "Subject: lunch\n\nat one?\n");
arrives('',                        $path,                 $report);
is in_folder('Bounces'), 1, 'a report to the bounce domain is filed';
arrives('', Bounce::Dovecot::USER, $report);
is in_folder('Bounces'), 2, 'and one that comes to the mailbox itself';
arrives('gateway@customer.example', $path, $report);
is in_folder('Bounces'), 3, 'and one whose sender has a name';
is in_folder('INBOX'), 1, 'a letter stays where letters are';

my ($status, $said) = $fetch->once;
is $status, 0, 'they are read' or diag $said;
is $stage->count('bounce.bounce_message'), 1, 'the report is recorded once';
is $stage->recipient($letter)->{state}, 'bounced', 'as what it is';
is in_folder('Bounces'), 0, 'none is left';
is in_folder('INBOX'), 1, 'and the letter was not touched';
finish();
