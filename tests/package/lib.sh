# SPDX-License-Identifier: BSD-2-Clause
#
# What the scripts in the chroots share: TAP, the database, reports that come over SMTP.
# Whoever sources it ends with its status.
# shellcheck shell=sh disable=SC2034
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
status=0

# shows TEXT COMMAND...
shows() {
	text=$1
	shift
	if "$@" >/tmp/out 2>&1; then
		printf '    ok - %s\n' "$text"
	else
		printf '    not ok - %s\n' "$text"
		tail -n 30 /tmp/out | sed 's/^/    # /'
		status=1
	fi
}

is() {
	shows "$1" test "$2" = "$3"
	[ "$2" = "$3" ] || printf '    # got "%s", expected "%s"\n' "$2" "$3"
}

# A person who may use sudo, and nothing else: as somebody who reads the README.
make_person() {
	useradd --create-home --shell /bin/bash eva
	echo 'eva ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/eva
}

# as_eva FILE: the commands of a document, as she types them.
as_eva() { su - eva -c "cd /given && bash -e -x $1"; }

wait_for() {
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

bounces() { sql 'SELECT count(*) FROM bounce.bounce'; }
has_bounces() { [ "$(bounces)" = "$1" ]; }
sql() { sudo -u postgres psql -XAtq bounce -c "$1"; }

# Where no systemd waits for its end: one that still answers keeps the next from its socket.
is_milter_gone() { ! pidof bounce-milter; }
stop_milter() {
	kill "$(pidof bounce-milter)"
	wait_for is_milter_gone
}

# Registers a mail to ADDRESS; prints its return path.
return_path() {
	sql "INSERT INTO bounce.process (name, description) VALUES ('invoice', '')
		ON CONFLICT DO NOTHING;
		SELECT bounce.register_communication(process => 'invoice', business_ref => 'R',
			recipients => '{$1}', sender => 'billing@mx.example.org',
			subject => 'Invoice',
			status => 'sent')" >/dev/null
	sql "SELECT bounce.return_path(max(r.id)) FROM bounce.communication_recipient AS r"
}

# send_smtp FROM TO <MESSAGE: to the mail server in its network.
# shellcheck disable=SC2016
send_smtp() {
	nsenter --net=/proc/"$(cat /run/net)"/ns/net perl -MIO::Socket::INET -e '
		my ($from, $to) = @ARGV;
		my $smtp = IO::Socket::INET->new("127.0.0.1:25") or die "no smtpd\n";
		$SIG{ALRM} = sub { die "no answer\n" };
		alarm 60;
		my $said = sub {
			print $smtp map { "$_\r\n" } @_;
			my $line;
			do { $line = <$smtp> // die "closed\n" } while $line =~ /^\d\d\d-/;
			$line =~ /^[23]/ or die $line;
		};
		chomp(my @message = <STDIN>);
		$said->();
		$said->($_) for "EHLO mx.example.net", "MAIL FROM:<$from>", "RCPT TO:<$to>", "DATA";
		$said->(@message, ".");
	' "$1" "$2"
}

# Postfix's smtpd is in its chroot, where only the folder for the socket is.
foreign_bounce() {
	send_smtp '' "$1" <<-END
		From: MAILER-DAEMON@example.net
		To: $1
		Subject: failure
		Content-Type: multipart/report; report-type=delivery-status; boundary=b

		--b

		No such user.
		--b
		Content-Type: message/delivery-status

		Reporting-MTA: dns; mx.example.net

		Final-Recipient: rfc822; anna@example.net
		Action: failed
		Status: 5.1.1
		Diagnostic-Code: smtp; 550 5.1.1 user unknown

		--b--
	END
}

# From the examples in FOLDER: services of master.cf replace those of the same name.
attach_postfix() {
	sed '/^#/d' "$1"/main.cf.example >>/etc/postfix/main.cf
	sed -i '/^\(bounce\|defer\|trace\) /d' /etc/postfix/master.cf
	sed '/^#/d' "$1"/master.cf.example >>/etc/postfix/master.cf
	settle_postfix
}

# What the network of the chroot needs.
settle_postfix() { postconf -e inet_protocols=ipv4 mydestination=mx.example.org; }

# A report of the own Postfix, and one that comes over SMTP.
records_both_ways() {
	path=$(return_path no-such-user@mx.example.org)
	echo test | sendmail -f "$path" no-such-user@mx.example.org
	shows 'a report of the own Postfix is recorded' wait_for has_bounces 1
	path=$(return_path anna@example.net)
	shows 'a foreign report is taken' foreign_bounce "$path"
	shows 'and recorded' wait_for has_bounces 2
	is 'trust and reason' "$(sql "SELECT string_agg(trust || ' ' || reason, ', ' ORDER BY id)
			FROM bounce.bounce")" \
		'token user_unknown, token user_unknown'
}

# A network of its own for the mail server and for what speaks to it.
# start_mta COMMAND...
start_mta() {
	unshare --net sh -c '
		ip link set lo up
		ip address add 192.0.2.1/32 dev lo
		"$@"
		echo $$ >/run/net
		exec sleep infinity' sh "$@" &
	wait_for test -s /run/net
}

# where no systemd runs
[ ! -d /run/systemd/system ] || return 0
major=$(ls /etc/postgresql)
echo "listen_addresses = ''" >>"/etc/postgresql/$major/main/postgresql.conf"
pg_ctlcluster "$major" main start
install -m 755 /given/systemctl /usr/bin/systemctl.test
apt-get -q update >/tmp/out 2>&1 || { cat /tmp/out; exit 1; }
