# SPDX-License-Identifier: BSD-2-Clause
# Bounces out of a mailbox by the recipe etc/fetchmail/fetchmailrc, from a real Dovecot: each is
# recorded once, and none leaves the mailbox before that.
use Bounce::Ctl;
use Bounce::Dovecot;
use Bounce::Inbox;
use Bounce::Test;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $db       = $stage->db;
my $ctl      = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $dovecot  = Bounce::Dovecot->start($instance);
my $inbox    = Bounce::Inbox->new($stage, $dovecot);
my $home     = $instance->make_dir('home', user => scalar getpwuid $>);
my $recipe   = join '',
    $instance->read_lines(Bounce::Instance::tree() . '/etc/fetchmail/fetchmailrc');

my $outbox   = $instance->make_dir('outbox');
my $sendmail = $instance->write_file('sendmail', "#!/bin/sh\ncat > $outbox/mail\n");
chmod 0755, $sendmail;

# What the recipe calls: bouncectl, with what its configuration file would say.
sub intake_command {
    my ($conninfo) = @_;
    my @words = (
        ($ctl->command('intake'))[ 0, 1 ],
        '--rules', $stage->one_rule, '--sendmail', $sendmail, '--conninfo', $conninfo
    );
    my $line = join ' ', map {"\"$_\""} @words;
    my $path = $instance->write_file('intake', "#!/bin/sh\nexec $line\n");
    chmod 0755, $path;
    return $path;
}

# The recipe with its blanks filled in; each is there, or the recipe is another one.
sub filled_in {
    my (%value) = @_;
    my $text    = $recipe;
    my %with    = (
        'imap.provider.example'             => 'localhost',
        'protocol IMAP service 993'         => "protocol $value{protocol} service $value{port}",
        'password "secret"'                 => qq(password "$value{password}"),
        'sslcertck'                         => "sslcertck $value{trust}",
        '"/usr/local/bin/bouncectl intake"' => qq("$value{intake}"),
    );
    for my $blank (keys %with) {
        $text =~ s/\Q$blank\E/$with{$blank}/ or die "the recipe has no $blank\n";
    }
    return $text;
}

# fetchmail(1), once: its exit status and what it said. 0: mails were taken; 1: there are none.
sub fetch {
    my (%option) = @_;
    my $protocol = $option{protocol} // 'IMAP';
    my $rc       = $instance->write_file(
        'fetchmailrc',
        filled_in(
            protocol => $protocol,
            port     => $dovecot->port($protocol eq 'IMAP' ? 'imaps' : 'pop3s'),
            password => $option{password} // Bounce::Dovecot::PASSWORD,
            trust    => $option{trust}    // 'sslcertfile "' . $dovecot->certificate . '"',
            intake   => intake_command($option{conninfo} // ($ctl->command)[-1])
        ));
    chmod 0600, $rc;
    # root's lock would be one for all runs of the tests on the machine
    return $instance->run(
        [ 'fetchmail', '-f', $rc, '--nosyslog', '--pidfile', "$home/pid" ],
        may_fail => 1,
        env      => { FETCHMAILHOME => $home, LC_ALL => 'C.UTF-8' });
}

sub state_of { my ($letter) = @_; return $stage->recipient($letter)->{state} }

for my $protocol (qw(IMAP POP3)) {
    subtest "$protocol with TLS" => sub {
        my @letters = map { $inbox->arrives(lc "$protocol$_") } 1 .. 3;
        my $before  = $inbox->recorded;
        my ($status, $said) = fetch(protocol => $protocol);
        is $status, 0, 'taken' or diag $said;
        is_deeply [ map { state_of($_) } @letters ], [ ('bounced') x 3 ], 'what follows is done';
        is $inbox->recorded, $before + 3, 'each is recorded once';
        is $inbox->waiting,  0,           'and gone from the mailbox';
        is $db->value('SELECT trust FROM bounce.bounce ORDER BY id DESC LIMIT 1'), 'token',
            'trusted as far as its token';
        is + (fetch(protocol => $protocol))[0], 1, 'then there is no mail';
    };
}

subtest 'what cannot be recorded stays' => sub {
    my $letter = $inbox->arrives('stays');
    my $before = $inbox->recorded;
    fetch(conninfo => 'host=/nonexistent');
    is $inbox->waiting,           1,           'the database is away: it stays';
    is $inbox->recorded,          $before,     'and is not recorded';
    is + (fetch())[0],      0,           'the next time';
    is state_of($letter),   'bounced',   'it is';
    is $inbox->recorded,          $before + 1, 'once';
    is $inbox->waiting,           0,           'and gone';
};

subtest 'an impostor, and a wrong password' => sub {
    $inbox->arrives('kept');
    my ($status, $said) = fetch(trust => '');
    isnt $status, 0, 'a certificate that nobody vouches for';
    like $said, qr/certificate/i, 'is named';
    is + (fetch(password => 'wrong'))[0], 3, 'the password is refused';
    is $inbox->waiting,                         1, 'the mail is there';
    is + (fetch())[0],                    0, 'until it can be taken';
};

subtest 'what nobody can classify' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['u@farm.example']);
    $dovecot->put($stage->report('nobody-can-tell', $letter));
    is + (fetch())[0], 0, 'taken';
    is $inbox->waiting,      0, 'gone from the mailbox';
    like join('', $instance->read_lines("$outbox/mail")), qr/^X-Bounce-Class: unclassified$/m,
        'the operator has it';
};

done_testing;
