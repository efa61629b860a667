#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make lint-layout: what every text file of the tree keeps to. At most 100 columns, no blanks at the
# end of a line, a newline at the end of the file, SPDX in the head of every source; SQL has no
# tabs and writes its keywords in capitals.
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use File::Find ();
use FindBin;

use constant WIDTH => 100;

# Mails, texts that are not ours, and JSON, whose strings cannot be parted.
my $foreign = qr{^(?:LICENSE|tests/(?:mails|labelled|vectors|upgrade|unit/data|fuzz/found)/)
    |\.(?:eml|mails|tsv|gz|mc|json)$}x;
my $source  = qr{\.(?:[ch]|def|sql|psql|p[lm]|t|sh|mk|awk)$|(?:^|/)(?:Makefile|run-one)$};
my $license = qr{SPDX-License-Identifier: BSD-2-Clause(?: \*/)?$};
my $keyword = join '|', qw(select insert update delete from where join left inner on as and or not
    null is in exists values returning order group by having limit union case when then else end
    create function returns language begin declare return if);

my $faults = 0;

chdir "$FindBin::Bin/../.." or die "chdir: $!\n";
File::Find::find({ no_chdir => 1, preprocess => \&without_built, wanted => \&check }, '.');
die "$faults fault(s) of layout\n" if $faults;

sub without_built {
    return grep { $File::Find::dir ne '.' || !/^(?:build|run|\.git|compile_commands\.json)$/ } @_;
}

sub fault {
    my ($path, $line, $text) = @_;
    print "$path:$line: $text\n";
    $faults++;
    return;
}

sub check {
    my $path = s{^\./}{}r;
    return if !-f || -B || $path =~ $foreign;
    open my $in, '<', $path or die "$path: $!\n";
    my @line = <$in>;
    close $in;
    return unless @line;
    fault($path, scalar @line, 'no newline at the end') unless $line[-1] =~ /\n\z/;
    fault($path, 1,            'no SPDX-License-Identifier on a line of its own in the first lines')
        if $path =~ $source && !grep { /$license/ } @line[ 0 .. ($#line < 2 ? $#line : 2) ];

    for my $number (1 .. @line) {
        chomp(my $text = $line[ $number - 1 ]);
        fault($path, $number, 'blanks at the end') if $text =~ /[ \t]$/;
        my $columns = columns_of($text);
        fault($path, $number, "$columns columns") if $columns > WIDTH && !is_whole($path, $text);
    }
    check_sql($path, @line) if $path =~ /\.p?sql$/;
    return;
}

sub columns_of {
    my ($text) = @_;
    my $columns = 0;
    $columns = $_ eq "\t" ? $columns - $columns % 8 + 8 : $columns + 1 for split //, $text;
    return $columns;
}

# What cannot be broken: a link alone on its line, a row of a table in Markdown, and in a manual
# page a macro or a literal line.
sub is_whole {
    my ($path, $text) = @_;
    return 1 if $text =~ m{^\W*\S*://\S+$};
    return 1 if $path =~ /\.md$/ && $text =~ /^\|/;
    return 1 if $path =~ m{^tests/genuine/systems/};    # other systems' files in here-documents
    return $path      =~ m{^doc/.*\.\d$} && $text =~ /^[. ]/;
}

# Outside of comments, strings, quoted names and the text that psql reads.
sub check_sql {
    my ($path, @line) = @_;
    my $number = 0;
    my $in_string;
    for my $text (@line) {
        $number++;
        next if $text =~ /^\\/;
        fault($path, $number, 'a tab') if $text =~ /\t/;
        my $code = $text =~ s/--.*//sr;
        my $was  = $in_string;
        $in_string = !$in_string if ($code =~ tr/'//) % 2;
        next if $was || $in_string;
        $code =~ s/'[^']*'|"[^"]*"//g;
        my ($word) = $code =~ /(?<![\w.:\@])($keyword)(?![\w.(])/;
        next if !$word || $code =~ /\b$word\s*(?:=>|:=)|= $word\b/;
        fault($path, $number, "\"$word\" in small letters");
    }
    return;
}
