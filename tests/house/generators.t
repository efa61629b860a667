#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# The generators of etc/dialects and etc/phrases accept what lies there, and name file and
# line of what is wrong in broken files.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

# Sound files; each test replaces one line of one of them.
my %sound = (
    dialect => { 'owl.dialect' => <<'OWL', 'tern.dialect' => <<'TERN' },
# The owl.

close     = -----

[failed]
open      = Alas
recipient = %a: %d
OWL
# The tern.

[failed]
after     = owl
open      = Sorry
recipient = <%a>$
place     = paragraph
TERN
    phrases => { 'README.md' => <<'README', 'xx.txt' => <<'LANGUAGE' },
| `failure` | says "not delivered" |
| `months` | January to December |
| `date-of` | stands between day and month |
README
language   = Owlish
date-order = day-first

[failure]
hoo

[date-of]
hu
LANGUAGE
);

my %generator = (
    dialect => 'classifier/prose/dialects.awk',
    phrases => 'classifier/text/phrases.awk',
);
my %files = (
    dialect => [ glob 'etc/dialects/*.dialect' ],
    phrases => [ 'etc/phrases/README.md', glob 'etc/phrases/*.txt' ],
);

# Line of owl.dialect, what is put there (8 is behind the last), the message.
my @broken_dialects = (
    [ 6, 'opne      = Alas',               '6: unknown key "opne"' ],
    [ 6, 'open = Alas %a',                 '6: bad placeholder "%a" in "open"' ],
    [ 7, 'recipient = %a: %x',             '7: bad placeholder "%x" in "recipient"' ],
    [ 7, 'recipient = %a: %',              '7: bad placeholder "%" in "recipient"' ],
    [ 7, 'recipient = %a%d$',              '7: nothing may follow "%d" or "$"' ],
    [ 7, 'recipient = Alas',               '7: "recipient" without an address: %a, %u or %o' ],
    [ 7, "recipient = %a\nrecipient = %u", '5: %a and %u in one section; make two' ],
    [ 7, "recipient = %a\nrecipient = %a", '8: the same "recipient" twice: %a' ],
    [ 7, '# no recipient',                 '5: section without a "recipient" of %a or %u' ],
    [ 6, '# no opening',                   '5: section without "open"' ],
    [ 5, '[Failed]',       '5: a section is named in small letters, digits and hyphens: [Failed]' ],
    [ 5, '# no section',   '1: no section' ],
    [ 8, '[failed]',       '8: section [failed] is there twice' ],
    [ 3, 'rank = weak',    '3: "rank" belongs into a section' ],
    [ 8, 'rank = soft',    '8: unknown rank "soft"' ],
    [ 8, 'place = behind', '8: unknown place "behind"' ],
    [ 8, 'action = bounced',                  '8: unknown action "bounced"' ],
    [ 8, "action = failed\naction = delayed", '9: "action" twice in one section' ],
    [ 8, 'before = hawk',                     '8: there is no dialect "hawk"' ],
    [ 8, 'before = owl.failed',        '8: sections of one file are tried in their order there' ],
    [ 8, "rank = weak\nbefore = tern", '9: [tern.failed] comes before [owl.failed] by its rank' ],
    [
        7,
        "recipient = %u\nbefore = tern",
        '8: [tern.failed] comes before [owl.failed] by its addresses'
    ],
    [
        8,
        'after = tern',
        '5: a circle of "before" and "after": '
            . '[owl.failed] before [tern.failed] before [owl.failed]'
    ],
    [ 8, 'what is this',             '8: neither "[section]" nor "key = value" nor a comment' ],
    [ 6, 'open      = Alas ',        '6: blank at the end of the line' ],
    [ 6, "open      = Alas\t!",      '6: tab or control character' ],
    [ 6, "open      = Al\xE4s",      '6: invalid UTF-8' ],
    [ 6, "open      = \xED\xA0\x80", '6: invalid UTF-8' ],
    [ 6, 'open      = ' . 'a' x 89,  '6: line over 100 columns' ],
);

