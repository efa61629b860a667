# SPDX-License-Identifier: BSD-2-Clause
#
# The catalogues of the console have every text of the templates and of the sources, and every word
# of the database that a page shows: kinds of tasks, ways to resolve them, reasons, classes, states.
# English needs only the latter. Nor may a sentence be missing that the database says, in parts, to
# who asks for them (sql/functions/internal/values/sentences.sql); its gaps are the same in each
# language. A text that is shown nowhere is a fault as well.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Sentences;
use Test::More;

chdir "$FindBin::Bin/../.." or die "chdir: $!\n";
my %text;
for my $path (glob 'console/templates/*.html') {
    my $html = slurp($path);
    $text{$1} = $path             while $html =~ /\{\{t "([^"]+)"\}\}/g;
    $text{$1} = $text{$2} = $path while $html =~ /\{\{n \w+ "([^"]+)" "([^"]+)"\}\}/g;
}
my $string = qr/((?:"(?:[^"\\]|\\.)*"\s*)+)/;
for my $path (glob 'console/*.c console/*/*.c') {
    my $code = slurp($path);
    $text{ joined($1) } = $path
        while $code
        =~ /(?:catalogue_text\(\s*[\w>.-]+,|(?:page_missing|refuse_to_\w+)\(\s*call,)\s*$string/g;
    $text{ joined($1) } = $path while $code =~ /\bN_\(\s*$string/g;
    $text{ joined($1) } = $text{ joined($2) } = $path
        while $code =~ /page_words\(\s*call,\s*$string,\s*$string,/g;
}
words('the hint beside an error', map { joined($_) } slurp('db/pg.c') =~ /^\s+hint = $string/mg);
words('a reason',                 slurp('etc/reasons.txt')            =~ /^\[(\w+)\]/mg);
words(
    'a word of the database', qw(
        hard_bounce resend_exhausted soft_bounces complaint auto_reply process_paused outage
        delivery_problem bounce_without_communication
        hard soft technical unclassified
        open sent error bounced delivered unknown waiting withdrawn me nobody due age count domain
        PENDING PROCESSING RETRY SUCCESS ERROR
        bounce score person
        above_day above_week too_few as_usual
        day week month class reason process remote_mta set)
);
words(
    'a figure of today',
    map     { tr/_/ /r }
        map { slurp($_) =~ /status_line\(\s*'(\w+)'/g }
        glob 'sql/functions/*/*.sql sql/functions/*/*/*.sql'
);
words('a figure of the queue',
    map { tr/_/ /r } slurp('db/people/operator_queries.c') =~ /\(10\d, '(\w+)'/g);
# sentences without anybody's words in them; English needs those that bouncectl's users type
my ($next)
    = slurp('sql/views.sql')
    =~ /(WHEN t\.reason = 'submission_server'\s+THEN.*?) AS what_next/s;
words('what comes next', map { s/'\s+'//gr } $next =~ /(?:THEN|ELSE)\s+'((?:[^']|'\s+')+)'/g);
words(
    'an event of a story', qw(
        registered report parameters blocked lifted block_lifted block_withheld block_held held
        late_bounce resend_scheduled requeued resent released cancelled reclassified taken_back
        task task_resolved follow_up owner_notice notice letter_forwarded letter_withdrawn untrusted
        unassigned shadow erased)
);

words(
    'what a parameter is for',
    map { Bounce::Sentences::unquoted($_) }
        slurp('sql/seed/parameters.sql') =~ /description\s*=>\s*((?:'(?:[^']|'')*'\s*)+)/g
);
words('what a reason of a bounce means', slurp('etc/reasons.txt') =~ /^meaning\s*=\s*(.*)$/mg);
is join("\n", Bounce::Sentences::unsaid), '', 'stories, tasks and steps are told in sentences';
my %said = Bounce::Sentences::said;
$text{$_} //= "what the database says, $said{$_}" for keys %said;
my %word = Bounce::Sentences::words;
words($word{$_}, $_) for keys %word;
words(
    'how a task was resolved',
    map { "resolved: $_" } qw(done corrected unblocked dead confirmed dismissed),
    'taken back'
);
words(
    'in the gap of a sentence', 'the right address', 'no time', 'the letter', 'dropped',
    q{the operator's copy},     'there is no content to send any more',
    qw(address message_id own_mta token communication_id boolean integer number interval text enum
        domain_list dsn prose delay success other accepted rejected pending)
);
words(
    'what a line of a list does', 'problem', 'line', 'blocked', 'blocked already', 'over already',
    'not a mail address', 'expires_at is no time', 'the fields do not fit the columns'
);
words('whether an application may use a process',
    'gets it', 'loses it', 'keeps it', 'does not have it');
words('a value of a parameter in a story', qw(on off));
words('the state of a key', qw(signs verifies expired));
words('what is erased',
    map { "erased: $_" } 'addresses', 'mails', 'reports', 'blocks', 'open tasks');
words('a way to resolve a task', 'way: again');
words('a reason of a task that is none of a bounce', 'submission_server', 'operator_copy');
words(
    'what was done', qw(
        created counted assigned postponed note closed reopened task_assigned task_postponed
        task_note task_reopened deferred refused heard_late swept probe resend_released
        content_changed corrected replaced owner_notice_done),
    map { "${_}_done" }
        qw(hard_bounce resend_exhausted technical has_left complaint corrected
        blocked block_lifted)
);

my @catalogue = glob 'console/po/*.po';
is scalar @catalogue, 3, 'English, German and French';
for my $path (@catalogue) {
    my %has    = read_catalogue($path);
    my @wanted = grep { $path !~ /en\.po$/ || $text{$_} =~ /^a / } sort keys %text;
    is join("\n", grep { !$has{$_} } @wanted),                     '', "$path has every text";
    is join("\n", grep { $_ ne '' && !$text{$_} } sort keys %has), '', "$path has no other";
    my @wrong = grep {
        $said{$_} && index(Bounce::Sentences::gaps($_), Bounce::Sentences::gaps($has{$_})) != 0
    } sort keys %has;
    is join("\n", @wrong), '', '... and each sentence its gaps in order, or the first of them';
}
done_testing;

sub words { my ($where, @word) = @_; $text{$_} = $where for @word; return }

sub slurp {
    my ($path) = @_;
    local $/;
    open my $in, '<', $path or die "$path: $!\n";
    return <$in>;
}

sub joined { return join '', $_[0] =~ /"((?:[^"\\]|\\.)*)"/g }

# text => its translation, for those with one that is not marked as fuzzy
sub read_catalogue {
    my ($path) = @_;
    my %has;
    for my $entry (split /\n\n+/, slurp($path)) {
        next if $entry =~ /^#,.*fuzzy/m;
        my ($id)     = $entry =~ /^msgid $string/m or next;
        my ($plural) = $entry =~ /^msgid_plural $string/m;
        my @form     = $entry =~ /^msgstr(?:\[\d\])? $string/mg;
        next if grep { joined($_) eq '' } @form;
        $has{ joined($_) =~ s/\\(["\\])/$1/gr } = joined($form[0]) =~ s/\\(["\\])/$1/gr
            for $id, $plural // ();
    }
    return %has;
}
