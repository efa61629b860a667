# SPDX-License-Identifier: BSD-2-Clause
# bouncectl metrics: every figure of what has happened, in the format of Prometheus; and what alert
# rules and board ask for is there. tests/monitor/prometheus.t asks a real Prometheus.
use Bounce::Ctl;
use Bounce::Dovecot;
use Bounce::Fetch;
use Bounce::Test;

# Counters begin anew at midnight (UTC): not while they are looked at.
sleep 1 while time % 86_400 >= 86_400 - 300;

my $stage = stage();
my $db    = $stage->db;
my $ctl   = Bounce::Ctl->new($stage, role => 'bounce_milter');
my $tree  = Bounce::Instance::tree();
my $instance = $stage->instance;

$db->sql(<<'END');
INSERT INTO bounce.process (name, description) VALUES ('in"voice', '') ON CONFLICT DO NOTHING;
INSERT INTO bounce.delivery_server (name, problem, problem_since, failures, probe_at)
VALUES ('re\lay.test:587', 'AUTH refused', now(), 1, now());
SELECT bounce.submit_communication('in"voice', '{q@customer.example}', 'billing@example.org',
                                   'x', 'Hello');
END
my $text = $ctl->output('metrics');
unlike $text, qr/GLib/, 'without a configuration file nothing is complained about';
my %line = map { /^([^#].*) (\S+)$/ ? ($1 => $2) : () } split /\n/, $text;

is $line{'bounce_queue_communications{process="in\"voice",state="due"}'}, 1, 'the queue, escaped';
is $line{'bounce_delivery_server_up{server="re\\\\lay.test:587"}'}, 0, 'a server that is down';
is $line{'bounce_tasks_open{kind="hard_bounce"}'}, 0, 'no task, and the figure says so';
is $line{'bounce_webhook_events{state="dead"}'}, 0, 'no event was given up';
is $line{bounce_webhook_oldest_seconds}, 0, 'nor waits';
is $line{'bounce_operator_copies{state="waiting"}'}, 0, 'nor a letter for the operator';
is $line{bounce_operator_copy_oldest_seconds}, 0, 'of any age';
is $line{bounce_unpartitioned_rows},               0, 'no row without a partition';
cmp_ok $line{bounce_partition_ahead_seconds}, '>', 0, 'partitions are made ahead';
my (undef, $said_version) = $instance->run([ $ctl->{program}, '--version' ], may_fail => 1);
my ($version) = $said_version =~ /^bouncectl (\d+\.\d+\.\d+\S*)$/;
like $text, qr/^bounce_build_info\{version="\Q$version\E"\} 1$/m, 'the version that we tell';
ok !exists $line{bounce_last_report_timestamp_seconds}, 'no report: no figure';
is $line{bounce_database_up}, 1, 'the database is there';
cmp_ok time - $line{bounce_metrics_timestamp_seconds}, '<', 60, 'when they were told';
is $line{bounce_standbys}, 0, 'no standby';
is $line{'bounce_recipients_sent_total{process="receipt"}'}, 0, 'nothing is sent, and counted';
is $line{'bounce_recipients_failed_total{process="receipt"}'}, 0, 'nor has failed';

my $letter = $stage->register(process => 'invoice', to => ['m1@customer.example']);
my ($status, $said) = $ctl->run({ input => $stage->report('postfix-user-unknown', $letter) },
    'intake', '--to', $letter->{return_path}{'m1@customer.example'});
is $status, 0, 'a bounce' or diag $said;
$letter = $stage->register(process => 'receipt', to => ['m2@customer.example']);
is code_of($stage->bounce('postfix-user-unknown', $letter)), 250, 'one through bounce-milter';
my @with = ('-c', $stage->daemon->conf);
$stage->wait_for(
    60,
    sub {
        $text = $ctl->output('metrics', @with);
        $text =~ /^bounce_milter_answers_total\{answer="discarded"\} 1$/m;
    });
like $text, qr/^bounce_milter_answers_total\{answer="discarded"\}\ 1\n
    bounce_milter_answers_total\{answer="accepted"\}\ 0$/mx, 'its answers';
for my $what (qw(read record answer)) {
    like $text, qr/^bounce_milter_${what}_seconds_bucket\{le="\+Inf"\} 1$/m, "the time: $what";
    cmp_ok $text =~ /^bounce_milter_${what}_seconds_sum (\S+)$/m ? $1 : 0, '>', 0, '... is known';
}
like $text, qr/^bounce_milter_pool_open 1$/m, 'its connections';
like $text,
    qr/^bounce_reports_total\{class="hard",reason="user_unknown",process="invoice",
        trust="token"\}\ 1$/mx,
    'is counted by class, reason, process and trust';
like $text, qr/^bounce_messages_total\{source="stdin",kind="dsn"\} 1$/m, 'as a message, too';
like $text, qr/^bounce_recipients_${_}_total\{process="receipt"\} 1$/m, "one was $_"
    for qw(sent failed);

# A delay is no failure, and a second report of one is none more.
is code_of($stage->bounce('postfix-delay', $letter)), 250, 'a delay of it';
is code_of($stage->bounce('exchange-mailbox-full', $letter)), 250, 'another failure';
like $ctl->output('metrics'), qr/^bounce_recipients_failed_total\{process="receipt"\} 1$/m,
    'a recipient fails once';

subtest 'follow-ups, and housekeeping' => sub {
    my $of = sub {
        return join '', grep {/^bounce_(?:follow_up|housekeeping)/} split /^/,
            $ctl->output('metrics');
    };
    like $of->(), qr/^bounce_follow_ups_open\{kind="hard_bounce"\} 0$/m, 'no follow-up';
    unlike $of->(), qr/housekeeping/, 'housekeeping has not been';
    $stage->parameter(follow_up => 'on');
    my $failed_one = $stage->register(process => 'receipt', to => ['m5@customer.example']);
    is code_of($stage->bounce('postfix-user-unknown', $failed_one)), 250, 'a bounce';
    $stage->parameter(follow_up => 'off');
    $db->sql(q(UPDATE bounce.follow_up SET created_at = now() - interval '1 hour'));
    like $of->(), qr/^bounce_follow_ups_open\{kind="hard_bounce"\} 1$/m, 'one is open';
    my $oldest = qr/^bounce_follow_up_oldest_seconds\{kind="hard_bounce"\}/m;
    like $of->(), qr/$oldest 3[67]\d\d/, 'since an hour';
    $db->sql(q(UPDATE bounce.follow_up SET status = 'done', finished_at = now()));
    like $of->(), qr/$oldest 0$/m, 'it is done';
    my $times = sub { map { $of->() =~ /^bounce_housekeeping_${_}_timestamp_seconds (\S+)$/m } @_ };
    $ctl->output('housekeeping');
    my ($began, $ended) = $times->(qw(began ended));
    cmp_ok $began, '<=', $ended, 'it has begun, and come to its end';
    cmp_ok time - $began, '<', 600, 'now';
    $db->sql('ALTER TABLE bounce.token_key RENAME TO hidden_key');
    my ($failed) = $ctl->run('housekeeping');
    $db->sql('ALTER TABLE bounce.hidden_key RENAME TO token_key');
    isnt $failed, 0, 'it fails';
    my ($again, $still) = $times->(qw(began ended));
    cmp_ok $again, '>', $began, 'which it shows by having begun';
    is $still, $ended, 'and not ended';
};

subtest 'mailboxes' => sub {
    plan skip_all => 'Dovecot is needed' unless Bounce::Dovecot->is_known;
    my $dovecot = Bounce::Dovecot->start($instance);
    my $fetch   = Bounce::Fetch->new($stage);
    my @reach   = (port => $dovecot->port('imaps'),
        tls_ca_file => $dovecot->certificate);
    $fetch->mailbox('good',     @reach);
    $fetch->mailbox('part"s',   @reach, folders => 'Nowhere');
    $fetch->mailbox('silent',   @reach, port => $instance->free_port);
    $fetch->mailbox('stranger', @reach, password => 'wrong');
    my $letter = $stage->register(process => 'receipt', to => ['m6@customer.example']);
    $dovecot->put("Return-Path: <>\nDelivered-To: $letter->{return_path}{ $letter->{to}[0] }\n"
            . $stage->report('postfix-user-unknown', $letter));
    $fetch->start;
    my @fetch  = ('--fetch', $fetch->metrics);
    my $figure = sub {
        my ($name, $mailbox) = @_;
        my $label = $mailbox =~ s/"/\\"/r;
        return $ctl->output('metrics', @fetch)
            =~ /^bounce_fetch_$name\{mailbox="\Q$label\E"\} (\S+)$/m ? $1 : undef;
    };
    $stage->wait_for(60, sub { $figure->('mailbox_up', 'good') });
    is $figure->('mailbox_up', 'good'), 1, 'one that can be read';
    cmp_ok time - $figure->('last_look_timestamp_seconds', 'good'), '<', 600, 'just now';
    $stage->wait_for(60, sub { $figure->('failures_total', 'part"s') });
    is $figure->('mailbox_up', 'part"s'), 0, 'one that lacks a folder';
    for my $name (qw(silent stranger)) {
        is $figure->('mailbox_up', $name), 0, "one that cannot be read: $name";
        is $figure->('last_look_timestamp_seconds', $name), 0, 'never has been';
    }
    $stage->wait_for(60, sub { $figure->('mails_total', 'good') });
    is $figure->('mails_total', 'good'), 1, 'a mail was read';
    my $all = $ctl->output('metrics', @with, @fetch);
    $text .= join '', grep {/bounce_fetch_/} split /^/, $all;
    $dovecot->stop;
    $stage->wait_for(60, sub { !$figure->('mailbox_up', 'good') });
    is $figure->('mailbox_up', 'good'), 0, 'its server is gone';
    ok $fetch->stop, 'it stops';
    unlike $ctl->output('metrics', @fetch), qr/bounce_fetch_/, 'and its figures go with it';
};

# Half a day may have passed before anybody asks.
subtest 'more than is counted at a time' => sub {
    $db->sql( 'DELETE FROM bounce.counted_today;'
            . "SELECT setval('bounce.bounce_message_id_seq', 100000)");
    $ctl->output('metrics');
    is $db->value(
        "SELECT last_id FROM bounce.counted_today WHERE what = 'bounce_message'"), 100_000,
        'is counted by one call';
    like $ctl->output('metrics'), qr/^bounce_messages_total\{source="stdin",kind="dsn"\} 1$/m,
        'once';
};

# A monitor that finds nothing at midnight would lose the first bounce of each day.
subtest 'the next day' => sub {
    my @of = qw(bounce_reports_total bounce_messages_total bounce_recipients_sent_total
        bounce_recipients_failed_total);
    my $series = sub {
        my ($at, $what) = @_;
        return $db->value(<<"END", names => "{@{[join ',', @of]}}");
SELECT $what FROM bounce.metrics($at) AS m WHERE m.name = ANY (:'names')
END
    };
    my ($today, $tomorrow) = map { $series->($_, "string_agg(m.name || m.labels, ' ')") } 'now()',
        "now() + interval '1 day'";
    is $tomorrow, $today, 'they are all there';
    is $series->("now() + interval '1 day'", 'sum(m.value)'), 0, 'and begin with 0';
};
cmp_ok $text =~ /^bounce_last_report_timestamp_seconds (\S+)$/m ? time - $1 : 1e9, '<', 600,
    'and is the last report';
is_deeply [
    grep {
        !/^(?:\#\ (?:HELP|TYPE)\ \w+\ .+
            |\w+(?:\{\w+="(?:[^"\\]|\\.)*"(?:,\w+="(?:[^"\\]|\\.)*")*\})?\ [-\d.e+]+)$/x
    } split /\n/,
    $text
    ],
    [], 'every line is of the format';
my @type = $text =~ /^# TYPE (\w+) /mg;
is_deeply [ sort @type ], [ sort keys %{ { map { $_ => 1 } @type } } ], 'each name once';

subtest 'rules and board' => sub {
    my %known = map { $_ => 1 } @type, $text =~ /^(\w+_bucket)\{/mg,
        $ctl->output('metrics') =~ /^# TYPE (\w+) /mg;
    for my $file ('etc/prometheus/bounce-milter.rules.yml', 'etc/grafana/bounce-milter.json') {
        my @asked = join('', $stage->instance->read_lines("$tree/$file")) =~ /\b(bounce_\w+)\b/g;
        cmp_ok scalar @asked, '>', 8, "$file asks for figures";
        is_deeply [ grep { !$known{$_} } @asked ], [], 'which are all there';
    }
};

subtest 'while the database is away' => sub {
    my $path = $stage->instance->path('away.prom');
    $ctl->output('metrics', @with, '--output', $path);
    my $reads = sub { join '', $stage->instance->read_lines($path) };
    like $reads->(), qr/^bounce_blocked_addresses /m, 'there are figures';
    $db->stop;
    my ($code, $words) = $ctl->run('metrics', @with, '--output', $path);
    is $code, 75, 'exit status';
    like $words, qr/^bouncectl metrics: .*connect/m, 'why';
    like $reads->(), qr/^bounce_database_up 0$/m, 'the figures say so';
    unlike $reads->(), qr/bounce_blocked_addresses/, 'those of before are gone';
    like $reads->(), qr/^bounce_milter_pool_size /m,        'those of the milter are not';
    like $reads->(), qr/^bounce_build_info\{version=/m, 'nor is the version';
    ($code, $words) = $ctl->run('metrics', '--json');
    is $code, 75, 'as JSON there is none';
    unlike $words, qr/^\{/m, 'of either';
    $db->restart;
};

subtest 'the figures of the milter' => sub {
    my $path = $stage->instance->path('milter/metrics');
    is sprintf('%o', (stat $path)[2] & 0777), '644', 'for every account';
    ok $stage->daemon->stop, 'it stops';
    ok !-e $path, 'and its figures go with it';
    unlike $ctl->output('metrics', @with), qr/bounce_milter_/, 'none are better than old ones';
};

subtest 'a file' => sub {
    my $path = $stage->instance->path('bounce.prom');
    umask 0077;
    $ctl->output('metrics', '--output', $path);
    like join('', $stage->instance->read_lines($path)), qr/^bounce_schema_version \d+$/m, 'written';
    is sprintf('%o', (stat $path)[2] & 0777), '644', 'for every account, whatever the umask';
    ($status) = $ctl->run('metrics', '--output', '/nonexistent/x');
    is $status, 1, 'one that cannot be written';
};

finish();
