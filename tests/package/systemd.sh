#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The units, under a systemd of their own: each program does its work inside its sandbox, says when
# it serves, and is started anew when it is stuck. /given is as in inside.sh. Exits with 1 if
# anything is not as it should be.
set -u
# shellcheck source=tests/package/lib.sh
. /given/lib.sh

state() { systemctl show --property="$2" --value "$1"; }
is_state() { [ "$(state "$1" "$2")" = "$3" ]; }
is_not_state() { ! is_state "$@"; }

# field NAME MATCH...: of the entries of the journal that match.
field() {
	name=$1
	shift
	journalctl --quiet --output=cat --output-fields="$name" "$@"
}

said() { journalctl --quiet --output=cat --unit="$1" | grep -q -e "$2"; }

ip address add 192.0.2.1/32 dev lo
ip link set lo up
echo 1 >/run/net

# --- the README, line by line ---------------------------------------------------------------
cd /given || exit 1
make_person
sed -e 's/^    sudo apt install /&-y /' -e '$d' install >/tmp/install
shows 'every command of the README' as_eva /tmp/install
shows 'the roles of the README' as_eva /given/roles
shows 'what it starts to send with' su - eva -c 'sudo systemctl enable --now bounce-delivery'
useradd --create-home billing
asks() { su - "$1" -c 'psql -v ON_ERROR_STOP=1 -XAt bounce' <"$2"; }
sed '/-- as the application/,$d' send >/tmp/once
sed '1,/-- as the application/d' send >/tmp/application
shows 'what it has an administrator do once' asks eva /tmp/once
shows 'what it has an application do' asks billing /tmp/application
is 'which is told of its mail' "$(grep -c '^[A-Z_]*|[0-9]*|' /tmp/out)" 1
is_sent() { [ "$(sql "SELECT state FROM bounce.delivery WHERE business_ref = '$1'")" = SUCCESS ]; }
shows 'and the mail is sent' wait_for is_sent R-1001
is 'bounce-milter says that it serves' \
	"$(state bounce-milter ActiveState) $(state bounce-milter StatusText)" 'active serving'
is 'as its own account from the start' \
	"$(state bounce-milter User) $(stat -c %U /proc/"$(state bounce-milter MainPID)")" \
	'bouncemilter bouncemilter'

# --- the sandbox --------------------------------------------------------------------------------
for unit in $(dpkg -L bounce-milter | sed -n 's|.*/systemd/system/\(.*\.service\)$|\1|p'); do
	shows "$unit: exposure at most 2.0" systemd-analyze security --no-pager --threshold=20 \
		"$unit"
done
units=$(dpkg -L bounce-milter | grep '/systemd/system/bounce-')
# shellcheck disable=SC2086
is 'systemd finds no fault in them' "$(systemd-analyze verify --man=no $units 2>&1 |
	grep -F bounce-)" ''
attach_postfix /usr/share/doc/bounce-milter/examples/postfix
shows 'Postfix starts' systemctl restart postfix
records_both_ways
queue_id=$(field BM_QUEUE_ID --lines=1 BM_EVENT=recorded)
is 'the journal leads from its queue id to its task' \
	"$(field BM_TASK BM_EVENT=recorded BM_QUEUE_ID="$queue_id")" \
	"$(sql 'SELECT max(id) FROM bounce.task')"
shows 'and so does bouncectl' sh -c "sudo -u postgres bouncectl show '$queue_id' | grep anna@"
figures() {
	for name in database_up outages_open milter_pool_size; do
		sed -n "s/^bounce_$name /$name=/p" /run/bounce-metrics/bounce.prom
	done | paste -s -d ' '
}
shows 'figures are written' systemctl start bounce-milter-metrics
is 'of the database, and of the milter' "$(figures)" \
	'database_up=1 outages_open=0 milter_pool_size=4'
systemctl stop postgresql
shows 'without the database as well' systemctl start bounce-milter-metrics
is 'which the figures say' "$(figures)" 'database_up=0 milter_pool_size=4'
systemctl start postgresql
shows 'and it comes back' wait_for bounces
shows 'housekeeping' systemctl start bounce-milter-housekeeping
shows 'bounce-delivery starts' systemctl enable --now bounce-delivery
sql "SELECT bounce.submit_communication(process => 'invoice', business_ref => 'S-1',
	recipients => '{root@mx.example.org}', sender => 'billing@mx.example.org',
	subject => 'Invoice', body_text => 'Please find ...')" >/dev/null
shows 'and sends' wait_for is_sent S-1
shows 'bounce-fetch does not start without a mailbox' sh -c '! systemctl start bounce-fetch'
is 'and is not tried again' \
	"$(state bounce-fetch ActiveState) $(state bounce-fetch ExecMainStatus)" 'failed 78'
