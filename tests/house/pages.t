# SPDX-License-Identifier: BSD-2-Clause
# Every page of the console is reached by a link, a form or a redirection of another one, and every
# template is shown.
use strict;
use warnings;
use FindBin;
use Test::More;

chdir "$FindBin::Bin/../.." or die "chdir: $!\n";
my %template = map { m{(\w+)\.html$} => slurp($_) } glob 'console/templates/*.html';
my $code     = join '', map { slurp($_) } glob 'console/answer/*.c console/pages/*.c';
my $router   = slurp('console/router.c');
my $html     = join '', values %template;

my @page = $router =~ /^    \{"([^"]+)", \w+, \w+, \w+\},$/mg;
cmp_ok scalar @page, '>', 20, 'the table of pages is read';
is_deeply [ grep { ($html . $code) !~ /"\Q$_\E"/ } @page ], [], 'a way leads to each';

my %shown = map { $_ => 1 } "$html" =~ /\{\{>(\w+)/g, "$code$router" =~ /"(\w+)"/g;
is_deeply [ grep { !$shown{$_} } sort keys %template ], [], 'each template is shown';
done_testing;

sub slurp {
    my ($path) = @_;
    local $/;
    open my $in, '<', $path or die "$path: $!\n";
    return scalar <$in>;
}
