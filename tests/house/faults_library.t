# SPDX-License-Identifier: BSD-2-Clause
# What breaks something under load and fails itself ends at once, with the load, however patient
# those are who send it.
use strict;
use warnings;
use Bounce::Faults;
use Bounce::Process;
use Test::More;
use Time::HiRes qw(sleep time);

use constant PATIENT => 30;    # seconds, for Bounce::Faults::PATIENCE

my @load;

sub patient {
    push @load, Bounce::Process::in_child(sub { sleep PATIENT; POSIX::_exit(1) });
    return $load[-1];
}
{
    no warnings 'redefine';
    *Bounce::Faults::_register       = sub { };
    *Bounce::Faults::_start_watching = \&patient;
    *Bounce::Faults::_start_senders  = sub {
        map { patient() } 1 .. 3;
    };
}
my $begun = time;
{
    # it tells of the failure as a test, which is not one of this file
    my $said      = '';
    my $of_faults = Test::More->builder;
    $of_faults->subtest(
        'what fails',
        sub {
            my $todo = $of_faults->todo_start('it fails on purpose');
            eval {
                Bounce::Faults->new(undef)->under('a fault', sub { die "it broke\n" });
                1;
            };
            $said = $@;
            $of_faults->todo_end;
            $of_faults->done_testing;
        });
    is $said, "a fault, and the rest is not run: it broke\n", 'it says why';
}
cmp_ok time - $begun, '<', PATIENT / 2, 'at once';
is_deeply [ grep { kill 0, $_ } @load ], [], 'nobody is left who sends';
is scalar @load, 4, 'three senders and one who watches';

done_testing();
