# SPDX-License-Identifier: BSD-2-Clause
# make check-monitor: Debian's own Prometheus takes the alert rules, raises each alert when it
# should and none when all is well, reads what bouncectl metrics prints, and answers every query of
# the Grafana board. PROMETHEUS names the folder of the programs.
use Bounce::Ctl;
use Bounce::Test;
use IO::Socket::INET;
use JSON::PP;

my $programs = $ENV{PROMETHEUS} // '/usr/bin';
my $stage    = stage();
my $instance = $stage->instance;
my $ctl      = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $tree     = Bounce::Instance::tree();

sub promtool {
    my ($name, @argument) = @_;
    my ($status, $said) = $instance->run([ "$programs/promtool", @argument ], may_fail => 1);
    is $status, 0, $name or diag $said;
    return $said;
}

promtool('the rules are rules', qw(check rules), "$tree/etc/prometheus/bounce-milter.rules.yml");
promtool('each alert in its time, and none else',
    qw(test rules), "$tree/tests/monitor/rules.test.yml");

# --- what is to be read: of each kind something -------------------------------------------
my $letter = $stage->register(process => 'invoice', to => ['m1@customer.example']);
$ctl->run({ input => $stage->report('postfix-user-unknown', $letter) },
    'intake', '--to', $letter->{return_path}{'m1@customer.example'});
$stage->db->sql(<<'END');
SELECT bounce.submit_communication('invoice', '{q@customer.example}', 'billing@example.org',
                                   'x', 'Hello');
INSERT INTO bounce.delivery_server (name) VALUES ('relay.example:587');
END

$stage->bounce('postfix-user-unknown',
    $stage->register(process => 'invoice', to => ['m2@customer.example']));

# An HTTP server with one answer, as node_exporter has with its text files.
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die "listen: $!\n";
my $text     = $ctl->output('metrics', '-c', $stage->daemon->conf);
my $exporter = fork // die "fork: $!\n";
if ($exporter == 0) {
    while (my $client = $listener->accept) {
        while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
        print $client "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n$text";
        close $client;
    }
    exit 0;
}
my $free = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "listen: $!\n";
my $port = $free->sockport;
close $free;
my $conf = $instance->write_file('prometheus.yml', <<"END");
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$tree/etc/prometheus/bounce-milter.rules.yml]
scrape_configs:
  - job_name: bounce
    static_configs: [{targets: ['127.0.0.1:${\$listener->sockport}']}]
END
my $prometheus = fork // die "fork: $!\n";
if ($prometheus == 0) {
    my $log = $instance->path('prometheus.log');
    open STDERR, '>', $log or die "$log: $!\n";
    exec "$programs/prometheus", "--config.file=$conf", "--web.listen-address=127.0.0.1:$port",
        '--storage.tsdb.path=' . $instance->path('tsdb'), '--log.level=warn'
        or die "prometheus: $!\n";
}
END { kill 'KILL', grep { defined } $exporter, $prometheus }

sub query {
    my ($expression) = @_;
    my ($status, $said)
        = $instance->run(
        [ "$programs/promtool", qw(query instant -o json), "http://127.0.0.1:$port", $expression ],
        may_fail => 1);
    return $status == 0 ? JSON::PP->new->decode($said =~ s/\A[^\[{]*//r) : undef;
}
my $is_read = sub { @{ query('count_over_time(bounce_schema_version[1m]) > 2') // [] } };
ok $instance->wait_for(60, $is_read),
    'Prometheus reads what bouncectl prints';

# --- the board ------------------------------------------------------------------------------
# What has no row here: nothing of it is in a database without standby, and a rate needs a change.
my $may_be_empty = qr/standby|rate\(|increase\(/;
my $board = JSON::PP->new->decode(join '',
    $instance->read_lines("$tree/etc/grafana/bounce-milter.json"));
for my $panel (@{ $board->{panels} }) {
    for my $target (@{ $panel->{targets} }) {
        my $expression = $target->{expr};
        my $answer     = query($expression);
        ok defined $answer, "$panel->{title}: $expression";
        ok $answer && @$answer, '... has an answer' if $expression !~ $may_be_empty;
    }
}

# --- what is told, and shown nowhere --------------------------------------------------------------
my $watched = join ' ', $instance->read_lines("$tree/etc/prometheus/bounce-milter.rules.yml"),
    map { $_->{expr} } map { @{ $_->{targets} // [] } } @{ $board->{panels} };
my %is_detail = map { ($_ => 1) } (
    'bounce_milter_pool_open',             # between those in use and the most there may be
    'bounce_milter_start_time_seconds',    # a restart shows in every counter
);
my @unwatched = grep { !$is_detail{$_} && $watched !~ /\b$_(?:_bucket|_sum|_count)?\b/ }
    $text =~ /^# TYPE (\S+)/mg;
is "@unwatched", '', 'each figure is on the board or in an alert';

my $alerts = query('ALERTS{alertname="BounceMetricsMissing"}');
is_deeply $alerts, [], 'no alert that figures are missing';

finish();
