#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# The documents say what is there: every parameter with its default stands in the README, every command of
# bouncectl in its man page, and nothing stands there that is not. Every document that is linked exists.
use strict;
use warnings;
use Bounce::Instance;
use Test::More;

sub slurp { my ($path) = @_; open my $in, '<:encoding(UTF-8)', $path or die "$path: $!\n"; local $/; return <$in> }

sub answer { my (@command) = @_; open my $out, '-|', @command or die "$command[0]: $!\n"; local $/; return scalar <$out> }

my $readme = slurp('README.md');

subtest 'parameters' => sub {
    my %documented = $readme =~ /^\| `([a-z_]+)` \| (?:`([^`]*)`)? \|/mg;
    my %defined = map { split /\|/, $_, 2 } split /\n/, answer('psql', '-XAtq', '-d', $ENV{BOUNCE_TEMPLATE}, '-c',
        'SELECT name, default_value FROM bounce.parameter_definition');
    $_ //= '' for values %documented;
    is_deeply \%documented, \%defined, 'the table of the README';
};

subtest 'commands of bouncectl' => sub {
    my %commands = map { $_ => 1 } answer(Bounce::Instance::build_dir() . '/bouncectl', '--help') =~ /^  ([a-z]+) /mg;
    my %documented = map { $_ => 1 } slurp('doc/bouncectl.1') =~ /^\.It Cm ([a-z]+)/mg;
    is_deeply [ sort keys %documented ], [ sort keys %commands ], 'the man page';
};

subtest 'links' => sub {
    for my $document (glob 'README.md doc/*.md') {
        my ($dir) = $document =~ m{^(.*/)} ? $1 : '';
        for my $link (slurp($document) =~ /\]\(([^)#:]+)\)/g) {
            ok -e $dir . $link, "$document: $link";
        }
    }
};

done_testing;
