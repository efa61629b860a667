# SPDX-License-Identifier: BSD-2-Clause
# make check-browser: a Monday of more than forty tasks, letters of people who want to run scripts
# among them, and the parts of the test in Chromium: PARTS, or all. BROWSER has the node modules.
use utf8;
use Bounce::Console;
use Bounce::Intake;
use Bounce::Test;
use JSON::PP;

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
cmp_ok $stage->count(q{bounce.task WHERE status = 'open'}), '>=', 40, 'a Monday of forty tasks';

my %role    = (eva => 'clerk', tom => 'operator', ada => 'auditor', max => 'admin');
my $console = Bounce::Console->new($stage);
$console->person($_ => "bounce_$role{$_}") for sort keys %role;
$console->start;

local $ENV{CONSOLE_BASE} = $console->base;
local $ENV{CONSOLE_DATA} = $stage->instance->write_file('data.json',
    JSON::PP->new->encode({ people => [ sort keys %role ] }));
local $ENV{NODE_PATH} = "$ENV{BROWSER}/node_modules";
for my $part (split ' ', $ENV{PARTS} || 'monday visit') {
    subtest $part => sub {
        open my $result, '-|', 'node', Bounce::Instance::tree() . "/tests/browser/$part.js"
            or die "node: $!\n";
        while (my $line = <$result>) {
            my $row = JSON::PP->new->utf8->decode($line);
            ok $row->{ok}, $row->{name} or diag $row->{detail};
        }
        ok close $result, "$part ran to its end";
        done_testing();
    };
}
ok $console->stop, 'the console ends by itself';
finish();
