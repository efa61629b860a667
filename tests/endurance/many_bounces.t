# SPDX-License-Identifier: BSD-2-Clause
# Fifty thousand bounces in a row, one milter, one database: none is lost or doubled, nothing is
# forgotten, and the last cost no more than the first. MANY sends another number.
# A part of make check-faults LONG=1.
use Bounce::Bench;
use Bounce::Faults;
use Bounce::Test;
use List::Util qw(min);
use Time::HiRes qw(sleep time);

use constant {
    MANY     => $ENV{MANY} || 50_000,
    INTERVAL => 20,     # seconds between two looks, which cost something as well
    GROWTH   => 1.3,    # of the processor that a bounce takes
};

my $stage  = stage(servers => 0);
my $faults = Bounce::Faults->new($stage)->start;
my ($db, $instance) = ($stage->db, $stage->instance);
$stage->parameter(guard => 'off');

# Seconds of processor of bounce-milter and of each process of PostgreSQL.
sub used {
    my ($postgres, $milter) = map { $instance->pid($_) } qw(postgres bounce-milter);
    my @process = ($milter, Bounce::Bench::children($postgres));
    return { map { ($_ => Bounce::Bench::processor($_)) } @process };
}

sub between {
    my ($before, $after) = @_;
    my $sum = 0;
    $sum += $after->{$_} - ($before->{$_} // 0) for keys %$after;
    return $sum;
}

# [bounces, seconds, seconds of processor] of each interval.
my @part;
my ($done, $begun, $before) = (0, time, {});

sub look {
    my ($recorded, $now, $after) = ($faults->recorded, time, used());
    my $count = $recorded - $done;
    push @part, [ $count, $now - $begun, between($before, $after) ] if $count;
    note sprintf '%6d: %5.0f bounces/s, %5.2f ms of processor each', $recorded,
        $count / ($now - $begun), $count ? 1000 * $part[-1][2] / $count : 0;
    ($done, $begun, $before) = ($recorded, $now, $after);
    return;
}

# The cheapest interval that ended in that share of all bounces. Others on this machine make a
# bounce dearer by the half, for minutes, and never cheaper.
sub cost {
    my ($from, $to) = @_;
    my ($seen, @cost) = (0);
    for my $part (@part) {
        $seen += $part->[0];
        push @cost, $part->[2] / $part->[0] if $seen > $from * MANY && $seen < $to * MANY;
    }
    return min(@cost);
}

$faults->under('in a row', sub { $faults->again(MANY, sub { sleep INTERVAL; look() }) },
    mails => MANY);
$faults->print_table;

cmp_ok cost(.6, 1), '<', GROWTH * cost(0, .4), 'the last cost no more than the first';

finish();
