# SPDX-License-Identifier: BSD-2-Clause
# bouncectl intake behind Postfix's pipe(8), as bouncectl(1) says it: for hosts whose reports never
# meet the milter.
use Bounce::Ctl;
use Bounce::Test;
use File::Copy qw(copy);

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $domain   = Bounce::Postfix::BOUNCE_DOMAIN;

# The account of the pipe may not see the source tree.
my $program = $instance->path('bouncectl');
copy($stage->daemon->program('bouncectl'), $program) or die $!;
chmod 0755, $program;
my $rules = $stage->one_rule;
my $outbox   = $instance->make_dir('outbox', mode => 0777);
my $sendmail = $instance->write_file('sendmail', "#!/bin/sh\ncat > $outbox/mail\n");
chmod 0755, $sendmail;
my $user = $instance->daemon_user;
my $conf = $instance->write_file('intake.conf',
          'conninfo = '
        . $stage->db->conninfo(user => Bounce::Daemon::ACCOUNT)
        . "\nrules_dir = $rules\n");

my $mta = Bounce::Postfix->new(
    $instance,
    milter      => 'unix:/nowhere',
    remote_port => 1,
    lifetime    => 60,
    main        => {
        smtpd_milters                       => '',
        transport_maps                      => "inline:{ $domain=bounces: }",
        virtual_mailbox_domains             => 'example.org',
        relay_domains                       => $domain,
        bounces_destination_recipient_limit => 1
    },
    master => <<"END")->start;
bounces unix - n n - 10 pipe
  user=$user null_sender=
  argv=$program intake -c $conf --sendmail $sendmail --queue-id \${queue_id} --from \${sender} --to
    \${original_recipient}
END
my $smtp = Bounce::SmtpClient->new(port => $mta->port);
my $db   = $stage->db;

my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
my $path   = $letter->{return_path}{'anna@customer.example'};
is
    + (
    $smtp->send(from => '', to => [$path], mail => $stage->report('postfix-user-unknown', $letter)))
    [0], 250, 'Postfix takes the report';
is_soon(sub { $stage->recipient($letter)->{state} }, 'bounced', 'it is recorded')
    or diag $mta->log_lines(qr/pipe/);
my ($row) = @{
    $db->rows(
        'SELECT source, envelope_sender, envelope_recipients, queue_id FROM bounce.bounce_message')
};
is $row->{source},          'stdin', 'by this way';
is $row->{envelope_sender}, '',      'the null sender arrives as such';
is_deeply $row->{envelope_recipients}, [$path], 'the recipient too';
like $row->{queue_id}, qr/^[0-9A-F]+$/, 'and the queue id';

$smtp->send(
    from => '',
    to   => ["x\@$domain"],
    mail => $stage->report('nobody-can-tell', $letter, to => "x\@$domain"));
ok $stage->wait_for(60, sub { -s "$outbox/mail" }), 'what nobody can classify is handed on';

$db->stop;
my $later = "y\@$domain";
$smtp->send(
    from => '',
    to   => [$later],
    mail => $stage->report('nobody-can-tell', $letter, to => $later) . "more\n"
);
ok $stage->wait_for(60, sub { $mta->log_lines(qr/to=<\Q$later\E>.*status=deferred/) }),
    'the database is away: Postfix keeps it'
    or diag $mta->log_lines(qr/pipe/);
$db->restart;
ok $stage->wait_for(60, sub { $mta->log_lines(qr/to=<\Q$later\E>.*status=sent/) }),
    'and brings it again'
    or diag $mta->log_lines(qr/pipe/);
is $stage->count('bounce.bounce_message'), 3, 'nothing is lost';

finish();
