# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Mail;

=head1 NAME

Bounce::Mail - mails from templates, and looking at mails

=head1 SYNOPSIS

    my $bytes = Bounce::Mail::render('postfix-user-unknown',
        return_path => '...', recipient => '...');
    my $class = Bounce::Mail::header($bytes, 'X-Bounce-Class');

=head1 PROMISES

A template is demo/mails/NAME.eml with {{name}} where a value goes. A value that is missing is an
error, not an empty string; C<date> and C<report_id> are made when they are not given.

=cut

use strict;
use warnings;
use Bounce::Instance;
use POSIX qw(strftime);

my $made = 0;    # reports made so far: each has an id of its own

sub render {
    my ($name, %value) = @_;
    my $path = Bounce::Instance::tree() . "/demo/mails/$name.eml";
    open my $file, '<:raw', $path or die "cannot read $path: $!\n";
    my $text = do { local $/; <$file> };
    $value{date} //= rfc5322_date(time);
    $value{report_id} //= sprintf 'report-%d-%d-%d', time, $$, ++$made;
    $text =~ s/\{\{(\w+)\}\}/$value{$1} \/\/ die "$path: no value for $1\n"/ge;
    return $text;
}

# RFC 5322 section 3.3, in English whatever the locale.
sub rfc5322_date {
    my ($time) = @_;
    my @at = gmtime $time;
    return sprintf '%s, %d %s %s +0000', (qw(Sun Mon Tue Wed Thu Fri Sat))[ $at[6] ], $at[3],
        (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[ $at[4] ],
        strftime('%Y %H:%M:%S', @at);
}

# The value of the first header of that name, unfolded; undef when there is none.
sub header {
    my ($mail, $name) = @_;
    my ($head) = split /\r?\n\r?\n/, $mail, 2;
    $head =~ s/\r?\n[ \t]+/ /g;
    return $head =~ /^\Q$name\E:\s*(.*?)\s*$/mi ? $1 : undef;
}

# The body as it is.
sub body {
    my ($mail) = @_;
    my (undef, $body) = split /\r?\n\r?\n/, $mail, 2;
    return $body // '';
}

1;
