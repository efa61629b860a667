# SPDX-License-Identifier: BSD-2-Clause
# The same report twice changes nothing, also when both come at the same moment.
use Bounce::Test;

use constant SESSIONS => 20;

my $stage = stage();


sub picture {
    return $stage->db->value(<<'END');
SELECT (SELECT count(*) FROM bounce.bounce) || ' bounces, ' || (SELECT count(*) || ' tasks counting ' || coalesce(sum(count), 0) FROM bounce.task)
    || ', ' || (SELECT count(*) FROM bounce.address_block) || ' blocks, ' || (SELECT count(*) FROM bounce.communication_log) || ' log entries, '
    || (SELECT coalesce(string_agg(state || attempts || coalesce(next_attempt_at::text, ''), ' ' ORDER BY id), '') FROM bounce.communication_recipient)
END
}

for my $template (qw(postfix-user-unknown exchange-mailbox-full exchange-spam-refused qmail-prose out-of-office postfix-delay)) {
    my $letter = $stage->register(process => 'invoice', to => ["$template\@customer.example"]);
    is +($stage->bounce($template, $letter, report_id => "first-$template"))[0], 250, "$template: taken";
    my $before = picture();
    # out-of-office: whoever answers twice writes the same body, a rebuilt DSN has another date and id
    is +($stage->bounce($template, $letter, report_id => "second-$template"))[0], 250, "$template: taken again";
    is picture(), $before, "$template: and nothing has changed";
}

for my $template (qw(postfix-user-unknown exchange-mailbox-full)) {
    my $letter = $stage->register(process => 'receipt', to => ["storm-$template\@customer.example"]);
    my $mail   = $stage->report($template, $letter);
    my $to     = $letter->{return_path}{ $letter->{to}[0] };
    my @child;
    for (1 .. SESSIONS) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            # "try again" is a right answer under load: a client tries again
            for (1 .. 5) { POSIX::_exit(0) if ($stage->smtp->send(from => '', to => [$to], mail => $mail))[0] == 250 }
            POSIX::_exit(1);
        }
        push @child, $pid;
    }
    my $failed = grep { waitpid $_, 0; $? } @child;
    is $failed, 0, "$template: @{[SESSIONS]} sessions at once are all served";
    is $stage->count('bounce.bounce WHERE communication_id = :id', id => $letter->{id}), 1, "$template: recorded once";
    is $stage->count('bounce.task WHERE communication_id = :id AND count > 1', id => $letter->{id}), 0, "$template: counted once";
}

subtest 'many bounces of different mails at once' => sub {
    my @letters = map { $stage->register(process => 'newsletter', to => ["n$_\@crowd.example"]) } 1 .. SESSIONS;
    my @mails = map { [ $_->{return_path}{ $_->{to}[0] }, $stage->report('exchange-spam-refused', $_) ] } @letters;
    my @child;
    for my $mail (@mails) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            for (1 .. 5) { POSIX::_exit(0) if ($stage->smtp->send(from => '', to => [ $mail->[0] ], mail => $mail->[1]))[0] == 250 }
            POSIX::_exit(1);
        }
        push @child, $pid;
    }
    my $failed = grep { waitpid $_, 0; $? } @child;
    is $failed, 0, 'all are served';
    is $stage->count("bounce.communication WHERE status = 'bounced' AND id = ANY (string_to_array(:'ids', ',')::bigint[])", ids => join ',', map { $_->{id} } @letters),
        SESSIONS, 'all are recorded';
    is $stage->db->value("SELECT count(*) || ' ' || max(count) FROM bounce.task WHERE kind = 'delivery_problem' AND domain = 'crowd.example'"), '1 ' . SESSIONS, 'in one task';
};

finish();
