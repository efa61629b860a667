#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Sendmail for real: the package beside it, attached as bounce-milter.mc says. A report that comes
# over SMTP meets the milter; one that Sendmail makes itself comes by the mailer. Both are found in
# the database.
set -u
# shellcheck source=tests/package/lib.sh
. /given/lib.sh

configure_sendmail() {
	cat >/etc/mail/sendmail.mc <<-'END'
		divert(-1)
		include(`/usr/share/sendmail/cf/m4/cf.m4')
		divert(0)dnl
		OSTYPE(`debian')dnl
		undefine(`confHOST_STATUS_DIRECTORY')dnl
		define(`confDOMAIN_NAME', `mx.example.org')dnl
		FEATURE(`no_default_msa')dnl
		FEATURE(`nocanonify')dnl
		FEATURE(`accept_unresolvable_domains')dnl
		FEATURE(`mailertable')dnl
		RELAY_DOMAIN(`bounces.example.org')dnl
		DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1')dnl
		LOCAL_DOMAIN(`mx.example.org')dnl
		MAILER(`local')dnl
		MAILER(`smtp')dnl
	END
	cat /usr/share/doc/bounce-milter/examples/sendmail/bounce-milter.mc >>/etc/mail/sendmail.mc
	printf 'bounces.example.org\tbounces:bounces.example.org\n' >/etc/mail/mailertable
	makemap hash /etc/mail/mailertable </etc/mail/mailertable
	m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf
	# sendmail trusts nothing that is not root's
	chown -R root:root /etc/mail /var/spool/mqueue
	echo 'gone: no-such-user' >/etc/mail/aliases
	newaliases
}

by_source() {
	sql "SELECT string_agg(m.source || ' ' || b.reason || ' ' || b.trust, ', ' ORDER BY b.id)
		FROM bounce.bounce AS b
		JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id"
}

shows 'Sendmail is installed' apt-get -y install --no-install-recommends sendmail-bin sendmail-cf \
	sensible-mda m4
cd /given || exit 1
shows 'the package' apt-get -y install ./bounce-milter_*.deb
shows 'the database' sudo -u postgres bouncectl db create --bounce-domain bounces.example.org \
	--operator-mailbox operator@mx.example.org
printf 'socket = unix:/run/bounce-milter/socket\nsocket_mode = 600\n' \
	>>/etc/bounce-milter/bounce-milter.conf
shows 'the milter' systemctl.test enable --now bounce-milter
shows 'the configuration' configure_sendmail
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
shows 'Sendmail starts' start_mta /usr/sbin/sendmail -L sm-mta -bd
shows 'and nothing is wrong with it' bounce-milter --check

path=$(return_path anna@example.net)
shows 'a report over SMTP is taken' foreign_bounce "$path"
shows 'and recorded' wait_for has_bounces 1
# accepted, and then undeliverable: the report is Sendmail's
path=$(return_path gone@mx.example.org)
printf 'Subject: invoice\n\nx\n' | send_smtp "$path" gone@mx.example.org
shows 'a report of its own is recorded' wait_for has_bounces 2
is 'by milter and by mailer' "$(by_source)" \
	'milter user_unknown token, stdin user_unknown token'
[ "$status" = 0 ] || tail -n 20 /var/log/bounce-milter.service.log /var/log/mail.log
exit "$status"
