# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Inbox;

=head1 NAME

Bounce::Inbox - reports that arrive in the mailbox of a Bounce::Dovecot, and what became of them

=head1 SYNOPSIS

    my $inbox  = Bounce::Inbox->new($stage, $dovecot);
    my $letter = $inbox->arrives('anna');            # a report about a new letter to her
    my @who    = $inbox->several(3);                 # reports about one letter to many people
    is_deeply [ $inbox->lost ], [], 'none is gone that is not recorded';
    is $inbox->recorded, 4;

=head1 PROMISES

A report comes as the provider's MTA puts it there: with Return-Path and Delivered-To.

=cut

use strict;
use warnings;

use constant PEOPLE => 300;

sub new {
    my ($class, $stage, $dovecot) = @_;
    return bless { stage => $stage, dovecot => $dovecot, sent => [] }, $class;
}

# A report about a new letter to NAME; the letter. folder =>, more => what follows in the mail.
sub arrives {
    my ($self, $name, %option) = @_;
    my $letter = $self->{stage}->register(process => 'invoice', to => ["$name\@customer.example"]);
    $self->_put($letter, $letter->{to}[0], %option);
    return $letter;
}

# So many reports about one letter, whose recipients each have a return path and a state; the
# addresses.
sub several {
    my ($self, $count) = @_;
    my $letter = $self->{letter} //= $self->{stage}
        ->register(process => 'invoice', to => [ map {"p$_\@customer.example"} 1 .. PEOPLE ]);
    my @who = @{ $letter->{to} }[ @{ $self->{sent} } .. @{ $self->{sent} } + $count - 1 ];
    $self->_put($letter, $_) for @who;
    push @{ $self->{sent} }, @who;
    return @who;
}

# All of those.
sub sent { my ($self) = @_; return @{ $self->{sent} } }

# Those of them whose report is not in INBOX and not recorded.
sub lost {
    my ($self)  = @_;
    my $inbox   = join '', map { $self->{stage}->instance->read_lines($_) } $self->{dovecot}->mails;
    my %bounced = map { ($_ => 1) } $self->bounced;
    return grep { index($inbox, $_) < 0 && !$bounced{$_} } $self->sent;
}

# The addresses whose report has had its effect.
sub bounced {
    my ($self) = @_;
    return map { $_->{address} } @{ $self->{stage}->db->rows(<<'SQL') };
SELECT address FROM bounce.communication_recipient WHERE state = 'bounced'
SQL
}

sub recorded { my ($self) = @_; return $self->{stage}->count('bounce.bounce_message') }

# How many mails are in there, or in another folder.
sub waiting {
    my ($self, @folder) = @_;
    my @mails = $self->{dovecot}->mails(@folder);
    return scalar @mails;
}

sub _put {
    my ($self, $letter, $who, %option) = @_;
    return $self->{dovecot}->put(
        "Return-Path: <>\nDelivered-To: $letter->{return_path}{$who}\n"
            . $self->{stage}->report('postfix-user-unknown', $letter, recipient => $who)
            . ($option{more} // ''),
        $option{folder});
}

1;
