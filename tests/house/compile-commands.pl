#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Turns the commands that make would run (its standard output under -Bn V=1) into a compilation
# database, https://clang.llvm.org/docs/JSONCompilationDatabase.html. Of a command that links as
# well, what the linker reads is left out: clang-tidy warns of it, which -Werror makes an error.
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
        my @alone = grep { $_ eq $source || !/\.c$|\.a$|^-l|^-Wl,|^-pie$/ } @word;
        push @entry, { directory => getcwd, file => $source, arguments => \@alone };
    }
}
print JSON::PP->new->pretty->canonical->encode(\@entry);
