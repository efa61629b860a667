# SPDX-License-Identifier: BSD-2-Clause
package Bounce::ConsoleActs;

=head1 NAME

Bounce::ConsoleActs - what a person does in the console, each step a test

=head1 SYNOPSIS

    like page($eva, '/blocks'), qr/one\@customer/, 'it is there';
    like preview($eva, act => 'lift', address => $address, why => 'x'), qr/block lifted/, 'shown';
    like act($eva, act => 'lift', address => $address, why => 'x'), qr/is lifted/, 'done';
    like take_back($eva), qr/blocked as before/, 'and taken back';

=head1 PROMISES

Nothing of a stranger's is markup on any page that is looked at.

=cut

use strict;
use warnings;
use Exporter qw(import);
use Test::More;

our @EXPORT_OK = qw(page try_act preview act take_back refused);

# A page that is there, and has nothing of a stranger's but text.
sub page {
    my ($visitor, $path, $name) = @_;
    my $page = $visitor->get($path);
    is $page->{status}, 200, $name // $path or diag $page->{content};
    unlike $page->{content}, qr/<script|<img|="[^"]*onerror="/, '... no markup of others';
    unlike $page->{content}, qr/\xe2\x80\xae|\xc2\x9b/,         '... nothing that acts';
    return $page->{content};
}

# The preview of an act, which has an address.
sub try_act {
    my ($visitor, @field) = @_;
    my $page = $visitor->post('/act/preview', @field);
    is $page->{status}, 303, "the preview of $field[1] has an address" or diag $page->{content};
    return $visitor->get($page->{headers}{location});
}

# What the preview of an act says.
sub preview {
    my ($visitor, @field) = @_;
    my $page = try_act($visitor, @field);
    is $page->{status}, 200, "preview of $field[1]" or diag $page->{content};
    return $page->{content};
}

# An act, and what the page that follows says.
sub act {
    my ($visitor, @field) = @_;
    my $page = $visitor->post('/act', @field);
    is $page->{status}, 303, "$field[1] is done" or diag $page->{content};
    return $visitor->get($page->{headers}{location} // '/')->{content};
}

# Sends the form of the notice that takes the last act back.
sub take_back {
    my ($visitor) = @_;
    my ($form)
        = $visitor->page->{content}
        =~ m{<form method="post" action="/act">((?:(?!</form>).)*Take it back)}s
        or return fail 'it can be taken back';
    my @field = map { s/&quot;/"/gr =~ s/&lt;/</gr =~ s/&gt;/>/gr =~ s/&#39;/'/gr =~ s/&amp;/&/gr }
        $form =~ /name="([^"]+)" value="([^"]*)"/g;
    my $page = $visitor->post('/act', @field);
    is $page->{status}, 303, 'it is taken back' or diag $page->{content};
    return $visitor->get($page->{headers}{location} // '/')->{content};
}

sub refused {
    my ($visitor, $name, @field) = @_;
    for my $page (try_act($visitor, @field), $visitor->post('/act', @field)) {
        is $page->{status}, 403, $name;
        like $page->{content}, qr/permission denied/, '... by the database';
    }
    return;
}

1;
