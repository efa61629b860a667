#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The life of the package on a fresh Debian, in its chroot: /given has the packages and, in the
# file install, the commands of the README. Exits with 1 if anything is not as it should be.
set -u
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

wait_for() {
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

mta() { cat /etc/postfix/main.cf /etc/postfix/master.cf | sha256sum; }
bounces() { sql 'SELECT count(*) FROM bounce.bounce'; }
has_bounces() { [ "$(bounces)" = "$1" ]; }

# Postfix and what speaks to it have a network of their own.
start_postfix() {
	unshare --net sh -c '
		ip link set lo up
		ip address add 192.0.2.1/32 dev lo
		postfix start
		echo $$ >/run/net
		exec sleep infinity' &
	wait_for test -e /var/spool/postfix/pid/master.pid
}

# From master.cf.example: its services replace those of the same name.
attach_postfix() {
	examples=/usr/share/doc/bounce-milter/examples/postfix
	sed '/^#/d' $examples/main.cf.example >>/etc/postfix/main.cf
	sed -i '/^\(bounce\|defer\|trace\) /d' /etc/postfix/master.cf
	sed '/^#/d' $examples/master.cf.example >>/etc/postfix/master.cf
	postconf -e inet_protocols=ipv4 mydestination=mx.example.org
}

sql() { sudo -u postgres psql -XAtq bounce -c "$1"; }

# Registers a mail to ADDRESS; prints its return path.
return_path() {
	sql "INSERT INTO bounce.process (name, description) VALUES ('invoice', '')
		ON CONFLICT DO NOTHING;
		SELECT bounce.register_communication(process => 'invoice', business_ref => 'R',
			recipients => '{$1}', sender => 'billing@mx.example.org', subject => 'Invoice',
			status => 'sent')" >/dev/null
	sql "SELECT bounce.return_path(max(r.id)) FROM bounce.communication_recipient AS r"
}

# By SMTP: Postfix's smtpd is in its chroot, where only the folder for the socket is.
foreign_bounce() {
	nsenter --net=/proc/"$(cat /run/net)"/ns/net perl -MIO::Socket::INET -e '
		my ($to) = @ARGV;
		my $smtp = IO::Socket::INET->new("127.0.0.1:25") or die "no smtpd\n";
		$SIG{ALRM} = sub { die "no answer\n" };
		alarm 60;
		my $said = sub {
			print $smtp map { "$_\r\n" } @_;
			my $line;
			do { $line = <$smtp> // die "closed\n" } while $line =~ /^\d\d\d-/;
			$line =~ /^[23]/ or die $line;
		};
		$said->();
		$said->($_) for "EHLO mx.example.net", "MAIL FROM:<>", "RCPT TO:<$to>", "DATA";
		$said->("From: MAILER-DAEMON\@example.net", "To: $to", "Subject: failure",
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
			"--b", "", "No such user.", "--b", "Content-Type: message/delivery-status", "",
			"Reporting-MTA: dns; mx.example.net", "",
			"Final-Recipient: rfc822; anna\@example.net", "Action: failed",
			"Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 user unknown", "--b--", ".");
	' "$1"
}

major=$(ls /etc/postgresql)
echo "listen_addresses = ''" >>"/etc/postgresql/$major/main/postgresql.conf"
pg_ctlcluster "$major" main start
install -m 755 /given/systemctl /usr/bin/systemctl.test
apt-get -q update >/tmp/out 2>&1 || { cat /tmp/out; exit 1; }
before=$(mta)

# --- the README, line by line -----------------------------------------------------------
cd /given || exit 1
sed -e 's/^    sudo apt install /&-y /' -e 's/^    sudo systemctl /    sudo systemctl.test /' \
	install >/tmp/install
shows 'every command of the README' bash -e -x /tmp/install
is "the mail server's configuration is untouched" "$(mta)" "$before"
socket=/var/spool/postfix/bounce-milter/socket
is 'who may reach the socket' "$(stat -c '%U %G %a' $socket)" 'bouncemilter postfix 660'
is 'and its folder' "$(stat -c '%U %G %a' ${socket%/*})" 'bouncemilter postfix 2750'
is 'the account is that of the unit' "$(stat -c %U /proc/"$(pidof bounce-milter)")" bouncemilter
shows 'man page' test -e /usr/share/man/man1/bouncectl.1.gz
shows 'bouncectl, for a person without rights' bouncectl --version

# --- attached as the examples say: both ways of a bounce -----------------------------------
attach_postfix
shows 'Postfix starts' start_postfix
path=$(return_path no-such-user@mx.example.org)
echo test | sendmail -f "$path" no-such-user@mx.example.org
shows 'a report of the own Postfix is recorded' wait_for has_bounces 1
path=$(return_path anna@example.net)
shows 'a foreign report is taken' foreign_bounce "$path"
shows 'and recorded' wait_for has_bounces 2
is 'trust and reason' "$(sql "SELECT string_agg(trust || ' ' || reason, ', ' ORDER BY id)
	FROM bounce.bounce")" \
	'token user_unknown, token user_unknown'

# --- upgrade, removal, purge ----------------------------------------------------------------
echo '# mine' >>/etc/bounce-milter/bounce-milter.conf
attached=$(mta)
shows 'upgrade' apt-get -y -o Dpkg::Options::=--force-confold install ./next.deb
shows 'keeps what the site has changed' grep -q '^# mine' /etc/bounce-milter/bounce-milter.conf
is 'and what was recorded' "$(bounces)" 2
shows 'the schema fits' sudo -u postgres bouncectl db check
kill "$(pidof bounce-milter)"
shows 'removal' apt-get -y remove bounce-milter
shows 'keeps the configuration' test -e /etc/bounce-milter/bounce-milter.conf
shows 'and takes the programs' test ! -e /usr/sbin/bounce-milter
shows 'purge' apt-get -y purge bounce-milter
is 'leaves nothing' "$(find / -xdev \( -path /proc -o -path /given -o -path /tmp \
	-o -path /var/cache -o -path /var/log \) -prune -o \( -path '*bounce-milter*' -o -path '*bounce-delivery*' \
	-o -path '*bouncectl*' \) -print)" ''
is 'the database stays' "$(bounces)" 2
is 'and the mail server as its administrator left it' "$(mta)" "$attached"
exit $status
