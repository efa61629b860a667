# SPDX-License-Identifier: BSD-2-Clause
# The pages in German and French, of a database with one of everything: whatever the database says,
# it says in the language of the page; what a stranger wrote is not changed, whatever it looks like.
use utf8;
use Bounce::Console;
use Bounce::Intake;
use Bounce::Sentences;
use Bounce::Test;

use constant PAGES_MAX => 250;
my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);
# what is said in the marks of a sentence, and words that a catalogue has
my $forged = "\x02done\x1fbounced\x03 done: address blocked";

# --- one of everything -----------------------------------------------------------------------

sub comes_back {
    my ($template, $process, $address, $change) = @_;
    my $letter = $stage->register(process => $process, to => [$address]);
    my $mail   = $stage->report($template, $letter);
    $intake->take($change ? $change->($mail) : $mail,
        $letter->{return_path}{$address}, all_rules => 1);
    return $letter;
}
sub task_of { return $stage->recipient($_[0])->{task_id} }

$stage->parameter(@$_)
    for [ operator_copy => 'smtp' ], [ operator_mailbox => 'operator@example.com' ],
    [ follow_up => 'on' ];
my %hard = map { ($_ => $intake->bounced("$_\@$_.example")) }
    qw(corrected unblocked dead closed judged undone open forged);
my $letter
    = $stage->register(process => 'invoice', to => [ map { "o$_\@outage.example" } 1 .. 12 ]);
$intake->take($stage->report('postfix-user-unknown', $letter, recipient => $_),
    $letter->{return_path}{$_})
    for @{ $letter->{to} };
comes_back('exchange-spam-refused', 'newsletter', 'jana@bank.example');
comes_back('complaint',             'newsletter', 'lena@customer.example');
comes_back('exchange-mailbox-full', 'newsletter', 'ben@school.example');
my $unread = comes_back('nobody-can-tell', 'newsletter', 'jonas@farm.example');
comes_back(
    'nobody-can-tell', 'invoice', 'gone@farm.example',
    sub {
        my ($mail) = @_;
        $mail =~ s/^Subject: .*/Subject: Automatic reply: I have left the company/m;
        return $mail;
    });
$intake->take($stage->report('postfix-user-unknown', $hard{open}), 'bounces@bounces.example.org');
$intake->bounced(
    'forged@forged.example',
    subject      => $forged,
    business_ref => $forged,
    change       => sub { $_[0] =~ s/(user unknown)/$1 $forged/gir });

my $console = Bounce::Console->new($stage);
$console->person(tom => 'bounce_operator')->person(kim => 'bounce_admin')->start;

# What people and programs do; each as the statement that bouncectl and the queue send.
my %id    = map { ($_ => $hard{$_}{id}) } keys %hard;
my %task  = map { ($_ => task_of($hard{$_})) } keys %hard;
my $judge = $stage->recipient($hard{judged})->{bounce_id};
my $read  = $db->value("SELECT min(id) FROM bounce.bounce WHERE class = 'unclassified'");
$db->sql($_) for <<"END";
SELECT bounce.resolve_task_corrected($task{corrected}, 'right\@right.example', 'she said so');
SELECT bounce.resolve_task_unblocked($task{unblocked}, 'it works');
SELECT bounce.resolve_task_dead($task{dead}, '');
SELECT bounce.resolve_task($task{closed}, ''), bounce.reopen_task($task{closed}, 'a slip');
SELECT bounce.assign_task($task{open}, 'tom'), bounce.postpone_task($task{open}, now() + interval
  '1 day', ''), bounce.note_task($task{open}, '$forged'), bounce.assign_task($task{open}, '');
SELECT bounce.reclassify($judge, 'mailbox_full', 'they say so');
SELECT bounce.undo_bounces('-infinity', NULL, 'a test', domain => 'undone.example');
SELECT bounce.redo_bounces(max(id), 'after all') FROM bounce.undo;
SELECT bounce.block_address('hand\@hand.example', 'by hand'),
  bounce.lift_block('hand\@hand.example', 'by hand'),
  bounce.restore_block('hand\@hand.example', 'by hand');
SELECT bounce.forward_letter($read, 'boss\@example.com', 'for you');
SELECT bounce.pause_process('receipt', 'too many come back');
SELECT bounce.delivery_problem('mx.example.org', 'connection refused');
SELECT bounce.submit_communication(process => 'invoice', sender => 'invoice\@example.org',
  recipients => ARRAY['q' || n || '\@queue.example'], subject => 'x', body_text => 'x')
FROM generate_series(1, 5) AS n;
SELECT bounce.hold_communication(max(communication_id)) FROM bounce.communication_delivery;
SELECT bounce.cancel_communication(max(communication_id) - 1) FROM bounce.communication_delivery;
SELECT bounce.set_parameter('shadow', 'on', 'newsletter');
END
comes_back('postfix-user-unknown', 'newsletter', 'shadow@shadow.example');
comes_back('exchange-mailbox-full', 'newsletter', 'shade@shadow.example');
# a worker that dies in the middle of a send
my $claimed = $db->rows(<<'END')->[0];
SELECT q.recipient_id, d.communication_id FROM bounce.claim_deliveries('w1', 'h', 1) AS d
JOIN bounce.recipient_delivery AS q ON q.communication_id = d.communication_id LIMIT 1
END
ok $claimed, 'a worker has a mail';

