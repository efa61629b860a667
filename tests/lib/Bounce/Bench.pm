# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Bench;

=head1 NAME

Bounce::Bench - what every benchmark does: processor time, medians, one line for each figure

=head1 SYNOPSIS

    my $before = Bounce::Bench::processor(@pids);
    ...
    figure(name => 'bounce-milter, a bounce', unit => 'ms', values => [...], target => '< 0.3');

=head1 PROMISES

A figure is printed with its median, its spread and what it is held against. With BENCH_FIGURES in
the environment it is also appended to that file, tab-separated, for tests/bench/all.pl. A target
that is missed is marked and never makes a benchmark fail: only missing effects do.

=cut

use strict;
use warnings;
use Bounce::Process;
use Exporter    qw(import);
use POSIX       ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(figure median);

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[ $#sorted / 2 ];
}

# figure(name =>, unit =>, values => [of the rounds], against => TEXT, target => '>= 0.6' or
# '<= 0.3', digits => 2)
sub figure {
    my (%figure) = @_;
    my $digits   = $figure{digits} // 2;
    my @sorted   = sort { $a <=> $b } @{ $figure{values} };
    my ($median, $low, $high) = map { sprintf("%.${digits}f", $_) =~ s/^-(?=[0.]*$)//r }
        median(@sorted), @sorted[ 0, -1 ];
    my $spread = @sorted > 1              ? "$low to $high"  : '';
    my $held   = defined $figure{against} ? $figure{against} : '';
    my $target
        = defined $figure{target}
        ? "$figure{target}" . _verdict($median, $figure{target})
        : '';
    printf "%-52s %10s %-12s %-20s %s\n", $figure{name}, $median, $figure{unit}, $spread,
        join ', ', grep { $_ ne '' } $held, $target;
    _keep($figure{name}, $median, $figure{unit}, $spread, $held, $target);
    return $median;
}

sub _verdict {
    my ($value, $target) = @_;
    my ($sign,  $bound)  = $target =~ /^([<>])=? *([\d.]+)/ or return '';
    return ($sign eq '<' ? $value <= $bound : $value >= $bound) ? ' (met)' : ' (missed)';
}

sub _keep {
    my (@field) = @_;
    my $path = $ENV{BENCH_FIGURES} or return;
    open my $file, '>>', $path or die "$path: $!\n";
    print {$file} join("\t", @field), "\n";
    close $file or die "$path: $!\n";
    return;
}

# Seconds of processor that these processes have used.
sub processor {
    my (@pid) = @_;
    my $ticks = 0;
    for my $pid (@pid) {
        open my $file, '<', "/proc/$pid/stat" or next;
        my $stat = <$file> // '';
        $stat =~ s/^.*\)\s+//s;
        my @field = split ' ', $stat;
        $ticks += $field[11] + $field[12];
    }
    return $ticks / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# The processes that this one has started.
sub children {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/task/$pid/children" or return ();
    return split ' ', <$file> // '';
}

# Kilobytes of memory that these processes alone have.
sub own_memory {
    my (@pid) = @_;
    my $kilobytes = 0;
    for my $pid (@pid) {
        open my $file, '<', "/proc/$pid/smaps_rollup" or next;
        while (defined(my $line = <$file>)) {
            $kilobytes += $1 if $line =~ /^Private_(?:Clean|Dirty):\s+(\d+)/;
        }
    }
    return $kilobytes;
}

# Kilobytes of resident memory, shared parts included.
sub resident_memory {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/status" or return 0;
    while (defined(my $line = <$file>)) {
        return $1 if $line =~ /^VmRSS:\s+(\d+)/;
    }
    return 0;
}

# Runs a program to its end, which must be a good one: { seconds, peak }, peak in kilobytes of
# resident memory. Before exec(2) the process is a copy of this one, and does not count.
sub run_timed {
    my ($log, @command) = @_;
    my $begin = time;
    my $pid   = Bounce::Process::spawn(command => \@command, log => $log);
    my $peak  = 0;
    while (waitpid($pid, POSIX::WNOHANG()) == 0) {
        my $now = (readlink("/proc/$pid/exe") // '') eq $command[0] ? resident_memory($pid) : 0;
        $peak = $now if $now > $peak;
        sleep 0.05;
    }
    die "@command failed: $?\n" if $?;
    return { seconds => time - $begin, peak => $peak };
}

1;
