# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Faults;

=head1 NAME

Bounce::Faults - bounces come in, something breaks, and then it is added up

=head1 SYNOPSIS

    my $stage  = stage(servers => 0);
    my $faults = Bounce::Faults->new($stage)->start;
    $faults->under('database stopped', sub { $faults->again(3, sub { ... }) });
    $faults->under('milter killed', sub { ... }, stops => 'common');
    $faults->print_table;

=head1 PROMISES

Senders repeat each report until it is taken, as an MTA does. Every report that was answered 250 is
recorded once, with what follows from it; the queue of Postfix is empty; C<bouncectl check> finds
nothing.

All the while somebody else sends ordinary mail to another domain: by the service that has the
milter (common), and by one that has not (apart). Who is put off, although C<stops> does not allow
it, is a failure. C<stops>: C<common>, where the milter is away; C<all>, where Postfix is. What was
taken arrives once.

When what breaks it fails itself, C<under> stops the load and dies: reports might not be taken any
more, and senders are patient.

With C<LONG> there are more reports, and C<again> goes on as long as they come.

=cut

use strict;
use warnings;
use Bounce::Ctl;
use Bounce::Mail;
use Bounce::Process;
use Bounce::SmtpClient;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    SENDERS  => 3,
    PATIENCE => 600,                                # seconds until a report has to be taken
    LONG     => $ENV{BOUNCE_FAULTS_LONG} ? 1 : 0,
};
use constant {
    MAILS => LONG ? 600 : 45,                       # of each fault
    PAUSE => LONG ? 0.5 : 0.1,                      # between ordinary mails, in seconds
};

sub new {
    my ($class, $stage) = @_;
    return bless { stage => $stage, hosts => [], table => [] }, $class;
}

