#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make bench-start: processor time and wall clock from the start of bouncectl classify to its answer
# on one report, STARTS (30) times, beside bouncectl --version, which reads no rules: that is the
# dynamic linker. Fails unless the answer is a hard bounce.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Bounce::Bench qw(figure);
use Bounce::Instance;
use Time::HiRes qw(time);

my $starts  = $ENV{STARTS} || 30;
my $program = Bounce::Instance::build_dir() . '/bouncectl';
my $mail    = Bounce::Instance::tree() . '/demo/mails/postfix-user-unknown.eml';

my %taken = (classify => [], version => []);
for (1 .. $starts) {
    push @{ $taken{classify} }, start('classify', '--json', $mail);
    push @{ $taken{version} },  start('--version');
}
figure(
    name   => 'bouncectl classify, processor',
    unit   => 'ms',
    digits => 0,
    target => '<= 60',
    values => [ map { $_->{processor} } @{ $taken{classify} } ]);
figure(
    name   => 'bouncectl classify, wall clock',
    unit   => 'ms',
    digits => 0,
    values => [ map { $_->{wall} } @{ $taken{classify} } ]);
figure(
    name   => 'bouncectl --version, processor',
    unit   => 'ms',
    digits => 0,
    values => [ map { $_->{processor} } @{ $taken{version} } ]);

# Milliseconds.
sub start {
    my (@argument) = @_;
    my $begin = time;
    my (undef, undef, @before) = times;
    open my $out, '-|', $program, @argument or die "$program: $!\n";
    my $answer = do { local $/; <$out> }
        // '';
    close $out or die "$program @argument failed\n";
    my (undef, undef, @after) = times;
    die "bouncectl @argument answered: $answer\n"
        if @argument > 1 && $answer !~ /"class":"hard"/;
    return {
        wall      => (time - $begin) * 1000,
        processor => ($after[0] + $after[1] - $before[0] - $before[1]) * 1000
    };
}
