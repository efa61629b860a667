# SPDX-License-Identifier: BSD-2-Clause
# A real Postfix that wants a login, with the passwords of a real Dovecot: a wrong one, or none, is
# a fault of the configuration and no fault of any mail.
use Bounce::Delivery;
use Bounce::Dovecot;
use Bounce::SubmissionServer;
use Bounce::Test;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage      = stage(servers => 0);
my $instance   = $stage->instance;
my $db         = $stage->db;
my $submission = Bounce::SubmissionServer->new($instance);
my $dovecot    = Bounce::Dovecot->start($instance, settings => $submission->dovecot);
$stage->{postfix} = $submission->postfix;
$stage->daemon->set(rules_dir => $stage->one_rule);
$stage->start_servers;
$stage->parameter(delivery_probe_delay     => '1 second');
$stage->parameter(delivery_probe_max_delay => '1 second');

sub worker {
    my (%login) = @_;
    return Bounce::Delivery->new(
        $instance, $db,
        server      => 'localhost:' . $submission->port('smtp'),
        starttls    => 'verify',
        tls_ca_file => $instance->path('dovecot/certificate.pem'),
        rules_dir   => $stage->one_rule,
        workers     => 1,
        %login
    );
}

sub login {
    my ($password) = @_;
    return (username => Bounce::Dovecot::USER, password_file => $submission->password($password));
}

sub open_tasks {
    return $db->value("SELECT coalesce(string_agg(why, E'\\n'), '') FROM bounce.open_task");
}

# Of the mails from that one on: "SUCCESS 7 1, PENDING 7 0", with their attempts.
sub states {
    my ($first) = @_;
    return $db->value(<<"END");
SELECT string_agg(concat_ws(' ', state, n, attempts), ', ' ORDER BY state, attempts)
FROM (SELECT state, attempts, count(*) AS n FROM bounce.delivery
      WHERE communication_id >= $first GROUP BY 1, 2) AS s
END
}

for my $row (
    [ 'a wrong password', qr/login as \S+ refused: 535 5\.7\.8/, login('nonsense') ],
    [ 'no login', qr/554 5\.7\.1 <[^>]*>: Recipient address rejected: Access denied/ ],
) {
    my ($name, $words, %login) = @$row;
    subtest $name => sub {
        my $wrong = worker(%login);
        my ($first) = map { $wrong->submit(to => ["a$_\@customer$_.example"]) } 1 .. 7;
        $wrong->start;
        is_soon(sub { open_tasks() =~ $words ? 'known' : open_tasks() }, 'known', 'it is known');
        ok $wrong->stop, 'it stops by itself';
        is open_tasks() =~ tr/\n//, 0,             'by one task';
        is states($first),          'PENDING 7 0', 'nothing is counted';
        my $right = worker(login(Bounce::Dovecot::PASSWORD))->start;
        is_soon(sub { states($first) }, 'SUCCESS 7 1', 'mended: everything goes out');
        is open_tasks(), '', 'and the task is closed';
        ok $right->stop, 'it stops by itself';
    };
}
finish();
