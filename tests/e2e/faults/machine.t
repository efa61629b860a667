# SPDX-License-Identifier: BSD-2-Clause
# What an administrator does to the machine, the database and the files of the daemons while they
# run. Each row: a bounce that comes meanwhile is recorded or put off, never lost, and ordinary mail
# passes; the log says what to do; once it is mended, bounces are recorded and mails are sent again,
# by daemons that nobody has started anew.
use Bounce::Delivery;
use Bounce::Faults;
use Bounce::SmallDisk;
use Bounce::Test;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Time::HiRes qw(sleep);

use constant MENDED => 90;    # seconds until everything works again

my %daemon = (pool_wait => 1, query_wait => 3, rules_dir => '');
my $stage  = stage(servers => 0);
$stage->daemon->set(%daemon, rules_dir => $stage->one_rule);
my $instance = $stage->instance;
my $db       = $stage->db;
my $account  = Bounce::Daemon::ACCOUNT;
my $admin    = { dbname => 'postgres' };
$stage->{postfix} = { lifetime => 600 };
$stage->start_servers;
my $daemon = $stage->daemon;
my $worker = Bounce::Delivery->new(
    $instance, $db,
    name       => 'worker',
    server     => '127.0.0.1:' . $stage->mta->port,
    query_wait => 3
)->start;
my $count = 0;

sub other_database { my (@script) = @_; return $db->sql(join('', @script), %$admin) }

