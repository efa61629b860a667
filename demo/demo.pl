#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make demo: the main job on private servers, and whether it came out as it should. Exit status 0
# only if everything is as expected. KEEP=1 leaves the servers running; --stop ends those.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../tests/lib", $FindBin::Bin;
use Bounce::Console;
use Bounce::Stage;
use Mailbox;
use Outbound;
use Pictures;
use Scenario;
use Table;

use constant NAME => 'demo';

$| = 1;
my $table = Table->new;
stop() if @ARGV && $ARGV[0] eq '--stop';

progress('stopped the demo that was left running') if stop_kept();
my $stage = Bounce::Stage->new(
    name     => NAME,
    progress => \&progress,
    postfix  => Outbound::postfix_options());
$stage->{postfix} = Mailbox::prepare($stage, $stage->{postfix}) if Mailbox::is_possible();
progress(
    'run/demo is a link into ' . $stage->instance->dir . ': ' . $stage->instance->why_elsewhere)
    if $stage->instance->is_elsewhere;
$stage->start;

# reference => communication, Message-ID of a report => name shown
my (%letter, %name_of, @repeated);
register_communications();
send_bounces();
my @untouched = send_ordinary_mail();
send_refused_mail();
show();
$table->section(
    'Sent by bounce-delivery',
    [ qw(document recipient state attempts), 'what happened' ],
    [ Outbound::run($stage, \&progress) ],
    $Scenario::EXPECTED{outbound});

if (Mailbox::is_possible()) {
    $table->section(
        'Read from a mailbox by bounce-fetch, forwarded with a login',
        [ qw(mail folder), 'what followed' ],
        [ Mailbox::run($stage, \&progress) ],
        $Scenario::EXPECTED{mailbox});
}
else {
    progress('without Dovecot 2.3 no mailbox is shown');
}
Pictures::take($stage) if $ENV{PICTURES};
keep() if $ENV{KEEP};
exit verdict();

sub progress { print $table->paint(dim => "  · $_[0]"), "\n"; return }

sub register_communications {
    for my $row (@Scenario::COMMUNICATIONS) {
        my ($reference, $process, @to) = @$row;
        $letter{$reference}
            = $stage->register(process => $process, business_ref => $reference, to => \@to);
    }
    progress(@Scenario::COMMUNICATIONS . ' communications of three processes registered');
    return;
}

# A mail of somebody else, about which the database knows nothing.
sub stranger {
    return {
        to          => ['someone@customer.example'],
        sender      => 'sales@elsewhere.test',
        subject     => 'Offer',
        message_id  => 'never-sent@elsewhere.test',
        envelope_id => '',
    };
}

sub send_bounces {
    for my $row (@Scenario::BOUNCES) {
        my ($name, $template, $reference, $option) = @$row;
        my $letter = $reference ? $letter{$reference} : stranger();
        my $id     = 'demo-' . (1 + keys %name_of);
        my $before = picture();
        my ($code, $text) = $stage->bounce(
            $template, $letter,
            report_id => $id,
            ($option->{plain} ? (to => Bounce::Stage::BOUNCE_MAILBOX) : ()),
            from => $option->{from} ? $letter->{to}[0] : ''
        );
        $name_of{$id} = $name;
        $code == 250 or warn "$name: the answer was $text";
        next unless $option->{again};
        push @repeated,
            [
            $name, '', '', '',
            picture() eq $before ? 'known already, nothing changed' : 'not recognised'
            ];
    }
    progress(@Scenario::BOUNCES
            . ' bounces and other reports of five mail systems and of people sent through SMTP');
    return;
}

# Everything that a report can change, in one text.
sub picture {
    return $stage->db->value(<<'END');
SELECT (SELECT count(*) FROM bounce.bounce), (SELECT count(*)
  FROM bounce.communication_log), (SELECT count(*) FROM bounce.address_block),
       (SELECT sum(count) FROM bounce.task), (SELECT md5(string_agg(r::text, '' ORDER BY r.id))
         FROM bounce.communication_recipient AS r)
END
}

