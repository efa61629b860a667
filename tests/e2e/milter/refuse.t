# SPDX-License-Identifier: BSD-2-Clause
# refuse_bad_token: what never was a return path of ours is refused at RCPT, without a question to
# the database.
use Bounce::Test;

my $stage  = stage();
my $domain = Bounce::Postfix::BOUNCE_DOMAIN;
my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
my $good   = $letter->{return_path}{'anna@customer.example'};
(my $forged      = $good) =~ s/^(bounce\+.{20})(.)/$1 . ($2 eq 'a' ? 'b' : 'a')/e;
(my $unknown_key = $good) =~ s/^bounce\+..../bounce+7777/;

# As one who has never seen the mail would write it.
sub forgery {
    my ($to) = @_;
    return $stage->report(
        'postfix-user-unknown', $letter,
        to          => $to,
        message_id  => 'guess@example.net',
        envelope_id => '0' x 32
    );
}

sub answer_to {
    my ($to) = @_;
    my ($code, $text) = $stage->smtp->send(from => '', to => [$to], mail => forgery($to));
    return $code . ($text =~ /\b(5\.7\.1)\b/ ? " $1" : '');
}

is answer_to($forged), 250, 'off: a forged return path is taken, without trust';
is $stage->recipient($letter)->{state}, 'sent', 'and marks nothing'
    or diag $stage->db->value('SELECT string_agg(trust::text, \',\') FROM bounce.bounce');

$stage->parameter(refuse_bad_token => 'on');
ok $stage->wait_for(60, sub { answer_to('bounce+nonsense@' . $domain) eq '550 5.7.1' }),
    'on, at once: a malformed one is refused';
my @rows = (
    [ $forged,                      '550 5.7.1', 'a signature that is not ours' ],
    [ uc $forged,                   '550 5.7.1', 'in capitals' ],
    [ 'BOUNCE+nonsense@' . $domain, '550 5.7.1', 'a malformed one in capitals' ],
    [ 'bounce+@' . $domain,         '550 5.7.1', 'nothing behind the prefix' ],
    [ $unknown_key,            '250', 'a key that we do not know may be newer than what we know' ],
    [ 'bounces@' . $domain,    '250', 'an address that is no return path' ],
    [ 'postmaster@' . $domain, '250', 'postmaster' ],
);
is answer_to($_->[0]),                  $_->[1], $_->[2] for @rows;
is $stage->recipient($letter)->{state}, 'sent',  'nothing so far was believed';
ok scalar $stage->daemon->log_lines(qr/refused recipient="\Q$forged\E"/), 'the log names it';

subtest 'a key that is rotated' => sub {
    $stage->db->value('SELECT bounce.rotate_token_key()');
    my $next = $stage->register(process => 'invoice', to => ['bert@customer.example']);
    is answer_to($good),                    250,       'the retired key still verifies';
    is $stage->recipient($letter)->{state}, 'bounced', 'and its report is believed';
    is + ($stage->bounce('postfix-user-unknown', $next))[0], 250,       'the new one too';
    is $stage->recipient($next)->{state},                    'bounced', 'at once';
};

finish();
