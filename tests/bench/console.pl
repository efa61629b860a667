#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-console: how long the server of the console takes for a page, from the request to its
# last byte, with a million communications of 200 days and ten thousand open tasks. Each page must
# show what it is about. ROWS (1000000) sets the size, ROUNDS (20) how often each page is asked for;
# the first time is for caches.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure);
use Bounce::Console;
use Bounce::Stage;
use POSIX       qw(strftime);
use Time::HiRes qw(time);

use constant { DAYS => 200, TASKS => 10_000, DOMAINS => 400 };
my $rows   = $ENV{ROWS}   || 1_000_000;
my $rounds = $ENV{ROUNDS} || 20;

# What is asked for, and what must be there: in the page, or in the address that it leads to. Acts
# are previewed: they are done, and taken back.
my $last    = $rows - $rows % 23;
my $waiting = $rows - $rows % 12;
my $address = sprintf 'r%d@d%d.example', $last, $last % DOMAINS;
my $row     = qr/name="id" value="\d+"/;
my $done    = qr/name="once" value="\w+"/;
my $figures = qr/<td class="number">[1-9]/;
my @page    = (
    [ 'Today',                     '/',                             qr/as usual/ ],
    [ 'Tasks',                     '/tasks',                        $row ],
    [ 'Tasks, by domain',          '/tasks?order=domain',           $row ],
    [ 'Tasks, by age',             '/tasks?order=age',              $row ],
    [ 'Tasks, by count',           '/tasks?order=count',            $row ],
    [ 'Tasks of a kind',           '/tasks?kind=hard_bounce',       $row ],
    [ 'Tasks of a process',        '/tasks?process=invoice',        $row ],
    [ 'Tasks of nobody, overdue',  '/tasks?owner=nobody&overdue=1', $row ],
    [ 'Tasks of one who has none', '/tasks?owner=me',               qr/No task matches/ ],
    [ 'Tasks that are closed',     '/tasks?closed=1',               qr/No task matches/ ],
    [ 'Tasks with a word of some', '/tasks?text=d7.example',        $row ],
    [ 'Tasks with a reference',    "/tasks?text=R-$last",           qr/name="id" value="$last"/ ],
    [ 'Tasks with a word of all',  '/tasks?text=document',          $row ],
    [ 'Tasks with a word of none', '/tasks?text=nonsense',          qr/No task matches/ ],
    [ 'A task',                    "/task?id=$last",                qr/came back/ ],
    map({ [ "A preview: $_", "/tasks/preview?way=$_&note=x&id=$last", $done ] }
        qw(done dead unblocked)),
    [ 'A mail',         "/mail?id=$last",            qr/R-$last/ ],
    [ 'What came back', "/bounce?id=$last",          qr/no such user/ ],
    [ 'An address',     "/address?address=$address", qr/R-$last/ ],
    map({ act(@$_) } [ 'lift', address => $address, why => 'x' ],
        [ 'block',  address => 'new@d1.example', why => 'x' ],
        [ 'resend', id => $last, recipient => $address, why => 'x' ],
        [
            'change',
            id        => $last,
            recipient => $address,
            address   => 'n@d1.example',
            why       => 'x'
        ],
        [ 'add',        id => $last, address => 'n@d1.example', why => 'x' ],
        [ 'reclassify', id => $last, reason  => 'mailbox_full', why => 'x' ],
        [ 'forward',    id => $last, address => 'n@d1.example', why => 'x' ]),
    [ 'A search',            "/search?text=R-$last",  qr/id=$last/ ],
    [ 'A search by address', "/search?text=$address", qr/id=$last/ ],
    [ 'Documents',           '/documents',            qr/R-\d+/ ],
    [
        'Documents of a month',
        '/documents?process=invoice&since='
            . strftime('%Y-%m-%d', gmtime(time - 60 * 86_400))
            . '&until='
            . strftime('%Y-%m-%d', gmtime(time - 30 * 86_400)),
        qr/R-\d+/
    ],
    [ 'Letters', '/letters', qr/bounce\?id=/ ],
    map({ [ "Queue: $_", "/queue?state=$_", qr/mail\?id=/ ] }
        qw(waiting held PROCESSING ERROR SUCCESS)),
    [ 'Queue of a process',           '/queue?process=invoice',   qr/mail\?id=/ ],
    [ 'Figures of a process, by day', '/figures?process=invoice', $figures ],
    map { [ "Figures by $_", "/figures?by=$_", $figures ] }
        qw(day week month class reason process domain remote_mta)
);
# What an administrator may, and a clerk may not.
my @admin_page = (
    [ 'Settings',                 '/settings',               qr/shadow/ ],
    [ 'A setting',                '/setting?name=shadow',    qr/<h1>/ ],
    [ 'Shadow mode',              '/shadow',                 qr/bounce\?id=/ ],
    [ 'Shadow mode of a process', '/shadow?process=invoice', qr/bounce\?id=/ ],
    map({ act(@$_) } [ 'hold', id => $waiting ],
        [ 'retry',  id      => $waiting ],
        [ 'cancel', id      => $waiting ],
        [ 'pause',  process => 'invoice', why   => 'x' ],
        [ 'set',    name    => 'shadow',  value => 'true' ]),
);

sub act {
    my ($name, @fields) = @_;
    my $query = join '',
        map { '&' . $fields[ 2 * $_ ] . '=' . $fields[ 2 * $_ + 1 ] } 0 .. @fields / 2 - 1;
    return [ "A preview: $name", "/act/preview?act=$name$query", $done ];
}

$| = 1;
my $stage = Bounce::Stage->new(name => "bench-$$");
$stage->start_database;
my $db = $stage->db;
# the tests' 32 MB would measure the cache
$db->sql("ALTER SYSTEM SET shared_buffers = '512MB';\n", dbname => 'postgres');
$db->stop;
$db->restart;
$db->sql("DELETE FROM bounce.process;\n");
$db->sql(
    "\\i $FindBin::Bin/$_.sql\n",
    rows    => $rows,
    days    => DAYS,
    age     => 0,
    tasks   => TASKS,
    known   => 400,
    domains => DOMAINS
) for qw(db console console_more);
$stage->parameter(operator_copy => 'smtp');    # letters are sent on by that way alone
my $open = $stage->count("bounce.task WHERE status = 'open'");
$open == TASKS or die "$open tasks are open\n";
my $console = Bounce::Console->new($stage);
$console->person(eva => 'bounce_clerk')->person(max => 'bounce_admin')->start;
my $eva = $console->visitor->log_in('eva');
measure($eva, @$_) for @page;
my $max = $console->visitor->log_in('max');
measure($max, @$_) for @admin_page;
$stage->instance->discard;
exit 0;

sub measure {
    my ($person, $name, $path, $pattern) = @_;
    my @seconds;
    for my $round (0 .. $rounds) {
        my $before = time;
        my $page   = $person->get($path);
        push @seconds, time - $before;
        "@{[ $page->{headers}{location} // '' ]}\n$page->{content}" =~ $pattern
            or die "$path is not what it should be: $page->{status}\n$page->{content}\n";
    }
    shift @seconds;
    figure(
        name   => $name,
        unit   => 'ms',
        digits => 0,
        values => [ map { 1000 * $_ } @seconds ],
        target => '<= 100'
    );
    return;
}