# Starts the servers of the stage; each further stage is a host that takes reports as well.
sub start {
    my ($self, @other) = @_;
    for my $host ($self->{stage}, @other) {
        my $apart = $host->instance->free_port;
        $host->{postfix} = {
            lifetime => PATIENCE,
            master   => "127.0.0.1:$apart inet n - n - - smtpd\n  -o smtpd_milters=\n",
            %{ $host->{postfix} // {} } };
        $host->start_servers;
        push @{ $self->{hosts} }, $host;
        $self->{way} //= { common => $host->mta->port, apart => $apart };
    }
    return $self;
}

# under(name, sub that breaks it, stops => see above, mails => NUMBER, people => 1: they decide,
# so that a state may be any; deaf => N: of N answers 250 one is not heard)
sub under {
    my ($self, $name, $break, %option) = @_;
    my %run = (
        name  => $name,
        place => lc $name =~ s/\W+//gr,
        mails => MAILS,
        stops => '',
        begun => time,
        %option
    );
    $self->{run} = \%run;
    my @row     = $self->_register;
    my $watcher = $self->_start_watching;
    $self->{child} = { map { ($_ => undef) } $self->_start_senders(@row) };
    if (!ok(eval { $break->(); 1 }, "$name: done")) {
        my $why = $@;
        $self->_stop($watcher);
        die "$name, and the rest is not run: $why";
    }
    $self->wait_for_end;
    is scalar(grep { $_ } values %{ $self->{child} }), 0,
        "$name: every report was taken in the end";
    kill TERM => $watcher;
    waitpid $watcher, 0;
    $self->_add_up;
    my @innocent = $self->_audit_innocent;
    push @{ $self->{table} }, [ $name, $run{mails}, time - $run{begun}, @innocent ];
    return;
}

# Breaks something so many times, for LONG as often as the load lasts; it stops with the load.
sub again {
    my ($self, $times, $break) = @_;
    for (my $n = 1; $self->_is_under_load && (LONG || $n <= $times); $n++) {
        $break->($n);
    }
    return;
}

# Waits until that many more reports are recorded, or none comes any more.
sub wait_for_reports {
    my ($self, $count) = @_;
    my $before = $self->recorded;
    $self->{stage}
        ->wait_for(PATIENCE, sub { !$self->_is_under_load || $self->recorded >= $before + $count });
    return;
}

# Waits until every report is taken.
sub wait_for_end { my ($self) = @_; sleep 0.05 while $self->_is_under_load; return }

sub recorded {
    my ($self) = @_;
    return $self->{stage}->db->value(<<'END', place => "%\@$self->{run}{place}.example");
SELECT count(*) FROM bounce.bounce AS b
JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
WHERE r.address_key LIKE :'place'
END
}

sub print_table {
    my ($self) = @_;
    note sprintf '%-26s %7s %8s   %-36s %8s', 'fault', 'reports', 'seconds',
        'ordinary mails: put off common/apart', 'longest';
    note sprintf '%-26s %7d %8.1f   %6d: %12d / %-13d %8.1f', @$_ for @{ $self->{table} };
    return;
}

# --- reports ----------------------------------------------------------------------------

# Mails to PLACE1@PLACE.example ...: their addresses with their return paths.
sub _register {
    my ($self) = @_;
    my $run    = $self->{run};
    my $db     = $self->{stage}->db;
    $db->sql(<<'END', place => $run->{place}, mails => $run->{mails});
SELECT bounce.register_communication(
         process => 'invoice', sender => 'billing@example.org', status => 'sent',
         recipients => ARRAY[format('%s%s@%1$s.example', :'place', i)])
FROM generate_series(1, :mails::integer) AS i;
END
    my @row = @{ $db->rows(<<'END', place => "%\@$run->{place}.example") };
SELECT r.address, bounce.return_path(r.id) AS return_path
FROM bounce.communication_recipient AS r WHERE r.address_key LIKE :'place' ORDER BY r.id
END
    @row == $run->{mails} or die "only @{[scalar @row]} mails to $run->{place}\n";
    return @row;
}

sub _report {
    my ($row) = @_;
    return Bounce::Mail::render(
        'postfix-user-unknown',
        message_id  => 'unknown',
        sender      => 'billing@example.org',
        subject     => 'x',
        envelope_id => '',
        recipient   => $row->{address},
        return_path => $row->{return_path});
}

sub _start_senders {
    my ($self, @row) = @_;
    my @child;
    for my $n (0 .. SENDERS - 1) {
        my @own = @row[ grep { $_ % SENDERS == $n } 0 .. $#row ];
        push @child,
            Bounce::Process::in_child(sub { POSIX::_exit($self->_send_all(@own) ? 0 : 1) });
    }
    return @child;
}

# Until each is taken; true when that was soon enough. Hosts take turns.
sub _send_all {
    my ($self, @row) = @_;
    my $deadline = time + PATIENCE + $self->{run}{mails} / 4;
    my $deaf     = $self->{run}{deaf};
    my @host     = @{ $self->{hosts} };
    srand;
    while (my $row = shift @row) {
        push @host, shift @host;
        my ($code) = eval {
            $host[0]->smtp->send(from => '', to => [ $row->{return_path} ], mail => _report($row));
        };
        next if ($code // 0) == 250 && !($deaf && rand $deaf < 1);
        return 0 if time > $deadline;
        push @row, $row;
        sleep 0.05;
    }
    return 1;
}

sub _is_under_load {
    my ($self) = @_;
    my $child = $self->{child};
    for my $pid (grep { !defined $child->{$_} } keys %$child) {
        $child->{$pid} = $? if waitpid($pid, WNOHANG) == $pid;
    }
    return scalar grep { !defined } values %$child;
}

sub _stop {
    my ($self, $watcher) = @_;
    my $child   = $self->{child};
    my @process = ($watcher, grep { !defined $child->{$_} } keys %$child);
    kill KILL => @process;
    waitpid $_, 0 for @process;
    return;
}

sub _add_up {
    my ($self) = @_;
    my ($stage, $run) = @$self{qw(stage run)};
    my $sum = $stage->db->rows(<<'END', place => "%\@$run->{place}.example")->[0];
SELECT count(*) AS bounced, count(DISTINCT b.recipient_id) AS recipients,
       count(*) FILTER (WHERE r.state = 'bounced' OR r.requested_by IS NOT NULL) AS marked
FROM bounce.bounce AS b JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
WHERE r.address_key LIKE :'place'
END
    is $sum->{recipients}, $run->{mails}, "$run->{name}: none is lost";
    is $sum->{bounced},    $run->{mails}, "$run->{name}: none is doubled";
    is $sum->{marked},     $run->{mails}, "$run->{name}: each has its state" unless $run->{people};
    for my $host (@{ $self->{hosts} }) {
        $stage->wait_for(120, sub { $host->mta->flush; $host->mta->queue eq '' });
        is $host->mta->queue, '', "$run->{name}: nothing is left in the queue of Postfix";
    }
    my ($status, $text) = Bounce::Ctl->new($stage)->run('check');
    is $status, 0, "$run->{name}: nothing is forgotten" or diag $text;
    return;
}

# --- the mail of others -------------------------------------------------------------------

sub _start_watching {
    my ($self) = @_;
    my $file = $self->{stage}->instance->write_file('innocent', '');
    return Bounce::Process::in_child(sub {
        my $is_over;
        local $SIG{TERM} = sub { $is_over = 1 };
        open my $out, '>', $file or die "$file: $!\n";
        $out->autoflush(1);
        for (my $n = 1; !$is_over; $n++) {
            print $out $self->_send_innocent($_, $n) for sort keys %{ $self->{way} };
            sleep PAUSE;
        }
        POSIX::_exit(0);
    });
}

sub _send_innocent {
    my ($self, $way, $n) = @_;
    my $to    = "$way$n\@innocent-$self->{run}{place}.example";
    my $begun = time;
    my $smtp  = Bounce::SmtpClient->new(port => $self->{way}{$way});
    my ($code, $text) = eval {
        $smtp->send(
            from => 'lunch@example.org',
            to   => [$to],
            mail => "From: lunch\@example.org\nTo: $to\nSubject: lunch\n\nnow?\n"
        );
    };
    return join("\t", $way, $to, $code // 0, time - $begun, ($text // $@) =~ s/\s+/ /gr) . "\n";
}

# (how many, put off in common, apart, the longest time that one took)
sub _audit_innocent {
    my ($self) = @_;
    my ($stage, $run) = @$self{qw(stage run)};
    my @line = map { chomp; [ split /\t/ ] }
        $stage->instance->read_lines($stage->instance->path('innocent'));
    my ($longest) = sort { $b <=> $a } map { $_->[3] } @line;
    my %put_off;
    push @{ $put_off{ $_->[0] } }, $_->[4] for grep { $_->[2] != 250 } @line;
    for my $way (grep { $run->{stops} ne 'all' && $run->{stops} ne $_ } sort keys %{ $self->{way} })
    {
        is_deeply $put_off{$way} // [], [], "$run->{name}: mail of others is never put off ($way)";
    }
    $self->_is_delivered(map { $_->[1] } grep { $_->[2] == 250 } @line);
    return (scalar @line, (map { scalar @{ $put_off{$_} // [] } } qw(common apart)), $longest);
}

# A Postfix that is ended between the reply of the other side and its own note sends again.
sub _is_delivered {
    my ($self,  @address) = @_;
    my ($stage, $run)     = @$self{qw(stage run)};
    my %arrived;
    $arrived{$_}++ for map { @{ $_->{recipients} } } $stage->remote->received;
    is_deeply [ grep { !$arrived{$_} } @address ], [],
        "$run->{name}: what was taken of others has arrived";
    is_deeply [ grep { ($arrived{$_} // 1) > 1 } @address ], [], "$run->{name}: once"
        if $run->{stops} ne 'all';
    return;
}

1;
