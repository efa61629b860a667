#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Turns the commands that make would run (its standard output under -Bn V=1) into a compilation
# database, https://clang.llvm.org/docs/JSONCompilationDatabase.html.
use strict;
use warnings;
use Cwd;
use JSON::PP;
use Text::ParseWords qw(shellwords);

my @entry;
local $/;
for (split /\n/, <STDIN> =~ s/\\\n\s*/ /gr) {
    next unless / -o build\S+ /;
    my @word = shellwords($_);
    for my $source (grep { /\.c$/ } @word) {
        my @alone = grep { $_ eq $source || !/\.c$/ } @word;
        push @entry, { directory => getcwd, file => $source, arguments => \@alone };
    }
}
print JSON::PP->new->pretty->canonical->encode(\@entry);
