#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# The documents say what is there: the reference is what the database's own definitions say, every
# command of bouncectl stands in its man page and no other, and every link leads somewhere.
use strict;
use warnings;
use Bounce::Instance;
use Test::More;

sub slurp {
    my ($path) = @_;
    open my $in, '<:encoding(UTF-8)', $path or die "$path: $!\n";
    local $/;
    return <$in>;
}

sub answer {
    my (@command) = @_;
    open my $out, '-|:encoding(UTF-8)', @command or die "$command[0]: $!\n";
    local $/;
    return scalar <$out>;
}

for my $document (qw(parameters schema)) {
    is slurp("doc/$document.md"), answer($^X, 'doc/reference.pl', $document),
        "doc/$document.md is up to date; if not: make reference";
}

subtest 'tables, views and functions' => sub {
    my $documented = slurp('doc/schema.md');
    my @names = split /\n/, answer('psql', '-XAtq', '-d', $ENV{BOUNCE_TEMPLATE}, '-c', <<'SQL');
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'p', 'v')
  AND NOT c.relispartition
UNION
SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'bounce'::regnamespace
SQL
    cmp_ok scalar @names, '>', 50, 'the database is asked';
    is_deeply [ grep { $documented !~ /^### `$_`$/m } @names ], [], 'each is in doc/schema.md';
};

subtest 'commands of bouncectl' => sub {
    my $help       = answer(Bounce::Instance::build_dir() . '/bouncectl', '--help');
    my %commands   = map { $_ => 1 } $help                    =~ /^  ([a-z]+) /mg;
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
