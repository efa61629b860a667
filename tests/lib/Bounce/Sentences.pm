# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Sentences;

=head1 NAME

Bounce::Sentences - what the database says to people, found in its sources

=head1 SYNOPSIS

    my %sentence = Bounce::Sentences::said;    # words with gaps => the file
    my %word     = Bounce::Sentences::words;   # that stand in a gap and are ours => why

=head1 PROMISES

Paths are from the top of the tree, which is the current folder.

=cut

use strict;
use warnings;

my $literal = qr/((?:'(?:[^']|'')*'\s*)+)/;

# The texts that bounce_internal.say() and its like are given (values/sentences.sql). One with no
# letters but those of its gaps is the same in each language.
sub said {
    my %said;
    for my $path (_functions(), 'sql/views.sql') {
        my $code = _slurp($path);
        $said{ unquoted($1) } = $path
            while $code =~ /\bbounce(?:_internal)?\.(?:say|sentence)\(\s*$literal/g;
    }
    for my $path (glob 'db/people/*.c') {
        my $code = _slurp($path) =~ s/"\s*"//gr;
        $said{$1} = $path while $code =~ /\bbounce\.sentence\('([^']*)'/g;
    }
    return map { ($_ => $said{$_}) } grep { s/%[swrt]//gr =~ /[a-z]|->/i } keys %said;
}

sub words {
    my %word;
    for my $path (_functions()) {
        my $code = _slurp($path);
        $word{ unquoted($1) } = 'what a reason is needed for'
            while $code =~ /require_reason_text\([^;]*?,\s*$literal\)/g;
        $word{ unquoted($1) } = 'what is asked for'
            while $code =~ /require_(?:word|count)\(\s*$literal,/g;
    }
    my ($moot)
        = _slurp('sql/functions/internal/recording/follow_ups.sql') =~ /(why_moot.*?)\$\$;/s;
    $word{$_} = 'why a follow-up is moot' for grep { !/it goes to/ } $moot =~ /THEN '([^']+)'/g;
    return %word;
}

# What goes into a story, a task or a step, and is put together otherwise.
sub unsaid {
    my @unsaid;
    for my $path (_functions()) {
        my $code = _slurp($path);
        while ($code =~ /\b(write_log|step|request_task|change_task|add_to_task)\(([^;]*);/g) {
            my ($call, $rest) = ($1, $2);
            push @unsaid, "$path: $call: $1" if $rest =~ /(?<!_)\b(format\([^;]{0,60})/;
        }
    }
    return @unsaid;
}

# The gaps of a text, such as "%s%w".
sub gaps { return join '', $_[0] =~ /%[swrt]/g }

sub _functions { return (glob('sql/functions/*/*.sql'), glob('sql/functions/*/*/*.sql')) }

# A literal of SQL, which may go on in the next line.
sub unquoted { return join('', $_[0] =~ /'((?:[^']|'')*)'/g) =~ s/''/'/gr }

sub _slurp {
    my ($path) = @_;
    local $/;
    open my $in, '<:encoding(UTF-8)', $path or die "$path: $!\n";
    return <$in> =~ s/^\s*--.*$//mgr;
}

1;