# Mail that is not for the bounce domain: what arrives at the other side has to be what was sent.
sub send_ordinary_mail {
    my $mail
        = "From: staff\@example.org\nTo: partner\@elsewhere.test\nSubject: lunch\n"
        . "Message-ID: <lunch\@example.org>\nDate: "
        . Bounce::Mail::rfc5322_date(time)
        . "\n\nAt twelve?\n";
    $stage->smtp->send(
        from => 'staff@example.org',
        to   => ['partner@elsewhere.test'],
        mail => $mail
    );
    my ($received)
        = @{ $stage->wait_for(60, sub { my @mail = $stage->remote->received; @mail && \@mail })
            // [] };
    return [ 'lunch', 'missing' ] unless $received;
    (my $data = $received->{data}) =~ s/\r\n/\n/g;
    $data =~ s/\A(?:Received:.*\n(?:[ \t].*\n)*)+//;
    return [ 'lunch', $data eq $mail ? 'untouched' : 'changed' ];
}

# Two real mails; our own Postfix is told no, and makes the bounces itself.
sub send_refused_mail {
    for my $row (@Scenario::REFUSED) {
        my ($name, $reference, $reply) = @$row;
        my $letter = $letter{$reference};
        my $to     = $letter->{to}[0];
        $stage->remote->answer($to, $reply);
        $stage->smtp->send(
            from => $letter->{return_path}{$to},
            to   => [$to],
            mail => "From: $letter->{sender}\nTo: $to\nSubject: $letter->{subject}\n"
                . "Message-ID: <$letter->{message_id}>\n"
                . "X-Communication-ID: $letter->{envelope_id}\nDate: "
                . Bounce::Mail::rfc5322_date(time)
                . "\n\nYour document.\n"
        );
    }
    progress(
        'two real mails sent, which the remote server refuses; waiting until Postfix gives up');
    $stage->wait_for(60,
        sub { $stage->count('bounce.bounce_message WHERE own_mta') >= @Scenario::REFUSED })
        or warn "Postfix's own bounces did not arrive\n" . $stage->instance->log_tail;
    $stage->wait_for(60, sub { $stage->mta->mailbox('operator') });
    return;
}

sub show {
    my $column = \%Scenario::EXPECTED;
    $table->section(
        'What came in',
        [ qw(bounce class reason), 'matched by', 'what follows' ],
        [ bounces() ],
        $column->{bounces});
    $table->section(
        'Communications',
        [qw(document process recipient status state because)],
        [ communications() ],
        $column->{communications});
    $table->section(
        'Open tasks',
        [qw(about kind reason document bounces)],
        [ tasks() ],
        $column->{tasks});
    $table->section('Blocked addresses', [qw(address reason)], [ blocks() ], $column->{blocks});
    $table->section(
        'Scheduled resends',
        [qw(recipient document when attempt)],
        [ resends() ],
        $column->{resends});
    $table->section(
        'Mailbox of ' . Bounce::Stage::OPERATOR,
        [qw(subject X-Bounce-Class X-Bounce-Reason)],
        [ operator() ],
        $column->{operator});
    $table->section('Mail for other domains', [qw(mail arrived)], \@untouched,
        $column->{untouched});
    return;
}

sub bounces {
    my $rows = $stage->db->rows(<<'END');
SELECT b.bounce_message_id, split_part(m.message_id, '@', 1) AS report_id, m.own_mta, b.recipient,
  b.class, b.reason,
       b.matched_by, b.consequence, count(*) OVER (PARTITION BY m.id) AS recipients
FROM bounce.bounce AS b JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id
  ORDER BY m.own_mta, m.id, b.recipient
END
    my %own = map { ($letter{ $_->[1] }{to}[0] => $_->[0]) } @Scenario::REFUSED;
    my @row;
    for my $row (@$rows) {
        my $name = $row->{own_mta} ? $own{ $row->{recipient} } : $name_of{ $row->{report_id} };
        $name = ($name // '?') . ($row->{recipients} > 1 ? ", $row->{recipient}" =~ s/\@.*//r : '');
        my $follows = $row->{consequence} =~ s/ at [-\d: ]+//r
            =~ s/(task \w+) \d+/$1/r;    # times and numbers differ
        push @row, [ $name, @$row{qw(class reason)}, $row->{matched_by} || '-', $follows ];
        push @row, @repeated if @row == 1;    # the first one was sent twice
    }
    return @row;
}

sub communications {
    return
        map { [ @$_{qw(document process recipient status state because)} ] }
        @{ $stage->db->rows(<<'END') };
SELECT c.business_ref || CASE WHEN count(*) OVER (PARTITION BY c.id) > 1
         THEN '/' || row_number() OVER (PARTITION BY c.id
           ORDER BY r.id) ELSE '' END AS document, c.process,
       r.address AS recipient, c.status, r.state, trim(coalesce(r.class, '') || ' ' || r.reason) AS
         because
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
  ORDER BY c.id, r.id
END
}

sub tasks {
    return map { [ @$_{qw(about kind reason document bounces)} ] } @{ $stage->db->rows(<<'END') };
SELECT t.kind, coalesce(nullif(t.address, ''), t.domain) AS about, t.reason,
  coalesce(c.business_ref, '-') AS document, t.count AS bounces
FROM bounce.task AS t LEFT JOIN bounce.communication AS c ON c.id = t.communication_id
  WHERE t.status = 'open' ORDER BY t.id
END
}

sub blocks {
    return map { [ @$_{qw(address reason)} ] } @{
        $stage->db->rows(
            'SELECT address, reason FROM bounce.address_block WHERE lifted_at IS NULL ORDER BY id')
    };
}

sub resends {
    return map { [ @$_{qw(recipient document wait attempt)} ] } @{ $stage->db->rows(<<'END') };
SELECT r.address AS recipient, c.business_ref AS document, r.attempts + 1 AS attempt,
       'in ' || round(extract(epoch FROM r.next_attempt_at - now()) / 3600) || ' hours' AS wait
FROM bounce.communication_recipient AS r JOIN bounce.communication AS c ON c.id = r.communication_id
WHERE r.next_attempt_at IS NOT NULL ORDER BY r.id
END
}

sub operator {
    return map {
        my $mail = $_->[1];
        [ map { Bounce::Mail::header($mail, $_) // '-' }
                qw(Subject X-Bounce-Class X-Bounce-Reason) ]
    } $stage->mta->mailbox('operator');
}

sub verdict {
    my ($right, $wrong) = ($table->right, $table->wrong);
    print "\n",
        $wrong
        ? $table->paint(bad => "$wrong of "
            . ($right + $wrong)
            . ' rows are not as expected (marked !!!); logs: '
            . $stage->instance->path('log'))
        : $table->paint(good => "All $right rows are as expected."), "\n";
    return $wrong ? 1 : 0;
}

sub keep {
    my $console = Bounce::Console->new($stage)->person(eva => 'bounce_clerk')->start;
    $stage->instance->keep;
    my @outage = $stage->db->control;
    print "\n", $table->paint(head => 'Still running'), "\n", <<"END";
    database   psql "@{[$stage->db->conninfo]}"
               for instance: SELECT * FROM bounce.undelivered
    console    @{[$console->base]}, as eva with the password eva-secret
    people     build/bouncectl status --conninfo "@{[$stage->db->conninfo]}"
    SMTP       127.0.0.1:@{[$stage->mta->port]}, bounces to @{[Bounce::Stage::BOUNCE_MAILBOX]}
    logs       @{[$stage->instance->path('log')]}
    mailboxes  @{[$stage->instance->path('mail')]}
    outage     $outage[0]
               $outage[1]
    stop       make demo-stop
END
    return;
}

# True when one was there.
sub stop_kept {
    my $kept = Bounce::Instance->find(NAME) or return 0;
    $kept->stop;
    return 1;
}

sub stop {
    print stop_kept() ? "the demo's servers are stopped\n" : "no demo is running\n";
    exit 0;
}
