# SPDX-License-Identifier: BSD-2-Clause
# A system parameter acts at once, without a restart; the rules act after SIGUSR1.
use Bounce::Test;

my $stage = stage(servers => 0);
$stage->daemon->set(site_rules => $stage->instance->write_file('site.rules', "# none yet\n"));
$stage->start_servers;

sub letter { my ($address) = @_; return $stage->register(process => 'invoice', to => [$address]) }

# The daemon hears of a change by NOTIFY: the next mail is tried until it does.
sub soon {
    my ($code, $name) = @_;
    ok($stage->wait_for(60, $code), $name);
    return;
}

subtest 'bounce_domain' => sub {
    $stage->parameter(bounce_domain => 'elsewhere.test, bounces.example.org');
    my $number = 0;
    soon(
        sub {
            $stage->smtp->send(
                from => '',
                to   => ['x@elsewhere.test'],
                mail => $stage->report(
                    'address-only',
                    letter('n' . ++$number . '@customer.example'),
                    to => 'x@elsewhere.test'
                ));
            $stage->count(
                "bounce.bounce_message WHERE 'x\@elsewhere.test' = ANY (envelope_recipients)");
        },
        'a domain that is added is ours'
    );
    $stage->parameter(bounce_domain => 'bounces.example.org');
    soon(
        sub {
            my $before = $stage->remote->received;
            $stage->smtp->send(
                from => '',
                to   => ['x@elsewhere.test'],
                mail => "Subject: no longer yours\n\nx\n"
            );
            $stage->wait_for(2, sub { $stage->remote->received > $before });
        },
        'a domain that is taken out passes'
    );
};

subtest 'deliver_stored' => sub {
    $stage->parameter(deliver_stored => 'on');
    is code_of($stage->bounce('postfix-user-unknown', letter('dora@customer.example'))), 250,
        'taken';
    is_soon(sub { scalar $stage->mta->mailbox('bounces') },
        1, 'on: the bounce mailbox gets it as well');
    my ($mail) = map { $_->[1] } $stage->mta->mailbox('bounces');
    is Bounce::Mail::header($mail, 'X-Bounce-Class'), 'hard', 'with its class';
    $stage->parameter(deliver_stored => 'off');
    is code_of($stage->bounce('postfix-user-unknown', letter('erik@customer.example'))), 250,
        'taken';
    is $stage->mta->mailbox('bounces'), 1, 'off: it does not';
};

subtest 'operator_mailbox' => sub {
    $stage->bounce('nobody-can-tell', letter('f1@farm.example'));
    is_soon(sub { scalar $stage->mta->mailbox('operator') },
        1, 'the operator gets what nobody can classify');
    $stage->parameter(operator_mailbox => 'other@example.org');
    $stage->bounce('nobody-can-tell', letter('f2@farm.example'));
    is_soon(sub { scalar $stage->mta->mailbox('others') }, 1, 'another mailbox, at once');
    $stage->parameter(operator_mailbox => '');
    $stage->bounce('nobody-can-tell', letter('f3@farm.example'));
    is_soon(sub { scalar $stage->mta->mailbox('bounces') },
        2, 'none: it stays in the bounce mailbox');
    $stage->parameter(operator_mailbox => Bounce::Stage::OPERATOR);
};

subtest 'block_hard and resend, for one process' => sub {
    $stage->parameter(block_hard => 'off', 'invoice');
    $stage->bounce('postfix-user-unknown', letter('gerd@customer.example'));
    is $stage->is_blocked('gerd@customer.example'), 0, 'no block for that process';
    my $receipt = $stage->register(process => 'receipt', to => ['heidi@customer.example']);
    $stage->bounce('postfix-user-unknown', $receipt);
    is $stage->is_blocked('heidi@customer.example'), 1, 'a block for the others';
    $stage->parameter(resend => 'off', 'invoice');
    my $soft = letter('ida@school.example');
    $stage->bounce('exchange-mailbox-full', $soft);
    is $stage->recipient($soft)->{next_attempt_at}, undef, 'no resend';
};

subtest 'a wrong value is refused' => sub {
    for my $case (
        [ resend_factor       => 'lots' ],
        [ resend_max_attempts => '-1' ],
        [ deliver_stored      => 'perhaps' ],
        [ operator_mailbox    => 'nobody' ],
        [ operator_mailbox    => 'x@bounces.example.org' ]
    ) {
        eval { $stage->parameter(@$case) };
        like $@, qr/ERROR:.*$case->[0]/, "$case->[0] = $case->[1]";
    }
};

subtest 'the site rules, after SIGUSR1' => sub {
    my $rule_of = sub {
        my $letter = letter("$_[0]\@bank.example");
        $stage->bounce('exchange-spam-refused', $letter);
        return ($stage->bounces($letter))[0]{rule};
    };
    isnt $rule_of->('j1'), 'site.bank', 'without them another rule decides';
    $stage->instance->write_file('site.rules',
              "[site.bank]\nreason = policy_rejected\nmatch = by content filtering\n"
            . "example = rejected by content filtering\n");
    $stage->daemon->signal('USR1');
    ok $stage->wait_for(60, sub { $stage->daemon->log_lines(qr/reloaded/) }), 'reloaded'
        or diag $stage->daemon->log_lines(qr/./);
    is $rule_of->('j2'), 'site.bank', 'the new rule overrules the others';
    $stage->instance->write_file('site.rules', "[broken\n");
    $stage->daemon->signal('USR1');
    ok $stage->wait_for(60, sub { $stage->daemon->log_lines(qr/not reloaded.*site\.rules:1/) }),
        'a broken file is named, with its line';
    is $rule_of->('j3'), 'site.bank', 'and the old rules stay';
};

finish();
