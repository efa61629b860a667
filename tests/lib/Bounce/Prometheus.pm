# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Prometheus;

=head1 NAME

Bounce::Prometheus - Debian's Prometheus and node_exporter, reading what bouncectl metrics writes

=head1 SYNOPSIS

    my $prometheus = Bounce::Prometheus->new($instance);
    $prometheus->start(rules => $file, write => sub { my ($path) = @_; ... });
    my $series = $prometheus->query('bounce_schema_version');    # [{metric, value}]; undef: a fault
    my @alerts = $prometheus->firing;

=head1 PROMISES

The programs are those of the folder PROMETHEUS; none of them is installed. C<write> is called each
second to write the file that node_exporter reads, and Prometheus reads node_exporter each second.

=cut

use strict;
use warnings;
use JSON::PP;
use Time::HiRes qw(sleep);

use constant FILE => 'textfiles/bounce.prom';

sub new {
    my ($class, $instance) = @_;
    return bless { instance => $instance, programs => $ENV{PROMETHEUS} // '/usr/bin' }, $class;
}

# (status, what it said)
sub promtool {
    my ($self, @argument) = @_;
    return $self->{instance}->run([ "$self->{programs}/promtool", @argument ], may_fail => 1);
}

sub start {
    my ($self, %option) = @_;
    my $instance = $self->{instance};
    my $folder   = $instance->make_dir('textfiles');
    my %address  = map { ($_ => '127.0.0.1:' . $instance->free_port) } qw(exporter prometheus);
    my $path     = $instance->path(FILE);
    $instance->start(
        name => 'writer',
        code => sub {
            while (1) { $option{write}->($path); sleep 1 }
        });
    $instance->start(
        name    => 'node_exporter',
        command => [
            "$self->{programs}/prometheus-node-exporter",
            qw(--collector.disable-defaults --collector.textfile),
            "--collector.textfile.directory=$folder",
            "--web.listen-address=$address{exporter}"
        ]);
    my $conf = $instance->write_file('prometheus.yml', <<"END");
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$option{rules}]
scrape_configs:
  - job_name: node
    static_configs: [{targets: ['$address{exporter}']}]
END
    $instance->start(
        name    => 'prometheus',
        command => [
            "$self->{programs}/prometheus",
            "--config.file=$conf",
            "--web.listen-address=$address{prometheus}",
            '--storage.tsdb.path=' . $instance->path('tsdb'),
            '--log.level=warn'
        ]);
    $self->{url} = "http://$address{prometheus}";
    return $self;
}

# The series that an expression has now.
sub query {
    my ($self,   $expression) = @_;
    my ($status, $said) = $self->promtool(qw(query instant -o json), $self->{url}, $expression);
    return $status == 0 ? JSON::PP->new->decode($said =~ s/\A[^\[{]*//r) : undef;
}

# The names of the alerts.
sub firing {
    my ($self) = @_;
    my $series = $self->query('count by (alertname) (ALERTS{alertstate="firing"})') // [];
    return sort map { $_->{metric}{alertname} } @$series;
}

1;
