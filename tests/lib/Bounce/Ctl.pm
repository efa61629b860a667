# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Ctl;

=head1 NAME

Bounce::Ctl - bouncectl as a person calls it

=head1 SYNOPSIS

    my $ctl = Bounce::Ctl->new($stage);                  # with the rights of bounce_admin
    my ($status, $output) = $ctl->run('task', 'show', 5);
    my @objects = $ctl->json('tasks'); # decoded, one a line; dies when it is no JSON
    my $text = $ctl->on_terminal(80, 'tasks');           # what a terminal of 80 columns gets

=cut

use strict;
use warnings;
use JSON::PP;

# new($stage, role => ROLE, settings => '-c NAME=VALUE')
sub new {
    my ($class, $stage, %option) = @_;
    my $role     = $option{role} // 'bounce_admin';
    my $settings = $option{settings} // '';
    return bless {
        stage    => $stage,
        program  => $stage->daemon->program('bouncectl'),
        conninfo => $stage->db->conninfo . " options='-c role=$role $settings'",
    }, $class;
}

sub command {
    my ($self, @argument) = @_;
    return ($self->{program}, @argument, '--conninfo', $self->{conninfo});
}

# (status, stdout and stderr together); input => TEXT, env => {...} before the words.
sub run {
    my ($self, @argument) = @_;
    my %option = ref $argument[0] ? %{ shift @argument } : ();
    return $self->{stage}->instance->run(
        [ $self->command(@argument) ],
        may_fail => 1,
        env      => { LC_ALL => 'C.UTF-8' },
        %option
    );
}

# The output; dies when it fails.
sub output {
    my ($self,   @argument) = @_;
    my ($status, $output)   = $self->run(@argument);
    die "bouncectl @argument: $status\n$output" if $status != 0;
    return $output;
}

sub json {
    my ($self, @argument) = @_;
    return map { JSON::PP->new->utf8->decode($_) } split /\n/, $self->output(@argument, '--json');
}

# script(1) makes the terminal.
sub on_terminal {
    my ($self, $width, @argument) = @_;
    my $line = join ' ', map { s/'/'\\''/gr =~ s/(.*)/'$1'/sr } $self->command(@argument);
    my (undef, $output) = $self->{stage}->instance->run(
        [ 'script', '-qec', "stty cols $width rows 50; $line", '/dev/null' ],
        may_fail => 1,
        env      => { LC_ALL => 'C.UTF-8', NO_COLOR => '', TERM => 'xterm' });
    utf8::decode($output);
    return $output =~ s/\r\n/\n/gr;
}

1;
