# SPDX-License-Identifier: BSD-2-Clause
# The same report twice changes nothing, also when both come at the same moment.
use Bounce::Test;

use constant SESSIONS => 20;

my $stage = stage();

sub picture {
    return $stage->db->value(<<'END');
SELECT format('%s bounces, %s tasks counting %s, %s blocks, %s log entries, recipients %s',
  (SELECT count(*) FROM bounce.bounce), (SELECT count(*) FROM bounce.task), (SELECT sum(count)
    FROM bounce.task_detail),
  (SELECT count(*) FROM bounce.address_block), (SELECT count(*) FROM bounce.communication_log),
  (SELECT string_agg(concat_ws('/', state, attempts, next_attempt_at), ' ' ORDER BY id)
    FROM bounce.communication_recipient))
END
}

for my $template (qw(postfix-user-unknown exchange-mailbox-full exchange-spam-refused
    qmail-prose out-of-office postfix-delay)) {
    my $letter = $stage->register(process => 'invoice', to => ["$template\@customer.example"]);
    my @first  = (report_id => "first-$template", date => 'Mon, 2 Mar 2026 09:00:00 +0000');
    is code_of($stage->bounce($template, $letter, @first)), 250, "$template: taken";
    my $before = picture();
    # a DSN is rebuilt with another date and id; an answer with another one is another answer
    my @second = $template eq 'out-of-office' ? @first : (report_id => "second-$template");
    is code_of($stage->bounce($template, $letter, @second)), 250, "$template: taken again";
    is picture(), $before, "$template: and nothing has changed";
}

# "Try again" is a right answer under load: a client does.
sub deliver {
    my ($to, $mail) = @_;
    for (1 .. 5) {
        return 1 if ($stage->smtp->send(from => '', to => [$to], mail => $mail))[0] == 250;
    }
    return 0;
}

for my $template (qw(postfix-user-unknown exchange-mailbox-full)) {
    my $letter
        = $stage->register(process => 'receipt', to => ["storm-$template\@customer.example"]);
    my $mail = $stage->report($template, $letter);
    my $to   = $letter->{return_path}{ $letter->{to}[0] };
    is Bounce::Process::in_parallel((sub { deliver($to, $mail) }) x SESSIONS), 0,
        "$template: @{[SESSIONS]} sessions at once are all served";
    is scalar $stage->bounces($letter), 1, "$template: recorded once";
    is $stage->count('bounce.task WHERE communication_id = :id AND count > 1', id => $letter->{id}),
        0,
        "$template: counted once";
}

subtest 'many bounces of different mails at once' => sub {
    my @letters = map { $stage->register(process => 'newsletter', to => ["n$_\@crowd.example"]) }
        1 .. SESSIONS;
    my @deliver = map {
        my ($to, $mail)
            = ($_->{return_path}{ $_->{to}[0] }, $stage->report('exchange-spam-refused', $_));
        sub { deliver($to, $mail) };
    } @letters;
    is Bounce::Process::in_parallel(@deliver), 0, 'all are served';
    is $stage->count(
        "bounce.communication WHERE status = 'bounced' "
            . "AND id = ANY (string_to_array(:'ids', ',')::bigint[])",
        ids => join ',',
        map { $_->{id} } @letters
        ),
        SESSIONS, 'all are recorded';
    is $stage->db->value(
        "SELECT count(*) || ' ' || max(count) FROM bounce.task_detail "
            . "WHERE kind = 'delivery_problem' AND domain = 'crowd.example'"), '1 ' . SESSIONS,
        'in one task';
};

finish();