# --- what is seen ----------------------------------------------------------------------------

# Of sentences with enough words of their own to be known again.
my %english = Bounce::Sentences::said;
my @pattern;
for my $words (sort keys %english) {
    my @piece = split /%[swrt]/, $words;
    next unless grep { tr/a-z// >= 8 && /[a-z] [a-z]/ } @piece;
    push @pattern, [ $words, join '.{0,200}?', map { quotemeta } @piece ];
}
cmp_ok scalar @pattern, '>', 150, 'sentences to look for';

sub text_of {
    my ($html) = @_;
    my $text = $html =~ s/<(?:option|pre)\b.*?<\/(?:option|pre)>//gsr;
    $text =~ s/<[^>]*>/\n/g;
    $text =~ s/&quot;/"/g;
    $text =~ s/&#39;/'/g;
    $text =~ s/&gt;/>/g;
    $text =~ s/&lt;/</g;
    $text =~ s/&amp;/&/g;
    return $text =~ s/\s+/ /gr;
}

sub faults {
    my ($path, $html) = @_;
    my $text = text_of($html) =~ s/done: address blocked//gr;
    my @seen = map { "$path: $_->[0]" } grep { $text =~ /$_->[1]/ } @pattern;
    push @seen, "$path: a mark" if $html =~ /[\x02\x03\x1f]/;
    return @seen;
}

# All pages that links lead to, from Today, and previews of acts.
sub walk {
    my ($visitor) = @_;
    my @next      = ('/', '/tasks?closed=1');
    my @task      = map { $_->{id} } @{ $db->rows('SELECT id FROM bounce.task ORDER BY id') };
    my @way       = qw(done corrected suggested unblocked dead arrived confirmed dismissed);
    my $note = 'note=x&address=n%40n.example';
    for my $way (@way) {
        push @next, map { "/tasks/preview?way=$way&id=$_&$note" } @task;
    }
    push @next, map { "/act/preview?$_" } "act=lift&address=dead%40dead.example&why=x",
        'act=block&address=new%40new.example&why=x', 'act=block&address=new&why=x',
        "act=hold&id=$id{open}", "act=retry&id=$id{open}", "act=cancel&id=$id{open}",
        "act=reclassify&id=$judge&reason=user_unknown&why=x",
        "act=reclassify&id=$judge&reason=user_unknwon&why=x",
        "act=reclassify&id=$judge&reason=user_unknown&why=%20",
        "act=undo&id=$judge&since=2000-01-01&why=x&domain=outage.example", 'act=undo&why=x',
        'act=pause&process=invoice&why=x', 'act=resume&process=receipt&why=x',
        'act=pause&process=invioce&why=x', 'act=set&name=shadow&value=maybe',
        'act=set&name=resend_max_attempts&value=1000000', 'act=set&name=resned&value=1',
        "act=forward&id=$read&address=x%40example.com&why=x",
        "act=forward&id=$read&address=x&why=x",
        "act=change&id=$id{open}&recipient=open%40open.example&why=x"
        . '&address=dead%40dead.example',
        "act=change&id=$id{open}&recipient=nobody%40x.example&address=a%40a.example&why=x";
    my (%done, @fault);
    while (defined(my $path = shift @next)) {
        next if $done{$path}++ || keys %done > PAGES_MAX;
        my $page = $visitor->get($path);
        next if ($page->{headers}{'content-type'} // '') !~ /html/;
        push @fault, faults($path, $page->{content});
        push @next, grep { !/^\/(?:logout|style|keys)/ }
            map { s/&amp;/&/gr } $page->{content} =~ /<a[^>]* href="(\/[^"#]*)"/g;
    }
    return (scalar(keys %done), @fault);
}

for my $language (qw(de fr)) {
    my $kim = $console->visitor(language => $language)->log_in('kim');
    my ($count, @fault) = walk($kim);
    cmp_ok $count, '>', 100, "$language: many pages";
    my %seen;
    is join("\n", grep { !$seen{ s/^.*?: //r }++ } @fault), '', '... no English of the database';
}

subtest 'what a stranger wrote' => sub {
    my $kim   = $console->visitor(language => 'de')->log_in('kim');
    my $mail  = $db->value("SELECT max(id) FROM bounce.communication WHERE subject LIKE '%done%'");
    my $story = text_of($kim->get("/mail?id=$mail")->{content});
    like $story, qr/done: address blocked/, 'stays as it is on the page of the mail';
    my $task = text_of($kim->get("/task?id=$task{open}")->{content});
    like $task, qr/done: address blocked/, 'as does a note';
};

# bouncectl, and whoever asks without marks, reads English
is $db->value("SELECT count(*) FROM bounce.communication_log WHERE text ~ '[\\x01-\\x08]'"), 0,
    'no marks where English is kept';
ok $console->stop, 'the console ends by itself';
finish();
