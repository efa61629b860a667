# SPDX-License-Identifier: BSD-2-Clause
# make check-browser: a Monday of more than forty tasks, letters of people who want to run scripts
# among them, and the parts of the test in Chromium: PARTS, or all. BROWSER has the node modules.
use utf8;
use Bounce::Browser qw(visit);
use Bounce::Console;
use Bounce::Intake;
use Bounce::Test;

use constant HOSTILE => (
    q{<script>document.title='evil'</script>"'>}
        . q{<img src="http://evil.example/x.png" onerror=alert(1)>},
    "\xe2\x80\xaeevil\xe2\x80\xac \xe2\x81\xa6evil\xc2\x9b31m javascript:alert(1)",
    'evil{{#tasks}}{{/tasks}}' . 'w' x 10_000,
);
my $stage  = stage(servers => 0);
my $db     = $stage->db;
my $intake = Bounce::Intake->new($stage);

# comes_back(template, letter, address =>, change => sub, options of Bounce::Intake)
sub comes_back {
    my ($template, $letter, %option) = @_;
    my $address = $option{address} // $letter->{to}[0];
    my $mail    = $stage->report($template, $letter, recipient => $address);
    $mail = $option{change}->($mail) if $option{change};
    $intake->take($mail, $letter->{return_path}{$address}, %option);
    return;
}

# In the words of the report, in its header and in the bytes of its text.
sub with_words {
    my ($words) = @_;
    return sub {
        my ($mail) = @_;
        $mail =~ s/^Subject: .*/Subject: $words/m;
        $mail =~ s/(user unknown[^\n]*)/$1 $words/ig;
        return "$mail\n$words \xff\xfe\x80 <b>bold</b> \x1b[31m\n";
    };
}

# Each in a domain of its own: many in one are an outage, of which there is one.
my $letter = $stage->register(
    process => 'invoice',
    to      => [
        map({ "$_\@$_.customer.example" } map({ "w$_" } 1 .. 30),
            qw(two end back double),
            map { "keys$_" } 1 .. 6),
        map { "o$_\@outage.example" } 1 .. 12
    ]);
comes_back('postfix-user-unknown', $letter, address => $_) for @{ $letter->{to} };
my $meant = $stage->register(process => 'invoice', to => ['meant@gmial.com']);
comes_back('postfix-user-unknown', $meant);
comes_back($_->[0], $stage->register(to => [ $_->[1] ], process => 'newsletter'), all_rules => 1)
    for [ 'exchange-spam-refused', 'jana@bank.example' ],
    [ 'complaint',             'lena@customer.example' ],
    [ 'nobody-can-tell',       'jonas@farm.example' ],
    [ 'exchange-mailbox-full', 'ben@school.example' ];
my $number = 0;
for my $words (HOSTILE) {
    $number++;
    my $letter = $stage->register(
        process      => 'invoice',
        to           => ["evil$number'&{{x}}`|*\@evil$number.example"],
        subject      => $words,
        business_ref => substr($words, 0, 200));
    comes_back('postfix-user-unknown', $letter, change => with_words($words));
}
# The same words wherever else a page shows what somebody wrote: letters, blocks, lists of them,
# processes, the queue, what shadow mode would have done.
$number = 0;
for my $words (HOSTILE) {
    $number++;
    my $letter = $stage->register(
        process => 'newsletter',
        to      => ["letter$number\@evil$number.example"]);
    comes_back('nobody-can-tell', $letter, all_rules => 1, change => with_words($words));
    $db->sql(<<'SQL', process => "evil$number", words => substr($words =~ s/\xc2\x9b//r, 0, 2000));
INSERT INTO bounce.process (name, description) VALUES (:'process', :'words');
SELECT bounce.block_address(:'process' || '@blocked.example', :'words'),
       bounce.import_blocks('address' || chr(10) || :'process' || '@list.example', :'words'),
       bounce.set_parameter('shadow', 'true', :'process'),
       bounce.hold_communication(bounce.submit_communication(process => :'process',
         recipients => ARRAY[:'process' || '@queue.example'], sender => 'shop@example.org',
         subject => left(:'words', 900), body_text => :'words')),
       bounce.pause_process(:'process', :'words');
SQL
    my $shadow = $stage->register(
        process => "evil$number",
        sender  => 'shop@example.org',
        subject => $words,
        to      => ["shadow$number\@evil$number.example"]);
    comes_back('postfix-user-unknown', $shadow, change => with_words($words));
}
cmp_ok $stage->count(q{bounce.task WHERE status = 'open'}), '>=', 40, 'a Monday of forty tasks';

my %role    = (eva => 'clerk', tom => 'operator', ada => 'auditor', max => 'admin');
my $console = Bounce::Console->new($stage);
$console->person($_ => "bounce_$role{$_}") for sort keys %role;
$console->start;

visit($console, $stage->instance, [ sort keys %role ],
    grep { $_ ne 'forty' } split ' ', $ENV{PARTS} || 'monday visit');
ok $console->stop, 'the console ends by itself';
finish();
