#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make layers: holds the tree against layers.txt, by what each file includes and by what each
# object asks for, and draws it: layers on floors, the rooms of each, their modules. A module is
# x.c with x.h. Fails if a room uses one that it may not, if modules use each other in a circle, if
# a folder is too full or too high, or if a room has no README.md.
# usage: layers.pl BUILD_DIRECTORY
use strict;
use warnings;
use File::Basename qw(basename dirname);
use FindBin;

my $build = shift // die "usage: layers.pl BUILD_DIRECTORY\n";
chdir "$FindBin::Bin/../.." or die "chdir: $!\n";

my (%may, @room, @symbols, %doors, @sql, %bound, @fault);
read_table('tests/house/layers.txt');
my @layer = unique(map { layer_of($_) } @room);
my @file  = grep { -f } map { (glob("$_/*.[ch]"), glob("$_/*/*.[ch]")) } @layer;
my (%module_uses, %room_uses, %modules_in);    # {from}{to} => why; {room}{module} => 1
$modules_in{ dirname($_) }{ module_of($_) } = 1 for @file;

check_rooms_are_declared();
check_rooms_are_described();
my %asked = read_objects();
read_includes();
check_arrows();
check_libraries();
check_headers();
check_sql();
my %floor_of_module = floors_of('modules', \%module_uses, map { keys %$_ } values %modules_in);
draw();
check_bounds();
print map { "FAULT  $_\n" } @fault;
die @fault . " fault(s)\n" if @fault;
print "the layers hold\n";

# --- the table -------------------------------------------------------------------------

