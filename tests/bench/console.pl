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
use Time::HiRes qw(time);

use constant { DAYS => 200, TASKS => 10_000 };
my $rows   = $ENV{ROWS}   || 1_000_000;
my $rounds = $ENV{ROUNDS} || 20;

# What is asked for, and what must be there: in the page, or in the address that it leads to.
my $last = $rows - $rows % 23;
my @page = (
    [ 'Today',                        '/',                      qr/as usual/ ],
    [ 'Tasks',                        '/tasks',                 qr/name="id" value="\d+"/ ],
    [ 'Tasks, by domain',             '/tasks?order=domain',    qr/name="id" value="\d+"/ ],
    [ 'Tasks with a word of some',    '/tasks?text=d7.example', qr/name="id" value="\d+"/ ],
    [ 'Tasks with a reference',       "/tasks?text=R-$last",    qr/name="id" value="$last"/ ],
    [ 'Tasks with a word of all',     '/tasks?text=document',   qr/name="id" value="\d+"/ ],
    [ 'Tasks with a word of none',    '/tasks?text=nonsense',   qr/No task matches/ ],
    [ 'A task',                       "/task?id=$last",         qr/came back/ ],
    [ 'A preview',                    "/tasks/preview?way=dead&note=x&id=$last", qr/blocked/ ],
    [ 'A mail',                       "/mail?id=$last",                          qr/R-$last/ ],
    [ 'A search',                     "/search?text=R-$last",                    qr/id=$last/ ],
    [ 'Documents',                    '/documents',                              qr/R-\d+/ ],
    [ 'Letters',                      '/letters',                                qr/<h1>/ ],
    [ 'Queue',                        '/queue',                                  qr/<h1>/ ],
    [ 'Figures of a process, by day', '/figures?process=invoice', qr/<td class="number">[1-9]/ ],
    map { [ "Figures by $_", "/figures?by=$_", qr/<td class="number">[1-9]/ ] }
        qw(day week month class reason process domain remote_mta)
);

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
    domains => 400
) for qw(db console);
my $open = $stage->count("bounce.task WHERE status = 'open'");
$open == TASKS or die "$open tasks are open\n";
my $console = Bounce::Console->new($stage);
$console->person(eva => 'bounce_clerk')->start;
my $eva = $console->visitor->log_in('eva');
measure(@$_) for @page;
$stage->instance->discard;
exit 0;

sub measure {
    my ($name, $path, $pattern) = @_;
    my @seconds;
    for my $round (0 .. $rounds) {
        my $before = time;
        my $page   = $eva->get($path);
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
