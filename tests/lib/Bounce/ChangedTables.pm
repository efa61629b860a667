# SPDX-License-Identifier: BSD-2-Clause
package Bounce::ChangedTables;

=head1 NAME

Bounce::ChangedTables - which tables an act has changed

=head1 SYNOPSIS

    my $tables = Bounce::ChangedTables->new($db);      # a Bounce::Postgres
    my $before = $tables->state;
    ...
    is $tables->changed_since($before), '', 'nothing has changed';

=head1 PROMISES

All tables of the schema bounce are looked at, row by row, but for what is remembered of domains
when suggestions are read.

=cut

use strict;
use warnings;

sub new {
    my ($class, $db) = @_;
    my @table = map { $_->{name} } @{
        $db->rows(
            q{SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind IN ('r', 'p')
            AND NOT relispartition AND relname !~ '^known_domain'
            AND relnamespace = 'bounce'::regnamespace ORDER BY relname}
        ) };
    my $everything = join ' UNION ALL ', map {
        "SELECT '$_' AS name, coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') AS sum"
            . " FROM bounce.$_ AS t"
    } @table;
    return bless { db => $db, names => \@table, everything => $everything }, $class;
}

# A sum of what is in each, by its name.
sub state {
    my ($self) = @_;
    return { map { $_->{name} => $_->{sum} } @{ $self->{db}->rows($self->{everything}) } };
}

# The names of those that are not as they were.
sub changed_since {
    my ($self, $before) = @_;
    my $now = $self->state;
    return join ' ', grep { $now->{$_} ne $before->{$_} } @{ $self->{names} };
}

1;
