# SPDX-License-Identifier: BSD-2-Clause
# The recipes that keep the mail of others out of ours, as doc/install.md has them: a service of its
# own for the bounce domain, reached by its MX or from the queue.
use Bounce::Test;

my $domain = Bounce::Postfix::BOUNCE_DOMAIN;
my $stage  = stage(servers => 0);
my $port   = $stage->instance->free_port;
my $milter = $stage->daemon->milter_socket;
$stage->{postfix} = {
    lifetime => 600,
    master   => "127.0.0.1:$port inet n - n - - smtpd\n"
        . "  -o { smtpd_milters = { $milter, default_action=tempfail, content_timeout=60s } }\n",
    main => {
        smtpd_milters           => '',
        virtual_mailbox_domains => Bounce::Postfix::DOMAIN,
        relay_domains           => $domain,
        transport_maps          => "inline:{ { $domain = smtp:[127.0.0.1]:$port } }",
    },
};
$stage->start_servers;
my $own    = Bounce::SmtpClient->new(port => $port);
my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
my $second = $stage->register(process => 'invoice', to => ['ben@customer.example']);

sub report_on {
    my ($which) = @_;
    my $to = $which->{return_path}{ $which->{to}[0] };
    return (from => '', to => [$to], mail => $stage->report('postfix-user-unknown', $which));
}

$stage->daemon->kill;
is code_of($stage->smtp->send(
    from => 'a@example.org',
    to   => ['b@elsewhere.test'],
    mail => "Subject: lunch\n\nnow?\n"
    )),
    250, 'the filter is away: whoever comes to the common service is not asked to come again';
is int(code_of($own->send(report_on($letter))) / 100), 4,
    'who comes to the service of the bounce domain is';
is code_of($stage->smtp->send(report_on($second))), 250,
    'and for a bounce that comes to the common service the queue waits';
$stage->daemon->start;
is code_of($own->send(report_on($letter))), 250, 'the filter is back: the first is taken';
is scalar($stage->bounces($letter)),        1,   'and recorded';
is_soon(
    sub { $stage->mta->flush; $stage->status($second) },
    'bounced', 'the second comes from the queue'
);
is scalar($stage->bounces($second)), 1, 'once';

finish();
