#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench: runs all benchmarks in turn, and writes what they measured into doc/performance.md:
# figures, machine, versions, and what follows for sizing. A benchmark that fails, or that gives no
# figure, is said to have failed there, and make bench fails. Ten minutes on two cores.
# ONLY='db postfix' runs these alone; the other chapters stay as they are, so it must be the same
# machine. ONLY=sizing writes anew what follows from the figures that stand there.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Instance;
use File::Temp;
use Text::Wrap qw(wrap);

$Text::Wrap::columns = 100;
my $build = Bounce::Instance::build_dir();
my @bench = (
    [ start => 'Start-up', 'From the start of `bouncectl` to its answer on one report.' ],
    [
        classify => 'Reading and judging',
        'On the sample mails, one core, held against parsing by GMime alone; and with returned '
            . 'originals of many sizes.'
    ],
    [
        db => 'Recording, and its growth',
        '`record_report()` in PostgreSQL, with few communications in the table and with many.'
    ],
    [
        replication => 'With a standby',
        'A COMMIT that waits for the standby as well, held against one that does not; both servers '
            . 'on this machine and its one disk, with fsync, so that no network is in it.'
    ],
    [
        postfix => 'Through Postfix',
        'Eight sessions, each bounce recorded; held against the same Postfix with a milter that '
            . 'only discards, and without one. fsync is off.'
    ],
    [
        fetch => 'From a mailbox',
        '`bounce-fetch --once` from a Dovecot by IMAP and TLS, held against `bouncectl intake` '
            . 'of an mbox with as many of the same.'
    ],
    [
        delivery => 'Sending',
        '`bounce-delivery`, one commit for each outcome, held against Postfix\'s `smtp-source`.'
    ],
    [
        console => 'Pages of the console',
        'From the request to the last byte of the page, with a million mails of 200 days, 400 '
            . 'domains and ten thousand open tasks.'
    ],
    [
        memory => 'Memory and disk',
        'Resident memory; of PostgreSQL\'s backends what they do not share. '
            . '`LONG=1 make bench-memory` takes 100,000 mails.'
    ]);
my %size = (ROUNDS => 3, MESSAGES => 500, WORKERS => '1 4', ROWS => 300_000);

$| = 1;
my $path    = Bounce::Instance::tree() . '/doc/performance.md';
my $only    = $ENV{ONLY} // '';
my %chapter = slurp($path)                       =~ /^## ([^\n]+)\n\n(.*?)\n*(?=^## |\z)/msg;
my $intro   = $only eq '' ? undef : slurp($path) =~ s/^## .*//msr;
my $failed  = 0;
for my $bench (@bench) {
    my ($name, $title, $what) = @$bench;
    next if $only ne '' && " $only " !~ / \Q$name\E /;
    print "\n$title\n";
    my ($figures, $fault) = run($name);
    $failed++ if $fault;
    print "FAILED: $fault\n" if $fault;
    $chapter{$title} = chapter($what, $figures, $fault);
}
write_document();
exit($failed ? 1 : 0);

# The figures of a benchmark as [[name, median, unit, spread, against, target] ...], and what went
# wrong, or ''.
sub run {
    my ($name) = @_;
    my $file = File::Temp->new;
    local %ENV = (%size, %ENV, BENCH_FIGURES => $file->filename);
    my @command
        = $name eq 'classify'
        ? ("$build/tests/bench/classify", 'tests/mails')
        : ($^X, "$FindBin::Bin/$name.pl");
    my $status = system @command;
    my @figure = map { chomp; [ split /\t/, $_, -1 ] } <$file>;
    return (\@figure,
        $status != 0 ? 'it ended with an error' : !@figure ? 'it gave no figure' : '');
}