# The same of xx.txt; 9 is behind the last line.
my @broken_phrases = (
    [ 4, '[failures]',                 '4: unknown section "failures"' ],
    [ 7, '[failure]',                  '7: section [failure] is there already, in line 4' ],
    [ 9, 'hu',                         '9: "hu" is there already, in line 8' ],
    [ 1, 'tongue = Owlish',            '1: unknown key "tongue"' ],
    [ 1, '# no language',              '1: "language" is missing' ],
    [ 2, '# no order',                 '4: "date-order" is missing before the first section' ],
    [ 2, 'date-order = year-first',    '2: unknown date-order "year-first"' ],
    [ 2, 'language = Hootish',         '2: "language" is there already' ],
    [ 3, 'month-before-day = perhaps', '3: unknown month-before-day "perhaps"' ],
    [ 3, 'hoo',                        '3: neither "key = value" nor a section nor a comment' ],
    [ 5, 'Hoo',  '5: capital letter: phrases are compared with text in small letters' ],
    [ 5, '[hoo', '5: a phrase that begins with a blank, "[" or a quotation mark needs quotes' ],
    [ 5, ' hoo', '5: a phrase that begins with a blank, "[" or a quotation mark needs quotes' ],
    [ 5, 'hoo "hoo"',      '5: quotation mark in a phrase' ],
    [ 5, '" "',            '5: empty phrase' ],
    [ 5, 'hoo ',           '5: blank at the end of the line' ],
    [ 5, "hoo\xFF",        '5: invalid UTF-8' ],
    [ 5, "\xC3\xA4" x 101, '5: line over 100 columns' ],
    [ 8, 'hu hu',          '8: a blank in [date-of], whose lines are single words' ],
    [ 8, 'h' x 41,         '8: word of more than 40 bytes' ],
    [ 9, "[months]\nhoot", '9: [months] has 1 lines, not 12' ],
);

sub generate {
    my ($kind, $output, @files) = @_;
    my @awk  = ('awk', '-v', "output=$output", '-f', 'classifier/text/data_file.awk');
    my $text = `LC_ALL=C @awk -f $generator{$kind} @files 2>&1`;
    return ($? >> 8, $text);
}

sub write_file {
    my ($path, $text) = @_;
    open my $handle, '>:raw', $path or die "$path: $!\n";
    print {$handle} $text;
    close $handle or die "$path: $!\n";
    return $path;
}

# The sound files in a folder of their own, with one line replaced or one behind the last.
sub write_broken {
    my ($kind, $name, $line, $text) = @_;
    my $folder = tempdir(CLEANUP => 1);
    my @files;
    for my $file (sort keys %{ $sound{$kind} }) {
        my @lines = split /\n/, $sound{$kind}{$file};
        $lines[ $line - 1 ] = $text if $file eq $name;
        push @files, write_file("$folder/$file", join '', map { "$_\n" } @lines);
    }
    return ($folder, @files);
}

sub faults_are {
    my ($kind, $name, $line, $text, $message) = @_;
    my ($folder, @files)  = write_broken($kind, $name, $line, $text);
    my ($status, $output) = generate($kind, 'table', @files);
    $output =~ s/^\Q$folder\E\///mg;
    is((split /\n/, $output)[0], "$name:$message", "$name:$message");
    is($status,                  1,                'exit status 1');
    return;
}

for my $kind (sort keys %generator) {
    my ($status, $output) = generate($kind, 'table', @{ $files{$kind} });
    is($status, 0, "what lies in etc is accepted: $kind") or diag($output);
    (undef, my @files) = write_broken($kind, 'none', 1, '');
    ($status, $output) = generate($kind, 'table', @files);
    is($status, 0, "the sound files are: $kind") or diag($output);
}
faults_are('dialect', 'owl.dialect', @$_) for @broken_dialects;
faults_are('phrases', 'xx.txt',      @$_) for @broken_phrases;

my (undef, @dialects) = write_broken('dialect', 'none', 1, '');
my (undef, $order)    = generate('dialect', 'dialect_order', @dialects);
is($order, qq("01",\n"00",\n), 'a stated order is written for the tests');

# Every section that README.md describes has its list in the header.
my (undef, $lists) = generate('phrases', 'words', @{ $files{phrases} });
my @defined  = sort $lists                        =~ /^const char \*const (words_\w+)\[\]/mg;
my @declared = sort `cat classifier/text/words.h` =~ /^extern const char \*const (words_\w+)\[\]/mg;
is_deeply(\@declared, \@defined, 'words.h declares the sections of etc/phrases/README.md');

done_testing();