sub read_table {
    my ($path) = @_;
    my %direct;
    for (lines_of($path)) {
        next if /^\s*(?:#|$)/;
        my ($word, @rest) = split;
        if    ($word eq 'symbols') { push @symbols, \@rest }
        elsif ($word eq 'header')  { push @{ $doors{ shift @rest } }, @rest }
        elsif ($word eq 'sql') { @sql = @rest }
        elsif ($word eq 'bound') { $bound{ $rest[0] } = $rest[1] }
        elsif ($word =~ s/:$//) { push @room, $word; $direct{$word} = \@rest }
        else                    { die "$path: what is \"$word\"?\n" }
    }
    $may{$_} = { map { ($_ => 1) } closure($_, \%direct) } for @room;
    return;
}

# A room, what it may use, what those may use. A layer's name stands for all its rooms.
sub closure {
    my ($room, $direct) = @_;
    my %seen;
    my @todo = ($room);
    while (defined(my $name = shift @todo)) {
        next if $seen{$name}++;
        push @todo, @{ $direct->{$name} // [] };
        push @todo, grep { index($_, "$name/") == 0 } @room if $name ne layer_of($room);
    }
    return keys %seen;
}

# --- the tree --------------------------------------------------------------------------

sub unique {
    my %seen;
    return grep { !$seen{$_}++ } @_;
}
sub layer_of  { return $_[0] =~ s{/.*}{}sr }
sub module_of { return $_[0] =~ s{\.\w+$}{}r }
sub fault     { push @fault, join '', @_; return }

sub lines_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    my @line = <$file>;
    return @line;
}

sub check_rooms_are_declared {
    for my $room (sort keys %modules_in) {
        fault("$room is not in layers.txt") unless $may{$room};
    }
    return;
}

sub check_rooms_are_described {
    for my $room (@room) {
        fault("$room has no README.md that says what belongs there") if !-s "$room/README.md";
    }
    return;
}

sub note_use {
    my ($from, $to, $why) = @_;
    my ($here, $there) = (dirname($from), dirname($to));
    $room_uses{$here}{$there} //= $why if $here ne $there;
    $module_uses{$from}{$to}  //= $why if $from ne $to;
    return;
}

# Of data files (.def, .inc) only the arrow between rooms counts.
sub read_includes {
    for my $file (@file) {
        for (grep { /^#include "/ } lines_of($file)) {
            my ($header) = /"([^"]+)"/;
            my $room = dirname($header);
            next unless $modules_in{$room};
            my $to = $header =~ /\.h$/ ? module_of($header) : "$room/";
            $to = module_of($file) if $to =~ m{/$} && $room eq dirname($file);
            if ($to =~ m{/$}) { $room_uses{ dirname($file) }{$room} //= "$file includes $header" }
            else              { note_use(module_of($file), $to, "$file includes $header") }
        }
    }
    return;
}

# {module}{symbol}: what each object asks for. What one of ours defines is a use of it.
sub read_objects {
    my (%asked_by, %defined_in);
    for my $source (grep { /\.c$/ } @file) {
        my $module = module_of($source);
        open my $nm, '-|', 'nm', '-g', "$build/$module.o" or die "nm: $!\n";
        while (<$nm>) {
            if (/ U (\S+)$/) { $asked_by{$module}{$1} = 1 }
            elsif (/ [A-TV-Z] (\S+)$/) { $defined_in{$1} = $module if $1 ne 'main' }
        }
        close $nm or die "layers: $build/$module.o cannot be read\n";
    }
    for my $from (sort keys %asked_by) {
        for my $symbol (sort keys %{ $asked_by{$from} }) {
            note_use($from, $defined_in{$symbol}, "$from.c calls $symbol") if $defined_in{$symbol};
        }
    }
    return %asked_by;
}

# --- what must hold --------------------------------------------------------------------

sub check_arrows {
    for my $from (sort keys %room_uses) {
        for my $to (grep { !$may{$from}{$_} } sort keys %{ $room_uses{$from} }) {
            fault("$from may not use $to: $room_uses{$from}{$to}");
        }
    }
    return;
}

sub is_within {
    my ($room, @list) = @_;
    return grep { $room eq $_ || layer_of($room) eq $_ } @list;
}

sub check_libraries {
    for my $row (@symbols) {
        my ($library, $prefix, @allowed) = @$row;
        for my $module (sort keys %asked) {
            next if is_within(dirname($module), @allowed);
            my ($symbol) = grep { index($_, $prefix) == 0 } sort keys %{ $asked{$module} } or next;
            fault("$module.c calls $library: $symbol");
        }
    }
    return;
}

# A benchmark may measure what is behind a door.
sub check_headers {
    my @test = map { glob "tests/unit/$_" } qw(*/*.c */*/*.c);
    for my $header (sort keys %doors) {
        my %allowed = map { ($_ => 1) } map { glob } @{ $doors{$header} };
        for my $file (grep { !$allowed{$_} } @file, @test, glob 'tests/fuzz/*.[ch]') {
            fault("<$header> is included by $file")
                if grep { /^#include [<"]\Q$header\E/ } lines_of($file);
        }
    }
    return;
}

sub check_sql {
    my $statement = qr/"[^"]*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) [^"]*bounce\./;
    for my $file (grep { !is_within(dirname($_), @sql) } @file) {
        my ($line) = grep { $_ =~ $statement } lines_of($file);
        fault("$file has SQL: $line") if $line;
    }
    return;
}

# The floor of each: one above the highest that it uses within the same folder. Who is met again
# on the way up is part of a circle.
sub floors_of {
    my ($what, $uses, @name) = @_;
    my (%floor, @way);
    my $climb;
    $climb = sub {
        my ($name) = @_;
        return $floor{$name} if $floor{$name};
        if (grep { $_ eq $name } @way) {
            fault("$what in a circle: ", join ' -> ', (join ' ', @way, $name) =~ /(\Q$name\E .*)/);
            return 0;
        }
        push @way, $name;
        my $highest = 0;
        for my $other (grep { dirname($_) eq dirname($name) } sort keys %{ $uses->{$name} // {} }) {
            my $floor = $climb->($other);
            $highest = $floor if $floor > $highest;
        }
        pop @way;
        return $floor{$name} = $highest + 1;
    };
    $climb->($_) for sort @name;
    return %floor;
}

sub highest {
    my $most = 0;
    for (@_) { $most = $_ if $_ > $most }
    return $most;
}

sub check_bounds {
    for my $layer (grep { -d } @layer) {
        my @rooms = grep { layer_of($_) eq $layer } sort keys %modules_in;
        for my $room (@rooms) {
            my @module  = keys %{ $modules_in{$room} };
            my $entries = @module + ($room eq $layer ? @rooms - 1 : 0);
            my $floors  = highest(@floor_of_module{@module});
            fault("$room has $entries entries") if $entries > $bound{entries};
            fault("the modules of $room stand on $floors floors") if $floors > $bound{floors};
        }
    }
    return;
}

# --- the picture -----------------------------------------------------------------------

# What uses what, lifted to layers, or kept to the rooms of one layer.
sub lifted {
    my ($name_of) = @_;
    my %uses;
    for my $from (keys %room_uses) {
        for my $to (keys %{ $room_uses{$from} }) {
            my ($here, $there) = map { $name_of->($_) } $from, $to;
            $uses{$here}{$there} = 1 if $here ne $there;
        }
    }
    return \%uses;
}

sub on_floors {
    my ($what, $uses, @name) = @_;
    my %floor = floors_of($what, $uses, @name);
    my @floors;
    push @{ $floors[ $floor{$_} - 1 ] }, $_ for sort @name;
    fault("the $what stand on ", scalar @floors, ' floors') if @floors > $bound{floors};
    return @floors;
}

sub describe {
    my ($room) = @_;
    my @module = keys %{ $modules_in{$room} };
    return sprintf '%s (%d)', basename($room), scalar @module;
}

sub draw {
    my @floors = on_floors('layers', lifted(\&layer_of), grep { -d } @layer);
    for my $number (reverse 1 .. @floors) {
        for my $layer (@{ $floors[ $number - 1 ] }) {
            my @rooms = grep { layer_of($_) eq $layer } sort keys %modules_in;
            my $count = 0;
            $count += keys %{ $modules_in{$_} } for @rooms;
            my $parted = @rooms > 1 ? ', ' . @rooms . ' rooms' : '';
            printf "%d  %-11s %3d modules%s\n", $number, $layer, $count, $parted;
            draw_rooms($layer, @rooms) if @rooms > 1;
        }
    }
    return;
}

sub draw_rooms {
    my ($layer, @room) = @_;
    my @floors = on_floors("rooms of $layer", \%room_uses, grep { $_ ne $layer } @room);
    for my $floor (reverse @floors) {
        printf "     %s\n", join '   ', map { describe($_) } @$floor;
    }
    return;
}
