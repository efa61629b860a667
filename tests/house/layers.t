# SPDX-License-Identifier: BSD-2-Clause
# The layers hold; what layers.pl draws is shown when they do not.
use strict;
use warnings;
use Bounce::Instance;
use Test::More;

my $picture = qx(perl tests/house/layers.pl @{[Bounce::Instance::build_dir()]} 2>&1);
is $?, 0, 'no arrow goes up, none in a circle, no folder is too full' or diag $picture;

done_testing;