sub end_backends {
    return other_database(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$account';\n");
}

# A mail that was sent, and its report as somebody else's server hands it in.
sub letter {
    my $address = 'gone' . ++$count . '@customer.example';
    return $stage->register(process => 'invoice', to => [$address]);
}

sub report_code {
    my ($letter) = @_;
    my ($code) = eval { $stage->bounce('postfix-user-unknown', $letter) };
    return $code // 0;
}

sub innocent_code {
    my $to = 'lunch' . ++$count . '@innocent.example';
    my ($code) = eval {
        $stage->smtp->send(
            from => 'lunch@example.org',
            to   => [$to],
            mail => "From: lunch\@example.org\nTo: $to\nSubject: lunch\n\nnow?\n"
        );
    };
    return $code // 0;
}

sub log_size { return -s $instance->path('log/bounce-milter.log') }

sub log_since {
    my ($offset) = @_;
    open my $file, '<', $instance->path('log/bounce-milter.log') or die "no log: $!\n";
    seek $file, $offset, 0;
    local $/;
    return <$file> // '';
}

# break, mend: subs; code: what a bounce is answered meanwhile; log: what the milter says; stops:
# ordinary mail is put off, too; restarts: the milter is started anew; long: for LONG only.
sub row {
    my ($name, %row) = @_;
    my $offset = log_size();
    my ($pid, $worker_pid) = map { $instance->pid($_) } qw(bounce-milter worker);
    my @letter = map { letter() } 1 .. 3;
    $row{break}->();
    my $code = report_code($letter[0]);
    like $code, $row{code}, "$name: a bounce meanwhile";
    is innocent_code(), 250, "$name: ordinary mail passes" unless $row{stops};
    $row{meanwhile}->() if $row{meanwhile};
    $row{mend}->();
    my $mail;
    is_soon(
        sub {
            eval { $mail = $worker->submit(to => [ 'good' . ++$count . '@sent.example' ]); 1 } // 0;
        },
        1,
        "$name: a mail is handed over"
    );
    is_soon(sub { report_code($letter[0]) }, 250, "$name: it is taken afterwards");
    is_soon(sub { report_code($letter[1]) }, 250, "$name: and the next");
    is scalar(map { $stage->bounces($_) } @letter[ 0, 1 ]), 2, "$name: each is recorded once";
    is innocent_code(), 250, "$name: ordinary mail afterwards";
    is $worker->wait_for_state($mail, 'SUCCESS', MENDED)->{state}, 'SUCCESS',
        "$name: and it is sent";
    like log_since($offset), $row{log}, "$name: the log says so" if $row{log};
    is_deeply [ map { $instance->pid($_) } qw(bounce-milter worker) ], [ $pid, $worker_pid ],
        "$name: by the same processes"
        unless $row{restarts};
    return;
}

my @row = (
    'database renamed' => {
        break => sub {
            other_database("ALTER DATABASE bounce ALLOW_CONNECTIONS false;\n");
            end_backends();
            other_database("ALTER DATABASE bounce RENAME TO elsewhere;\n");
        },
        mend => sub {
            other_database("ALTER DATABASE elsewhere RENAME TO bounce;\n",
                "ALTER DATABASE bounce ALLOW_CONNECTIONS true;\n");
        },
        code => qr/^451$/,
        log  => qr/database "bounce" does not exist/,
    },
    'database dropped, and restored from its dump' => {
        long => 1,
        break => sub {
            my $dump = $instance->path('dump.sql');
            $instance->run([ 'pg_dump', '-d', $db->conninfo, '-f', $dump ]);
            other_database("DROP DATABASE bounce WITH (FORCE);\n");
        },
        mend => sub {
            other_database("CREATE DATABASE bounce;\n");
            sleep 3;    # long enough to be seen empty
            $instance->run(
                [ 'psql', '-XqAt', '-d', $db->conninfo, '-f', $instance->path('dump.sql') ]);
        },
        code => qr/^451$/,
        log  => qr/database "bounce" does not exist/,
    },
    'password changed' => {
        break => sub {
            other_database("ALTER ROLE $account PASSWORD 'new';\n");
            $db->let_in_by_password($account);
            end_backends();
        },
        mend => sub { $db->let_in('peer map=private', $account); $db->sql("SELECT 1;\n") },
        code => qr/^451$/,
        log  => qr/no password supplied/,
    },
    'all connections used up' => {
        long => 1,
        break => sub {
            other_database("ALTER ROLE $account CONNECTION LIMIT 0;\n");
            end_backends();
        },
        mend => sub { other_database("ALTER ROLE $account CONNECTION LIMIT -1;\n") },
        code => qr/^451$/,
        log  => qr/too many connections for role/,
    },
    'rights revoked' => {
        break => sub {
            $db->sql("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA bounce FROM bounce_milter, "
                    . "bounce_delivery;\n");
        },
        mend => sub {
            is code_of($daemon->bouncectl('db', 'migrate', '--conninfo', $db->conninfo)), 0,
                'bouncectl db migrate';
        },
        code => qr/^451$/,
        log  => qr/permission denied .*"bouncectl db migrate" gives the roles theirs back/,
    },
    'membership revoked' => {
        long => 1,
        break => sub { $db->sql("REVOKE bounce_milter, bounce_delivery FROM $account;\n") },
        mend  => sub { $db->sql("GRANT bounce_milter, bounce_delivery TO $account;\n") },
        code  => qr/^451$/,
        log   => qr/permission denied .*"bouncectl db create" the accounts their roles/,
    },
    'server on another port' => {
        long => 1,
        break => sub {
            other_database("ALTER SYSTEM SET port = 5439;\n");
            $db->stop;
            $instance->start(
                name    => 'elsewhere',
                command => [ "$db->{bin}/postgres", '-D', $db->data ],
                user    => $instance->server_user,
                signal  => 'INT'
            );
        },
        mend => sub {
            $instance->stop_server('elsewhere');
            unlink $db->data . '/postgresql.auto.conf';
            $db->restart;
        },
        code => qr/^451$/,
        log  => qr/connection to server .* failed/,
    },
    'limits of time at the role' => {
        long => 1,
        break => sub {
            $db->sql("ALTER ROLE $account SET statement_timeout = '1ms';\n"
                    . "ALTER ROLE $account SET idle_in_transaction_session_timeout = '1ms';\n");
            end_backends();
        },
        mend => sub { $db->sql("ALTER ROLE $account RESET ALL;\n"); end_backends() },
        code => qr/^(?:250|451)$/,
    },
    'everything read-only' => {
        break => sub {
            other_database("ALTER SYSTEM SET default_transaction_read_only = on;\n",
                "SELECT pg_reload_conf();\n");
            # a new session has it once the others have been told
            $stage->wait_for(60,
                sub { $db->value('SHOW default_transaction_read_only') eq 'on' });
        },
        mend => sub {
            other_database("SET default_transaction_read_only = off;\n",
                "ALTER SYSTEM RESET default_transaction_read_only;\n",
                "SELECT pg_reload_conf();\n");
        },
        code => qr/^451$/,
        log  => qr/read-only transaction/,
    },
    'state folder closed' => {
        break => sub {
            my $folder = $instance->path('milter');
            unlink "$folder/parameters";
            mkdir "$folder/parameters";
            $stage->parameter(guard_minimum => 7);
        },
        mend => sub { rmdir $instance->path('milter/parameters') },
        code => qr/^250$/,
        log  => qr/state_file: .*/,
    },
    'socket removed' => {
        break => sub { unlink $daemon->{socket} },
        mend  => sub {    # as a service manager does
            ok $stage->wait_for(60, sub { !$instance->is_alive('bounce-milter') }),
                'the milter ends by itself';
            $daemon->start;
        },
        code     => qr/^(?:250|451)$/,
        log      => qr/error: socket: somebody has removed or replaced "unix:.*ending/,
        stops    => 1,
        restarts => 1,
    },
);
while (my ($name, $row) = splice @row, 0, 2) {
    row($name, %$row) if Bounce::Faults::LONG || !$row->{long};
}

# --- how it is started ------------------------------------------------------------------------

# Nothing below is about a slow database.
$daemon->set(pool_wait => 30, query_wait => 60);

# Instead of the one that runs: the words of a shell before its command, those behind it. It listens
# then, and asks bounces to come again until it has read the parameters.
sub start_otherwise {
    my ($before, $behind) = @_;
    # of what sudo has started, we may end the daemon, and sudo ends with it
    kill KILL => $instance->read_lines($instance->path('milter/pid')) if !$instance->is_root;
    $daemon->kill;
    $daemon->write_conf;
    my $program = $daemon->program('bounce-milter');
    $instance->start(
        name    => 'bounce-milter',
        command => [ 'sh', '-c', "$before $program -c @{[$daemon->conf]} $behind" ]);
    $stage->wait_for(60, sub { $daemon->is_listening });
    $daemon->is_listening or die "bounce-milter did not start\n";
    return;
}

sub is_serving {
    my $letter = letter();
    return is_soon(sub { report_code($letter) }, 250, 'it takes bounces');
}

subtest 'whoever reads the log is gone, or does not read' => sub {
    my $pipe = $instance->path('log-pipe');
    POSIX::mkfifo($pipe, 0666) or die "mkfifo: $!\n";
    chmod 0666, $pipe;
    my $reader = Bounce::Process::in_child(sub { exec 'sh', '-c', "exec cat '$pipe' >/dev/null" });
    start_otherwise('exec', "2>'$pipe'");
    is_serving();
    kill STOP => $reader;
    sysopen my $full, $pipe, POSIX::O_WRONLY | POSIX::O_NONBLOCK or die "$pipe: $!\n";
    1 while syswrite $full, 'x' x 4096;
    1 while syswrite $full, 'x';
    my $stuck  = letter();
    my $sender
        = Bounce::Process::in_child(sub { POSIX::_exit(report_code($stuck) == 250 ? 0 : 1) });
    is innocent_code(), 250, 'nobody reads: ordinary mail passes';
    kill CONT => $reader;
    waitpid $sender, 0;
    is $?, 0, 'a bounce waits, and is taken once somebody reads again';
    close $full;
    kill KILL => $reader;
    waitpid $reader, 0;
    my @letter = map { letter() } 1 .. 3;
    is report_code($_), 250, 'the reader is gone: a bounce is taken' for @letter;
    is scalar(map { $stage->bounces($_) } $stuck, @letter), 4, 'each is recorded once';
    is innocent_code(), 250, 'and ordinary mail passes';
};

subtest 'hardly a file descriptor' => sub {
    start_otherwise('ulimit -n 24; exec', '2>/dev/null');
    my @letter = map { letter() } 1 .. 24;
    my @sender = map {
        my $letter = $_;
        sub {
            for (1 .. 60) { return 1 if report_code($letter) == 250; sleep 0.5 }
            return 0;
        };
    } @letter;
    is Bounce::Process::in_parallel(@sender), 0, 'all of many at once are taken in the end';
    is scalar(map { $stage->bounces($_) } @letter), 24, 'each is recorded once';
    is innocent_code(), 250, 'ordinary mail passes';
};

# By root, in a mount namespace of its own, after those lines of a shell.
sub start_apart {
    my ($lines, $behind) = @_;
    $daemon->set(user => $instance->daemon_user);
    my $script = $instance->write_file('apart.sh', "set -e\n${lines}exec \"\$@\"\n");
    my $before = join ' ', $instance->as_root('unshare', '-m', 'sh', $script);
    return start_otherwise("exec $before", $behind // '');
}

sub goes_on {
    my ($what) = @_;
    my @letter = map { letter() } 1 .. 3;
    is report_code($_), 250, "$what: a bounce is taken" for @letter;
    is scalar(map { $stage->bounces($_) } @letter), 3, "$what: each is recorded once";
    is innocent_code(), 250, "$what: ordinary mail passes";
    return;
}

subtest 'no room in /tmp, or no right there' => sub {
    plan skip_all => 'nothing can be mounted here' unless Bounce::SmallDisk->is_possible($instance);
    start_apart("mount -t tmpfs -o size=4k tmp /tmp\n! head -c 9000 /dev/zero >/tmp/full\n");
    is_serving();
    goes_on('full');
    start_apart("mount -t tmpfs -o ro tmp /tmp\n");
    is_serving();
    goes_on('no right');
};

subtest 'syslog does not read, or is gone' => sub {
    plan skip_all => 'nothing can be mounted here' unless Bounce::SmallDisk->is_possible($instance);
    my $path   = $instance->path('dev-log');
    my $syslog = IO::Socket::UNIX->new(Local => $path, Type => SOCK_DGRAM) or die "$path: $!\n";
    chmod 0666, $path;
    my $devices = $instance->make_dir('devices');
    $daemon->set(log => 'syslog', log_level => 'info');
    start_apart(<<"END", '2>/dev/null');
mount -t tmpfs -o mode=755 dev '$devices'
for device in null zero random urandom; do
    : >'$devices'/\$device
    mount --bind /dev/\$device '$devices'/\$device
done
ln -s '$path' '$devices/log'
mount --rbind '$devices' /dev
END
    $syslog->recv(my $lines, 4096);
    like $lines, qr/bounce-milter\[\d+\]: .* starts/, 'it logs there';
    while ($lines !~ /ready on/ || $lines !~ /the database answers/) {
        $syslog->recv(my $line, 4096);
        $lines .= $line;
    }
    my $filler = IO::Socket::UNIX->new(Peer => $path, Type => SOCK_DGRAM) or die "$path: $!\n";
    $filler->blocking(0);
    1 while defined $filler->send('full');
    my $stuck  = letter();
    my $sender = Bounce::Process::in_child(
        sub { POSIX::_exit(report_code($stuck) == 250 ? 0 : 1) });
    is innocent_code(), 250, 'nobody reads: ordinary mail passes';
    $syslog->blocking(0);
    $stage->wait_for(
        60,
        sub {
            1 while defined $syslog->recv(my $text, 4096);
            waitpid($sender, POSIX::WNOHANG) == $sender;
        });
    is $?, 0, 'a bounce waits, and is taken once somebody reads again';
    is scalar(my @recorded = $stage->bounces($stuck)), 1, 'recorded once';
    close $syslog;
    unlink $path;
    goes_on('gone');
    $daemon->set(log => 'stderr', log_level => 'debug');
};

subtest 'hardly any memory' => sub {
    plan skip_all => 'a sanitizer needs all there is' if $daemon->is_sanitized;
    start_otherwise('ulimit -v 900000; exec', '2>/dev/null');
    my $room   = 'x' x 70 . "\n";
    my @letter = map { letter() } 1 .. 12;
    my @sender = map {
        my $letter = $_;
        sub {
            my $mail = $stage->report('postfix-user-unknown', $letter) . $room x 60_000;
            my @to   = values %{ $letter->{return_path} };
            return eval { $stage->smtp->send(from => '', to => \@to, mail => $mail); 1 };
        };
    } @letter;
    Bounce::Process::in_parallel(@sender);
    if (!$instance->is_alive('bounce-milter')) {    # as a service manager does
        diag 'it ended for lack of memory';
        $daemon->start;
    }
    for my $letter (@letter) {
        is_soon(sub { report_code($letter) }, 250, 'each is taken in the end');
        is scalar(my @bounce = $stage->bounces($letter)), 1, 'and recorded once';
    }
    goes_on('afterwards');
};
$daemon->kill;
$daemon->start;

subtest 'told to stop at any moment' => sub {
    for my $n (1 .. 6) {
        my $letter = letter();
        my $killer = Bounce::Process::in_child(sub {
            sleep $n * 0.01;
            $daemon->signal('TERM');
            POSIX::_exit(0);
        });
        my $code = report_code($letter);
        waitpid $killer, 0;
        $stage->wait_for(60, sub { !$instance->is_alive('bounce-milter') });
        $daemon->start;
        is scalar(my @taken = $stage->bounces($letter)), 1, "after $n: what was taken is there"
            if $code == 250;
        is_soon(sub { report_code($letter) }, 250, "after $n: it is taken");
        is scalar(my @all = $stage->bounces($letter)), 1, "after $n: once";
    }
};

subtest 'pid files of others' => sub {
    my $pid_file = $instance->path('milter/pid');
    $daemon->kill;
    $instance->write_file('milter/pid', "$$\n");
    $daemon->start;
    is report_code(letter()), 250, 'one of a process that is no daemon is taken over';
    my ($status, $output) = $instance->run(
        [ 'timeout', 60, $daemon->program('bounce-milter'), '-c', $daemon->conf ], may_fail => 1);
    is $status, 1, 'that of one that runs is not' or diag $output;
    like $output, qr/pid_file: another process is running and holds/, 'which is said';
    is report_code(letter()), 250, 'and goes on';
    my $foreign = $instance->write_file('milter/foreign', '');
    chmod 0600, $foreign;
    $daemon->set(pid_file => $foreign);
    $daemon->write_conf;
    if ($instance->is_root) {
        for my $option ('-d', '--check') {
            ($status, $output) = $instance->run(
                [ 'timeout', 60, $daemon->program('bounce-milter'), '-c', $daemon->conf, $option ],
                may_fail => 1);
            is $status, 1, "one that belongs to another account: $option";
            like $output, qr{pid_file.*\Q$foreign\E.*Permission denied}, 'is named';
        }
    }
    $daemon->set(pid_file => '/proc/nowhere');
    $daemon->write_conf;
    ($status, $output) = $instance->run(
        [ 'timeout', 60, $daemon->program('bounce-milter'), '-c', $daemon->conf ], may_fail => 1);
    is $status, 1, 'one that cannot be written' or diag $output;
    like $output, qr{pid_file: cannot write "/proc/nowhere"}, 'is named';
    $daemon->set(pid_file => $pid_file);
};

subtest 'the certificate of the database expires' => sub {
    plan skip_all => 'at length only' unless Bounce::Faults::LONG;
    my $address = join '.', 127, map { 1 + int rand 250 } 1 .. 3;
    my $folder  = $instance->make_dir('certificates', user => $instance->server_user);
    $instance->write_file('certificates/ca.cnf', <<"END");
[ca]
default_ca = ours
[ours]
database = $folder/index
serial = $folder/serial
new_certs_dir = $folder
default_md = sha256
policy = any
[any]
commonName = supplied
END
    my $make = 'set -e; cd "$1"; : >index; echo 01 >serial; echo unique_subject=no >index.attr;'
        . 'openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=ours;'
        . 'openssl req -new -newkey rsa:2048 -nodes -keyout key -out request -subj /CN=localhost;'
        . 'for y in 2001 2099; do openssl ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key '
        . '-in request -startdate 20000101000000Z -enddate ${y}0101000000Z -out $y.crt; done;'
        . 'chmod 600 key; chown "$2" *; chmod 644 ca.crt';
    $instance->run([ 'sh', '-c', $make, 'sh', $folder, $instance->server_user ]);
    my $certify = sub {
        my ($year) = @_;
        $instance->run([ 'cp', '-p', "$folder/$year.crt", "$folder/crt" ]);
        other_database("SELECT pg_reload_conf();\n");
        end_backends();
    };
    $instance->run([ 'cp', '-p', "$folder/2099.crt", "$folder/crt" ]);
    open my $hba, '>>', $db->data . '/pg_hba.conf' or die "pg_hba.conf: $!\n";
    print $hba "hostssl all $account samehost scram-sha-256\n";
    close $hba;
    other_database(map { "ALTER SYSTEM SET $_;\n" } "listen_addresses = '$address'",
        "ssl = on", "ssl_cert_file = '$folder/crt'", "ssl_key_file = '$folder/key'");
    other_database("ALTER ROLE $account PASSWORD 'secret';\n");
    $db->stop;
    $db->restart;
    $daemon->kill;
    $daemon->set(conninfo => "host=localhost hostaddr=$address dbname=bounce user=$account "
            . "password=secret sslmode=verify-full sslrootcert=$folder/ca.crt");
    $daemon->start;
    row(
        'certificate expired',
        break => sub { $certify->(2001) },
        mend  => sub { $certify->(2099) },
        code  => qr/^451$/,
        log   => qr/certificate verify failed/
    );
    $daemon->set(conninfo => $db->conninfo(user => $account));
};

subtest 'the name of the server is not found' => sub {
    plan skip_all => 'nothing can be mounted here' unless Bounce::SmallDisk->is_possible($instance);
    my $port   = $stage->mta->port;
    my $lonely = Bounce::Delivery->new(
        $instance, $db,
        name   => 'lonely',
        user   => $instance->daemon_user,
        server => "submission.test:$port")->write_conf;
    my $hosts = $instance->write_file('hosts', "127.0.0.1 localhost submission.test\n");
    my $names = $instance->write_file('resolv.conf', "nameserver 127.0.0.1\n");
    my $mount = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && '
        . 'exec "$3" -c "$4"';
    ok $worker->stop, 'the other worker ends by itself';
    $instance->start(
        name    => 'lonely',
        command => [
            $instance->as_root(
                qw(unshare -m sh -c), $mount,        'sh', $hosts,
                $names,               $lonely->program, $lonely->conf
            )
        ]
    );
    my $mail = sub { $worker->submit(to => [ 'good' . ++$count . '@sent.example' ]) };
    is $worker->wait_for_state($mail->(), 'SUCCESS', 60)->{state}, 'SUCCESS', 'found: it is sent';
    my $pid = $instance->pid('lonely');
    $instance->write_file('hosts', "127.0.0.1 localhost\n");
    my @waiting = map { $mail->() } 1 .. 3;
    ok $stage->wait_for(60, sub { $lonely->log_lines(qr/submission\.test/) }), 'gone: the log says';
    unlike $worker->states(@waiting), qr/ERROR|FAILED|UNKNOWN/i, 'nothing is given up';
    $instance->write_file('hosts', "127.0.0.1 localhost submission.test\n");
    is $worker->wait_for_state($_, 'SUCCESS', MENDED)->{state}, 'SUCCESS', 'found again: sent'
        for @waiting;
    is $instance->pid('lonely'), $pid, 'by the same process';
    ok $lonely->stop, 'which ends by itself';
};

$worker->stop;
finish();
