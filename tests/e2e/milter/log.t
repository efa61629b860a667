# SPDX-License-Identifier: BSD-2-Clause
# What became of a report is one line of the log, the same from the milter and from bouncectl
# intake; its numbers, and the queue id before it, are those that bouncectl takes.
use Bounce::Test;
use JSON::PP;

my $stage  = stage();
my $daemon = $stage->daemon;
my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);

sub bouncectl { return $daemon->bouncectl(@_, '--conninfo', $stage->db->conninfo) }

is code_of($stage->bounce('postfix-user-unknown', $letter)), 250, 'taken';
my ($line)     = $daemon->log_lines(qr/recorded/);
my ($queue_id) = $line =~ /\]: (\w+): recorded /;
ok $queue_id, 'the queue id is before it' or diag $line;
like $line, qr/ communication=$letter->{id} bounce=\d+ class=hard reason=user_unknown trust=token /,
    'communication and trust';
like $line, qr/ consequence="[^"]*blocked[^"]*" task=(\d+) duplicate=no /, 'consequence and task';
my ($task) = $line =~ /task=(\d+)/;

for my $what ($queue_id, $letter->{id}) {
    my ($status, $output) = bouncectl('show', $what);
    is $status, 0, "bouncectl show $what" or diag $output;
    like $output, qr/\b$letter->{business_ref}\b/, 'the communication';
    ($status, $output) = bouncectl('show', $what, '--json');
    like $output, qr/"task_id"\s*:\s*"?$task\b/, 'with its task';
}
is code_of($stage->bounce('postfix-user-unknown', $letter)), 250, 'again';
like + ($daemon->log_lines(qr/recorded/))[-1],
    qr/ communication=$letter->{id} .* trust=token consequence="[^"]+" task=$task duplicate=yes /,
    'a repetition says the same';

my $second = $stage->register(process => 'invoice', to => ['ben@customer.example']);
my $file = $stage->instance->write_file('report', $stage->report('postfix-user-unknown', $second));
my ($status, $output)
    = bouncectl('intake', $file, '--log', 'stderr', '--queue-id', 'Q1', '--rules',
    $stage->instance->rules_dir,
    '--to', $second->{return_path}{'ben@customer.example'});
is $status, 0, 'bouncectl intake' or diag $output;
like $output, qr/Q1: recorded communication=$second->{id} .* trust=token /, 'logs the same';

# a report that belongs to no communication
my $lost = $stage->report(
    'postfix-user-unknown', $second,
    message_id  => 'unknown',
    envelope_id => '',
    recipient   => 'zoe@nowhere.example',
    to          => Bounce::Stage::BOUNCE_MAILBOX
);
is code_of($stage->smtp->send(from => q(), to => [Bounce::Stage::BOUNCE_MAILBOX], mail => $lost)),
    250,
    'a report about nobody is taken';
$line = ($daemon->log_lines(qr/recorded/))[-1];
my ($id, $bounce, $its_task)
    = $line =~ /\]: (\w+): recorded communication=none bounce=(\d+) .* task=(\d+) /;
ok $its_task, 'and says its task' or diag $line;
($status, $output) = bouncectl('show', $id);
like $output, qr/bouncectl bounces --queue-id/, 'show says where it is';
($status, $output) = bouncectl('bounces', '--queue-id', $id, '--json');
my @found = map { JSON::PP->new->decode($_) } split /\n/, $output;
is scalar @found, 1, 'found by the queue id, and alone';
is_deeply [ map { "$_" } @{ $found[0] }{qw(id task_id)} ], [ $bounce, $its_task ],
    'the bounce, and its task';

finish();