sub write_document {
    my @title = grep { defined $chapter{$_} } map { $_->[1] } @bench;
    $chapter{Sizing} = sizing();
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} join "\n\n", ($intro // introduction()) =~ s/\n+\z//r,
        map({ "## $_\n\n$chapter{$_}" =~ s/\n+\z//r } @title, 'Sizing');
    print {$file} "\n";
    close $file or die "$path: $!\n";
    return;
}

sub introduction {
    my $machine = machine();
    return <<"END";
# Performance

Written by `make bench`; do not edit. Run it to get the figures for your own machine: it brings its
own servers, needs no network, and each benchmark fails when what it measures did not happen. Only
ratios can be compared between machines. A figure is the median of several rounds, in which the
things compared take turns; the spread is from the lowest round to the highest. Where the load is
above the number of cores, other work was running, and the absolute figures are those of a slower
machine.

$machine
END
}

sub machine {
    my ($model)  = slurp('/proc/cpuinfo')      =~ /^model name\s*: (.*)$/m;
    my ($memory) = slurp('/proc/meminfo')      =~ /^MemTotal:\s+(\d+)/;
    my ($load)   = slurp('/proc/loadavg')      =~ /^(\S+)/;
    my $cores    = () = slurp('/proc/cpuinfo') =~ /^processor/mg;
    chomp(my $kernel = `uname -sr`);
    chomp(my $date   = `date -u +%Y-%m-%d`);
    my %version
        = map { ($_ => version($_)) } qw(postgresql postfix libmilter-dev libgmime-3.0-dev gcc);
    return join "\n", "| measured on | $date |", '|---|---|',
        sprintf(
        '| machine | %d × %s, %.0f GB of memory |',
        $cores,
        $model // 'unknown',
        ($memory // 0) / 1024**2
        ),
        "| others at work on it at the end | load $load |", "| kernel | $kernel |",
        map { "| $_ | $version{$_} |" } sort keys %version;
}

sub version {
    my ($package) = @_;
    my $version = `dpkg-query -W -f '\${Version}' $package 2>/dev/null`;
    return $version || 'unknown';
}

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return scalar <$file>;
}

sub chapter {
    my ($what, $figures, $fault) = @_;
    my $text = wrap('', '', $what) . "\n\n";
    return "${text}Not measured: $fault.\n" if $fault;
    $text .= "| | median | spread | held against |\n|---|---:|---|---|\n";
    for my $figure (@$figures) {
        my ($name, $median, $unit, $spread, $against, $target) = @$figure;
        my $held = join ', ', grep { $_ ne '' } $against, $target;
        $text .= sprintf "| %s | %s | %s | %s |\n", $name =~ s/^\s+//r,
            $unit eq '' ? $median : "$median $unit", $spread, $held;
    }
    return $text;
}

# The median of the figure whose name begins so, or undef.
sub value {
    my ($begin) = @_;
    my $text    = join "\n", map { $chapter{ $_->[1] } // '' } @bench;
    return $text =~ /^\| \Q$begin\E[^|]*\| ([\d.]+)/m ? $1 : undef;
}

sub sizing {
    my $rate     = value('Postfix and bounce-milter');
    my $database = value('processor of PostgreSQL');
    my $milter   = value('processor of bounce-milter');
    my $disk     = value('database, a bounce');
    my @line;
    push @line, sprintf <<'END', $rate, $rate * 86400 / 1e6 if $rate;
- This machine took %d bounces a second, with Postfix, bounce-milter, PostgreSQL and the client
  that made them on it: %.1f million a day.
END
    push @line, sprintf <<'END', 1000 / $database, 1000 / $milter if $database && $milter;
- A core of PostgreSQL records %d bounces a second, a core of bounce-milter takes %d.
END
    push @line, sprintf <<'END', $disk * 1e6 / 1024**2 if $disk;
- A million bounces, each with the raw report and its communication, take %.0f GB.
END
    push @line, <<'END';
- With fsync on, each commit waits for the disk; bounces that come meanwhile share the next one, up
  to 64 of them, so that more SMTP sessions make up for a slow disk.
- What that is on other hosts, and when one database is too little, is in
  [high-availability.md](high-availability.md#scale-on-paper).
END
    push @line, "\n", load($database, $milter, $disk) if $database && $milter && $disk;
    return join '', @line;
}

# A tenth of a day's bounces comes in its busiest hour: a mailing bounces at once.
sub load {
    my ($database, $milter, $disk) = @_;
    my $text = <<'END';
| bounces a day | busiest hour, a second | its cores: PostgreSQL | bounce-milter | disk a day |
|---:|---:|---:|---:|---:|
END
    for my $day (1e5, 1e6, 1e7, 5e7) {
        my $second = $day / 36_000;
        my ($cores, $mail) = map { $second * $_ / 1000 } $database, $milter;
        $text .= sprintf "| %s | %.0f | %.2f | %.2f | %.1f GB |\n",
            $day < 1e6 ? '100,000' : $day / 1e6 . ' million', $second, $cores, $mail,
            $day * $disk / 1024**2;
    }
    return $text;
}
