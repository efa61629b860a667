# SPDX-License-Identifier: BSD-2-Clause
# make check-monitor: Debian's own Prometheus takes the alert rules, raises each alert when it
# should and none when all is well, reads through node_exporter what bouncectl metrics writes, and
# answers every query of the Grafana board. What raises an alert in truth: alerts.t.
use Bounce::Ctl;
use Bounce::Fetch;
use Bounce::Prometheus;
use Bounce::Test;
use JSON::PP;

my $stage      = stage();
my $instance   = $stage->instance;
my $ctl        = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $tree       = Bounce::Instance::tree();
my $prometheus = Bounce::Prometheus->new($instance);
my $rules      = "$tree/etc/prometheus/bounce-milter.rules.yml";

sub promtool {
    my ($name,   @argument) = @_;
    my ($status, $said)     = $prometheus->promtool(@argument);
    is $status, 0, $name or diag $said;
    return;
}

promtool('the rules are rules', qw(check rules), $rules);
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

my $fetch = Bounce::Fetch->new($stage);
$fetch->mailbox('away', host => '127.0.0.1', port => $instance->free_port);
$fetch->start;
$ctl->output('housekeeping');

my @metrics = ('metrics', '-c', $stage->daemon->conf, '--fetch', $fetch->metrics);
$prometheus->start(rules => $rules, write => sub { $ctl->run(@metrics, '--output', $_[0]) });
my $query = sub { $prometheus->query(@_) };
ok $instance->wait_for(120,
    sub { @{ $query->('count_over_time(bounce_milter_pool_size[1m]) > 2') // [] } }),
    'Prometheus reads what bouncectl writes';
is_deeply [ map { $_->{value}[1] } @{ $query->('node_textfile_scrape_error') } ], [0],
    'node_exporter finds no fault in it';

# --- the board ------------------------------------------------------------------------------
# What has no row here: nothing of it is in a database without standby, a rate needs a change, and
# no mailbox can be read.
my $may_be_empty = qr/standby|rate\(|increase\(|last_look/;
my $board = JSON::PP->new->decode(join '',
    $instance->read_lines("$tree/etc/grafana/bounce-milter.json"));
for my $panel (@{ $board->{panels} }) {
    for my $target (@{ $panel->{targets} }) {
        my $expression = $target->{expr};
        my $answer     = $query->($expression);
        ok defined $answer, "$panel->{title}: $expression";
        ok $answer && @$answer, '... has an answer' if $expression !~ $may_be_empty;
    }
}

# --- what is told, and shown nowhere --------------------------------------------------------------
my $watched = join ' ', $instance->read_lines($rules),
    map { $_->{expr} } map { @{ $_->{targets} // [] } } @{ $board->{panels} };
my %is_detail = map { ($_ => 1) } (
    'bounce_milter_pool_open',             # between those in use and the most there may be
    'bounce_milter_start_time_seconds',    # a restart shows in every counter
    'bounce_fetch_start_time_seconds',
);
my @unwatched = grep { !$is_detail{$_} && $watched !~ /\b$_(?:_bucket|_sum|_count)?\b/ }
    $ctl->output(@metrics) =~ /^# TYPE (\S+)/mg;
is "@unwatched", '', 'each figure is on the board or in an alert';

is_deeply [ $prometheus->firing ], [], 'no alert';

finish();
