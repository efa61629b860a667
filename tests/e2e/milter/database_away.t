# SPDX-License-Identifier: BSD-2-Clause
# The database or the daemon is away: "try again", and the repeat is recorded once.
use Bounce::Test;

my $stage = stage(daemon => { pool_wait => 2, query_wait => 3 });

sub recorded { my ($letter) = @_; return scalar $stage->bounces($letter) }

subtest 'the database is stopped in the middle' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
    my $mail   = $stage->report('postfix-user-unknown', $letter);
    my @send
        = (from => '', to => [ $letter->{return_path}{'anna@customer.example'} ], mail => $mail);
    my $warm = $stage->register(process => 'invoice', to => ['warm@customer.example']);
    $stage->bounce('out-of-office', $warm);    # connections are open
    $stage->db->stop;
    my ($code, $text) = $stage->smtp->send(@send);
    like "$code $text", qr/^451 /, 'the answer is 451' or diag $text;
    is code_of($stage->smtp->send(@send)), 451, 'and stays so';
    is code_of($stage->smtp->send(
        from => 'a@example.org',
        to   => ['b@elsewhere.test'],
        mail => "Subject: lunch\n\nnow?\n"
        )),
        250, 'mail of others passes meanwhile';
    $stage->db->restart;
    my $answer;
    $stage->wait_for(60, sub { ($answer) = $stage->smtp->send(@send); $answer == 250 });
    is $answer,                 250,       'the database is back: taken';
    is recorded($letter),       1,         'and recorded once';
    is $stage->status($letter), 'bounced', 'with its consequence';
};

subtest 'a bounce of our own Postfix waits for the database' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['gone@remote.test']);
    $stage->remote->answer('gone@remote.test', '550 5.1.1 <gone@remote.test>: User unknown');
    $stage->db->stop;
    $stage->smtp->send(
        from => $letter->{return_path}{'gone@remote.test'},
        to   => $letter->{to},
        mail => "From: billing\@example.org\nMessage-ID: <$letter->{message_id}>\nSubject: x\n\nx\n"
    );
    ok $stage->wait_for(
        60,
        sub { $stage->mta->log_lines(qr/milter-reject: END-OF-MESSAGE .*4\.\d\.\d.*from=<>/) > 1 }
        ),
        'it is refused and made anew';
    $stage->db->restart;
    $stage->wait_for(60, sub { $stage->status($letter) eq 'bounced' });
    is $stage->status($letter), 'bounced', 'recorded when the database is back';
    ok $stage->wait_for(60, sub { $stage->mta->queue eq '' }), 'nothing is left in the queue';
    is recorded($letter), 1, 'once';
};

subtest 'the daemon is killed' => sub {
    my $letter = $stage->register(process => 'invoice', to => ['ben@customer.example']);
    my $mail   = $stage->report('postfix-user-unknown', $letter);
    my @send
        = (from => '', to => [ $letter->{return_path}{'ben@customer.example'} ], mail => $mail);
    $stage->daemon->kill;
    my ($code) = $stage->smtp->send(@send);
    is int $code / 100, 4, "Postfix says try again ($code)";
    $stage->daemon->start;
    is code_of($stage->smtp->send(@send)), 250,
        'the daemon takes over the socket it left behind, and the retry is taken';
    is recorded($letter), 1, 'recorded once';
};

finish();
