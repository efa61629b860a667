#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the reference from the database's own definitions: doc/parameters.md from
# parameter_definition, doc/schema.md from the catalog and its comments.
#
# usage: reference.pl                      writes both, from a schema in a private PostgreSQL
#        reference.pl parameters|schema    prints one; libpq's environment names the server, and
#                                          BOUNCE_TEMPLATE the database
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../tests/lib";
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Postgres;
use JSON::PP   qw(decode_json);
use Text::Wrap qw(wrap);

use constant WIDTH => 100;

$Text::Wrap::columns  = WIDTH + 1;
$Text::Wrap::huge     = 'overflow';
$Text::Wrap::unexpand = 0;

my %document = (parameters => \&parameters, schema => \&schema);
my ($name)   = @ARGV;
die "usage: reference.pl [parameters|schema]\n" if @ARGV > 1 || defined $name && !$document{$name};
binmode STDOUT, ':encoding(UTF-8)';
if   (defined $name) { print $document{$name}->() }
else                 { write_all() }

sub write_all {
    chdir Bounce::Instance::tree() or die "chdir: $!\n";
    my $instance = Bounce::Instance->new(name => "reference-$$");
    my $db       = Bounce::Postgres->new($instance)->start;
    Bounce::Daemon->new($instance, $db)->init_database;
    my %environment = ($db->environment, BOUNCE_TEMPLATE => 'bounce');
    @ENV{ keys %environment } = values %environment;
    for my $name (sort keys %document) {
        my $text = $document{$name}->();    # before the file is emptied: it may fail
        open my $out, '>:encoding(UTF-8)', "doc/$name.md" or die "doc/$name.md: $!\n";
        print {$out} $text;
        close $out or die "doc/$name.md: $!\n";
        print "doc/$name.md\n";
    }
    $instance->discard;
    return;
}

# The rows of a statement, each a hash.
sub rows {
    my ($statement) = @_;
    my @command = ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $ENV{BOUNCE_TEMPLATE}, '-c');
    open my $out, '-|', @command, "SELECT coalesce(jsonb_agg(r), '[]') FROM ($statement) AS r"
        or die "psql: $!\n";
    my $json = do { local $/; <$out> };
    close $out or die "psql: exit status $?\n";
    return @{ decode_json($json) };
}

sub paragraph {
    my ($text) = @_;
    return wrap('', '', $text =~ s/\s+/ /gr =~ s/ $//r) . "\n\n";
}
sub item { my ($text) = @_; return wrap('- ', '  ', $text) . "\n" }

# A sentence with its first letter as it is and a full stop.
sub sentence { my ($text) = @_; return $text =~ /[.!?]$/ ? $text : "$text." }

sub parameters {
    my $text = "# System parameters\n\n" . paragraph(<<'END');
`bouncectl params` lists them, `bouncectl params set` changes one. A change is in force at once.
Those marked *per process* may have a value of their own for a process (`--process`). See
[operate.md](operate.md#parameters).
END
    for my $p (rows('SELECT * FROM bounce.parameter_definition ORDER BY name')) {
        my $default = $p->{default_value} eq '' ? 'empty' : "`$p->{default_value}`";
        $text .= "## `$p->{name}`\n\n" . paragraph(sentence(ucfirst $p->{description}));
        $text .= item("default: $default") . item("type: $p->{type}" . bounds($p));
        $text .= item('per process') if $p->{per_process};
        $text .= "\n";
    }
    return trimmed($text);
}

sub bounds {
    my ($p) = @_;
    return ", $p->{minimum} to $p->{maximum}" if defined $p->{minimum};
    return ', ' . join(' or ', @{ $p->{allowed} }) if $p->{allowed};
    return '';
}

sub schema {
    my $text = "# Schema reference\n\n" . paragraph(<<'END');
Every table, view and function of the schema `bounce`, as the database itself documents them: the
same is shown by `\d+ bounce.communication` and `\df+ bounce.*` in psql. How to use them is told in
[applications.md](applications.md), [staff.md](staff.md) and [operate.md](operate.md). What lies in
`bounce_internal` is nobody else's business and may change without notice.
END
    for my $kind ([ 'Tables', "IN ('r', 'p')" ], [ 'Views', "= 'v'" ]) {
        $text .= "## $kind->[0]\n\n" . join '', map { relation($_) } rows(<<"SQL");
SELECT c.oid, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c
WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind $kind->[1] AND NOT c.relispartition
ORDER BY c.relname
SQL
    }
    return trimmed($text . functions());
}

sub relation {
    my ($relation) = @_;
    my $text = "### `$relation->{name}`\n\n" . paragraph(sentence(ucfirst $relation->{comment}));
    for my $column (rows(<<"SQL")) {
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       col_description(a.attrelid, a.attnum) AS comment
FROM pg_attribute AS a
WHERE a.attrelid = $relation->{oid} AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
SQL
        my $comment = defined $column->{comment} ? ": $column->{comment}" : '';
        $text .= item("`$column->{name}` $column->{type}$comment");
    }
    return "$text\n";
}

# By the word before the colon of a function's comment: whom it is for.
sub functions {
    my (%group, $text);
    for my $function (rows(<<'SQL')) {
SELECT p.proname AS name, pg_get_function_arguments(p.oid) AS arguments,
       coalesce(pg_get_function_result(p.oid), '') AS result,
       obj_description(p.oid, 'pg_proc') AS comment
FROM pg_proc AS p
WHERE p.pronamespace = 'bounce'::regnamespace
ORDER BY p.proname, p.oid
SQL
        my ($whom, $comment) = $function->{comment} =~ /^([a-z, ]+): (.*)$/s
            or die "bounce.$function->{name}: its comment does not say whom it is for\n";
        push @{ $group{$whom} }, { %$function, comment => $comment };
    }
    for my $whom (sort keys %group) {
        $text .= "## Functions: $whom\n\n";
        for my $function (@{ $group{$whom} }) {
            $text .= "### `$function->{name}`\n\n";
            $text .= "```sql\n" . wrap('', '  ', "$function->{name}($function->{arguments})");
            $text .= "\n" . wrap('  ', '    ', "RETURNS $function->{result}")
                if $function->{result} ne '';    # a procedure returns nothing
            $text .= "\n```\n\n";
            $text .= paragraph(sentence(ucfirst $function->{comment}));
        }
    }
    return $text;
}

sub trimmed { my ($text) = @_; $text =~ s/\n+\z/\n/; return $text }
