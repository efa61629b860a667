# SPDX-License-Identifier: BSD-2-Clause
# make check-browser: a Monday of forty tasks of every kind (Bounce::Weekend), by a clerk who knows
# only the pages, and by an operator for what she may not decide.
use Bounce::Browser qw(visit);
use Bounce::Console;
use Bounce::Intake;
use Bounce::Test;
use Bounce::Weekend;

my $stage = stage(servers => 0);
Bounce::Weekend::come($stage, Bounce::Intake->new($stage));
my $open = q{bounce.task WHERE status = 'open'};
cmp_ok $stage->count($open), '>=', 40, 'forty tasks';

my $console = Bounce::Console->new($stage);
$console->person(eva => 'bounce_clerk')->person(tom => 'bounce_operator')->start;
visit($console, $stage->instance, [qw(eva tom)], 'forty');
is $stage->count($open), 0, 'none is left, nor has any come back';
is $stage->count(q{bounce.task WHERE resolved_by NOT IN ('eva', 'tom') AND note <> ''}), 0,
    'all by them';
ok $console->stop, 'the console ends by itself';
finish();
