# SPDX-License-Identifier: BSD-2-Clause
# The operator's copies by a server that wants a token of OAuth 2.0: bounce-delivery renews it at
# the token server of the tests, and a real Postfix asks Dovecot, which asks there whether it is
# good.
use Bounce::Delivery;
use Bounce::Dovecot;
use Bounce::Intake;
use Bounce::SubmissionServer;
use Bounce::Test;
use Bounce::TokenServer;

plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;

my $stage      = stage(servers => 0);
my $instance   = $stage->instance;
my $server     = Bounce::TokenServer->new($instance);
my $submission = Bounce::SubmissionServer->new($instance);
my $dovecot    = Bounce::Dovecot->start($instance,
    settings => $server->dovecot_settings . $submission->dovecot);
$server->start($dovecot);
my $intake = Bounce::Intake->new($stage);
$stage->{postfix} = $submission->postfix;
$stage->daemon->set(rules_dir => $intake->rules);
$stage->start_servers;
$stage->parameter(operator_copy => 'smtp');

sub secret {
    my ($name, $text) = @_;
    my $path = $instance->write_file($name, "$text\n");
    chown + (getpwnam $instance->daemon_user)[ 2, 3 ], $path if $instance->is_root;
    chmod 0600, $path;
    return $path;
}
my $home   = $instance->make_dir('grant');
my $worker = Bounce::Delivery->new(
    $instance, $stage->db,
    server    => '127.0.0.1:1',
    rules_dir => $intake->rules,
    $submission->keys,
    smtp_password_file => '',
    smtp_auth_method   => 'oauth',
    username           => Bounce::Dovecot::USER,
    starttls           => 'verify',
    auth_method        => 'oauth',
    refresh_token_file => secret('grant/refresh', $server->FIRST),
    token_url          => $server->url,
    token_ca_file      => $dovecot->certificate,
    client_id          => $server->CLIENT,
    client_secret_file => secret('grant/secret', $server->SECRET));

$worker->start;
$intake->take("From: anna\@customer.example\nSubject: a question\n\nIs it so?\n",
    Bounce::Stage::BOUNCE_MAILBOX);
is_soon(sub { $stage->db->value('SELECT state FROM bounce.operator_copy') // '' },
    'sent', 'the copy goes out');
is scalar(() = $stage->mta->mailbox('operator')), 1, 'the operator has it';
is scalar(() = $stage->mta->log_lines(qr/sasl_method=(?:OAUTHBEARER|XOAUTH2)/)), 1,
    'by a login with a token';
cmp_ok scalar(() = $server->asked), '>=', 1, 'which was renewed';
ok $worker->stop, 'stopped';
finish();