echo 'lmtp = unix:/run/bounce-fetch/lmtp' >>/etc/bounce-milter/bounce-fetch.conf
shows 'bounce-fetch starts' systemctl enable --now bounce-fetch
shows 'and has its socket' test -S /run/bounce-fetch/lmtp
shows 'its figures are there' wait_for test -s /run/bounce-fetch/metrics
shows 'the exporter reads them' systemctl start bounce-milter-metrics
is 'across accounts' "$(grep -c '^bounce_fetch_written_timestamp_seconds ' \
	/run/bounce-metrics/bounce.prom)" 1
shows 'bounce-console starts' systemctl enable --now bounce-console
shows 'and answers' perl -MIO::Socket::INET -e '
	my $http = IO::Socket::INET->new("127.0.0.1:8025") or die "no console\n";
	print $http "GET /style.css HTTP/1.0\r\nHost: 127.0.0.1:8025\r\n\r\n";
	<$http> =~ m{^HTTP/1.[01] 200} or die "no page\n"'
for unit in bounce-milter bounce-delivery bounce-fetch bounce-console; do
	is "$unit has been started once" "$(state $unit NRestarts)" 0
	shows "$unit reloads" systemctl reload $unit
done

# --- a stuck pool -----------------------------------------------------------------------------
mkdir -p /run/systemd/system/bounce-milter.service.d
printf '[Service]\nWatchdogSec=3s\n' >/run/systemd/system/bounce-milter.service.d/test.conf
echo 'query_wait = 1' >>/etc/bounce-milter/bounce-milter.conf
systemctl daemon-reload
systemctl restart bounce-milter
sudo -u postgres psql -XAtq bounce -c 'BEGIN; LOCK bounce.bounce_message; SELECT pg_sleep(1000)' \
	>/dev/null 2>&1 &
path=$(return_path ben@example.net)
foreign_bounce "$path" >/dev/null 2>&1 &
waits() { [ "$(sql "SELECT count(*) FROM pg_stat_activity
	WHERE usename = 'bouncemilter' AND wait_event_type = 'Lock'")" = 1 ]; }
shows 'a report waits for the database' wait_for waits
pid=$(state bounce-milter MainPID)
perl -e '
	my ($pid) = @ARGV;
	my $ptrace = { x86_64 => 101, aarch64 => 117 }->{ qx(uname -m) =~ s/\n//r };
	my ($seize, $interrupt) = (0x4206, 0x4207);
	for my $thread (map { m{/(\d+)$} } glob "/proc/$pid/task/*") {
		open my $comm, "<", "/proc/$pid/task/$thread/comm" or next;
		next if $thread == $pid || <$comm> eq "watchdog\n";
		for my $request ($seize, $interrupt) {
			syscall($ptrace, $request, $thread + 0, 0, 0) == 0 or die "ptrace: $!\n";
		}
	}
	# stopped they stay, and can die
	1 while waitpid(-1, 0x40000000) > 0;' "$pid" &
shows 'the threads that hold connections stop for ever: it says that it is stuck' \
	wait_for said bounce-milter '^stuck: no sign of life'
shows 'and is started anew' wait_for is_state bounce-milter NRestarts 1
sudo -u postgres psql -XAtq -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	WHERE query LIKE 'BEGIN; LOCK%'" >/dev/null
shows 'and serves' wait_for is_state bounce-milter ActiveState active
shows 'the report, sent again until it is taken' wait_for foreign_bounce "$path"
shows 'and recorded' wait_for has_bounces 3

# --- upgrade, removal -------------------------------------------------------------------------
pid=$(state bounce-milter MainPID)
recorded=$(bounces)
paths=$(for _ in $(seq 20); do return_path no-such-user@mx.example.org; done)
for path in $paths; do
	echo test | sendmail -f "$path" no-such-user@mx.example.org
	sleep 0.2
done &
stream=$!
sql "UPDATE bounce.schema_functions SET sha256 = repeat('0', 64)"
shows 'an upgrade' apt-get -y -o Dpkg::Options::=--force-confold install ./next.deb
shows 'starts what runs anew' is_not_state bounce-milter MainPID "$pid"
shows 'which waits for the schema' wait_for said bounce-milter 'run "bouncectl db migrate"'
shows 'migrate' sudo -u postgres bouncectl db migrate
for unit in bounce-milter bounce-delivery bounce-fetch bounce-console; do
	shows "$unit serves by itself" wait_for is_state $unit ActiveState active
done
wait "$stream"
have_come() {
	postqueue -f
	has_bounces "$((recorded + 20))"
}
shows 'of the bounces that came meanwhile none is lost' wait_for have_come
shows 'removal' apt-get -y remove bounce-milter
is 'stops all of it' "$(systemctl list-units --no-legend --state=active 'bounce-*')" ''
is 'leaves no figures of before to a monitor' "$(ls -d /run/bounce-*)" ''
exit "$status"
