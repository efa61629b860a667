# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Test;

=head1 NAME

Bounce::Test - what every end-to-end test begins and ends with

=head1 SYNOPSIS

    use Bounce::Test;                       # Test::More, strict, warnings, and:
    my $stage = stage();                    # a Bounce::Stage of this test's own
    ...
    finish();                               # no sanitizer complained; done_testing

=head1 PROMISES

A test that passes leaves nothing behind. One that fails prints the ends of the servers' logs and
leaves the logs in run/ until the next run.

=cut

use strict;
use warnings;
use Bounce::Process;
use Bounce::Stage;
use Test::More;

use constant INTERRUPTED => 130;

my ($stage, $owner);

# Where nobody can be root, a test that needs it is left out, and make check names it.
$Bounce::Process::WITHOUT_ROOT = sub {
    if ($ENV{BOUNCE_UNRUN}) {
        open my $file, '>>', $ENV{BOUNCE_UNRUN} or die "$ENV{BOUNCE_UNRUN}: $!\n";
        print $file "$0\n";
        close $file;
    }
    die "needs root: @_\n" if Test::More->builder->current_test;
    plan(skip_all => "needs root: $_[0]");
};

sub import {
    my $caller = caller;
    no strict 'refs';
    *{"${caller}::$_"} = \&$_ for qw(stage finish is_soon code_of);
    Test::More->export_to_level(1);
    strict->import;
    warnings->import;
    return;
}

# stage(...): the options of Bounce::Stage->new; servers => 0 starts none but PostgreSQL.
sub stage {
    my (%option) = @_;
    my $servers = delete $option{servers} // 1;
    $owner = $$;
    $stage = Bounce::Stage->new(name => "check-$$", %option)->start_database;
    $stage->start_servers if $servers;
    return $stage;
}

# is_soon(sub, expected, name): polls until the value is the expected one; a minute at most.
sub is_soon {
    my ($value, $expected, $name) = @_;
    my $last;
    $stage->wait_for(60, sub { $last = $value->(); defined $last && $last eq $expected });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($last, $expected, $name);
}

# The reply code of a mail that was sent, the exit status of a command that was run.
sub code_of { my ($code) = @_; return $code }

sub finish {
    if ($stage->daemon->is_sanitized) {
        ok($stage->daemon->stop, 'the daemon ends by itself, and no sanitizer complains')
            or diag($stage->daemon->complaints);
    }
    done_testing();
    return;
}

END {
    my $status = $?;
    if ($stage && $owner == $$ && $status != INTERRUPTED) {
        if ($status == 0 && Test::More->builder->is_passing) { $stage->instance->discard }
        else { diag($stage->instance->log_tail(25)) }
    }
    $? = $status;
}

1;
