# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Browser;

=head1 NAME

Bounce::Browser - the parts of a test that run in Chromium, against a console

=head1 SYNOPSIS

    visit($console, $stage->instance, [qw(eva max)], qw(monday visit));

=head1 PROMISES

Each part is a subtest of what tests/browser/PART.js found. BROWSER has the node modules.

=cut

use strict;
use warnings;
use Exporter qw(import);
use JSON::PP;
use Test::More;

our @EXPORT_OK = qw(visit);

sub visit {
    my ($console, $instance, $people, @part) = @_;
    local $ENV{CONSOLE_BASE} = $console->base;
    local $ENV{CONSOLE_DATA}
        = $instance->write_file('data.json', JSON::PP->new->encode({ people => $people }));
    local $ENV{NODE_PATH} = "$ENV{BROWSER}/node_modules";
    for my $part (@part) {
        subtest $part => sub {
            open my $result, '-|', 'node', Bounce::Instance::tree() . "/tests/browser/$part.js"
                or die "node: $!\n";
            while (my $line = <$result>) {
                my $row = JSON::PP->new->utf8->decode($line);
                ok $row->{ok}, $row->{name} or diag $row->{detail};
            }
            ok close $result, "$part ran to its end";
            done_testing();
        };
    }
    return;
}

1;
