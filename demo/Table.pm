# SPDX-License-Identifier: BSD-2-Clause
package Table;

# Prints what is beside what was expected. A row that differs, is missing or is too many is marked
# and counted. Colour only on a terminal (https://no-color.org is heeded).

use strict;
use warnings;

use constant LINE   => 110;
use constant MARGIN => '    ';

sub new {
    my ($class) = @_;
    return bless { wrong => 0, right => 0, colour => -t STDOUT && !$ENV{NO_COLOR} }, $class;
}

sub wrong { return $_[0]{wrong} }
sub right { return $_[0]{right} }

sub paint {
    my ($self, $colour, $text) = @_;
    my %code = (good => 32, bad => 31, head => 1, dim => 2);
    return $self->{colour} ? "\e[$code{$colour}m$text\e[0m" : $text;
}

# section(title, [column names], [rows that are], [rows expected]): rows are lists of strings; both
# are compared in order, a row's first column being its name.
sub section {
    my ($self, $title, $columns, $actual, $expected) = @_;
    my %expected = map { ($_->[0] => $_) } @$expected;
    my @line;
    for my $row (@$actual) {
        my $want = delete $expected{ $row->[0] };
        my $good = $want && join("\0", @$want) eq join("\0", @$row);
        push @line, [ $good, $row, $good ? undef : $want ];
    }
    push @line, map { [ 0, undef, $_ ] } grep { exists $expected{ $_->[0] } } @$expected;
    $self->_print($title, $columns, \@line);
    return;
}

# Rows, as wide as they need to be; what does not fit goes on below, in the last column.
sub _print {
    my ($self, $title, $columns, $lines) = @_;
    my @width = map { length } @$columns;
    for my $row (grep { defined } map { @$_[ 1, 2 ] } @$lines) {
        for my $i (0 .. $#$row) { $width[$i] = length $row->[$i] if $width[$i] < length $row->[$i] }
    }
    print "\n",   $self->paint(head => $title), "\n";
    print MARGIN, $self->paint(dim  => $_),     "\n" for _format(\@width, $columns);
    print MARGIN, "none\n" if !@$lines;
    for my $line (@$lines) {
        my ($good, $row, $want) = @$line;
        $self->{ $good ? 'right' : 'wrong' }++;
        my @text = $row ? _format(\@width, $row) : ('(missing)');
        print $good ? $self->paint(good => ' ok ') : $self->paint(bad => '!!! '), shift @text, "\n";
        print MARGIN, "$_\n" for @text;
        next if $good;
        print MARGIN, $self->paint(bad => $_), "\n"
            for 'expected:', $want ? _format(\@width, $want) : 'no such row';
    }
    return;
}

sub _format {
    my ($width, $cell) = @_;
    my $left = 0;
    $left += $_ + 2 for @$width[ 0 .. $#$width - 1 ];
    my @last = _wrap($cell->[-1], LINE - length(MARGIN) - $left);
    my $text = join '', map { sprintf '%-*s  ', $width->[$_], $cell->[$_] } 0 .. $#$width - 1;
    my @line = ($text . (shift(@last) // ''), map { ' ' x $left . $_ } @last);
    s/\s+$// for @line;
    return @line;
}

sub _wrap {
    my ($text, $width) = @_;
    my @line;
    push @line, $1 while $width > 10 && length $text > $width && $text =~ s/^(.{5,$width})(?<=,) //;
    return (@line, $text);
}

1;
