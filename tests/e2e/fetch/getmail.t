# SPDX-License-Identifier: BSD-2-Clause
# Bounces out of a mailbox by the recipe etc/getmail/getmailrc, from a real Dovecot: each is
# recorded once, and none leaves the mailbox before that.
use Bounce::Ctl;
use Bounce::Daemon;
use Bounce::Dovecot;
use Bounce::Inbox;
use Bounce::Test;
use File::Copy qw(copy);

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;
plan skip_all => 'getmail is needed'     unless -x '/usr/bin/getmail';

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $ctl      = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $conninfo = $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT);
my $dovecot  = Bounce::Dovecot->start($instance);
my $inbox    = Bounce::Inbox->new($stage, $dovecot);
my $user     = $instance->is_root ? $instance->daemon_user : scalar getpwuid $>;
my $home     = $instance->make_dir('home', user => $user);
my $recipe   = join '',
    $instance->read_lines(Bounce::Instance::tree() . '/etc/getmail/getmailrc');

# where the account may go, who may not go to the sources below a closed home
my $bouncectl = $instance->path('bouncectl');
copy(($ctl->command)[0], $bouncectl) or die "$bouncectl: $!\n";
chmod 0755, $bouncectl;

# getmail(1), once: its exit status and what it said.
sub fetch {
    my (%option) = @_;
    my @intake = ('--rules', $stage->one_rule, '--conninfo', $option{conninfo} // $conninfo);
    my %with   = (
        'imap.provider.example'              => 'localhost',
        'port = 993'                         => 'port = ' . $dovecot->port('imaps'),
        'password = secret'                  => 'password = ' . Bounce::Dovecot::PASSWORD,
        '/etc/ssl/certs/ca-certificates.crt' => $option{trust} // $dovecot->certificate,
        'path = /usr/local/bin/bouncectl'    => "path = $bouncectl",
        '"intake",'                          => join ' ', map {qq("$_",)} 'intake', @intake,
    );
    my $text = $recipe;
    for my $blank (keys %with) {
        $text =~ s/\Q$blank\E/$with{$blank}/ or die "the recipe has no $blank\n";
    }
    my $rc = $instance->write_file('getmailrc', $text);
    chmod 0644, $rc;
    my $group = (getpwnam $user)[3];
    my @as =
        $instance->is_root
        ? ('setpriv', "--reuid=$user", "--regid=$group", '--clear-groups')
        : ();
    return $instance->run(
        [ @as, 'getmail', '--getmaildir', $home, '--rcfile', $rc ],
        may_fail => 1,
        env      => { HOME => $home, LC_ALL => 'C.UTF-8' });
}

my @letters = map { $inbox->arrives("a$_") } 1 .. 3;
my ($status, $said) = fetch(conninfo => 'host=/nonexistent');
like $said, qr/error \(75,/, 'intake asks for another try';
is $inbox->waiting,  3, 'the database is away: all stay';
is $inbox->recorded, 0, 'and none is recorded';
fetch(trust => '/etc/ssl/certs/ca-certificates.crt');
is $inbox->waiting, 3, 'so with a certificate that nobody vouches for';
($status, $said) = fetch();
is $status, 0, 'the next time they are taken' or diag $said;
is_deeply [ map { $stage->recipient($_)->{state} } @letters ], [ ('bounced') x 3 ],
    'what follows is done';
is $inbox->recorded, 3, 'each is recorded once' or diag $said;
is $inbox->waiting,  0, 'and gone from the mailbox';
is $stage->db->value('SELECT DISTINCT trust FROM bounce.bounce'), 'token',
    'trusted as far as its token';
fetch();
is $inbox->recorded, 3, 'then there is nothing to do';
done_testing;
