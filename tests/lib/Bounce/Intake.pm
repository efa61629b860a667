# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Intake;

=head1 NAME

Bounce::Intake - reports that come in by bouncectl intake, where no MTA is needed

=head1 SYNOPSIS

    my $intake = Bounce::Intake->new($stage);
    my $letter = $intake->bounced('anna@customer.example', subject => 'x');
    $intake->take($mail, $letter->{return_path}{'anna@customer.example'});

=head1 PROMISES

It reads the one rule that most reports need: all of them take a while to read.

=cut

use strict;
use warnings;
use Bounce::Ctl;

sub new {
    my ($class, $stage) = @_;
    my $rules = $stage->instance->make_dir('few-rules');
    $stage->instance->write_file('few-rules/10.rules',
              "[address.unknown]\nreason = user_unknown\nmatch = user unknown in virtual\n"
            . "example = User unknown in virtual mailbox table\n");
    return bless {
        stage => $stage,
        ctl   => Bounce::Ctl->new($stage, role => 'bounce_milter'),
        rules => $rules
    }, $class;
}

sub ctl   { return $_[0]{ctl} }
sub rules { return $_[0]{rules} }

# A mail to that address: (status, output). all_rules => 1: judged by those that are shipped.
sub take {
    my ($self, $mail, $to, %option) = @_;
    my @rules = $option{all_rules} ? () : ('--rules', $self->{rules});
    return $self->{ctl}
        ->run({ input => $mail }, 'intake', @rules, '--sendmail', '/bin/true', '--to', $to);
}

# A letter to that address, whose report was taken. change: sub of the bytes of the report; the rest
# is for register() of Bounce::Stage.
sub bounced {
    my ($self, $address, %option) = @_;
    my $change = delete $option{change} // sub { $_[0] };
    my $letter = $self->{stage}->register(process => 'invoice', to => [$address], %option);
    $self->take($change->($self->{stage}->report('postfix-user-unknown', $letter)),
        $letter->{return_path}{$address});
    return $letter;
}

1;
