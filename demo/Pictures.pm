# SPDX-License-Identifier: BSD-2-Clause
package Pictures;

=head1 NAME

Pictures - pages of the console with the demo's own data, as pictures for the README

=head1 SYNOPSIS

    Pictures::take($stage);    # into the folder PICTURES; BROWSER has the node modules

=head1 PROMISES

Dies when a picture cannot be taken.

=cut

use strict;
use warnings;
use Bounce::Console;
use Bounce::Instance;
use JSON::PP;

sub take {
    my ($stage) = @_;
    my $db      = $stage->db;
    my $console = Bounce::Console->new($stage)->person(eva => 'bounce_clerk')->start;
    my %data    = (
        task => $db->value(
            q(SELECT min(id) FROM bounce.task WHERE status = 'open' AND kind = 'hard_bounce')),
        letter => $db->value(q(SELECT min(id) FROM bounce.bounce WHERE class = 'unclassified')),
    );
    local $ENV{CONSOLE_BASE} = $console->base;
    local $ENV{CONSOLE_DATA} = $stage->instance->write_file('data.json', encode_json(\%data));
    local $ENV{NODE_PATH}    = "$ENV{BROWSER}/node_modules";
    my $script = Bounce::Instance::tree() . '/tests/browser/pictures.js';
    system('node', $script) == 0 or die "pictures: node ended with $?\n";
    $console->stop;
    return;
}

1;
