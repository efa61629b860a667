#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# The documents say what is there: every parameter with its default stands in the README, every table, view and
# function for people and applications in doc/schema*.md, every command of bouncectl in its man page, and nothing stands there that is not. Every document that is linked exists.
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

subtest 'tables, views and what people and applications may call' => sub {
    my $documented = join '', map { slurp($_) } glob 'doc/schema*.md';
    my @names = split /\n/, answer('psql', '-XAtq', '-d', $ENV{BOUNCE_TEMPLATE}, '-c', <<'SQL');
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
UNION
SELECT p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'bounce'::regnamespace AND obj_description(p.oid, 'pg_proc') NOT LIKE 'internal%'
  AND (has_function_privilege('bounce_application', p.oid, 'EXECUTE') OR has_function_privilege('bounce_operator', p.oid, 'EXECUTE'))
SQL
    cmp_ok scalar @names, '>', 50, 'the database is asked';
    is_deeply [ grep { $documented !~ /\b$_\b/ } @names ], [], 'each has its place in doc/schema*.md';
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
