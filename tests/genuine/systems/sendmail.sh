# Sendmail 8: SPDX-License-Identifier: BSD-2-Clause
# packages: sendmail-bin sendmail-cf sensible-mda procmail m4

sendmail_start()
{
	cat > /etc/mail/genuine.mc <<-C
		divert(-1)
		include(\`/usr/share/sendmail/cf/m4/cf.m4')
		divert(0)dnl
		OSTYPE(\`debian')dnl
		undefine(\`confHOST_STATUS_DIRECTORY')dnl
		define(\`confDOMAIN_NAME', \`mx.example.org')dnl
		define(\`confTO_QUEUERETURN', \`$1')dnl
		define(\`confTO_QUEUEWARN', \`$2')dnl
		define(\`confTO_INITIAL', \`3s')dnl
		define(\`confTO_CONNECT', \`3s')dnl
		define(\`confTO_ICONNECT', \`3s')dnl
		define(\`confTO_HELO', \`3s')dnl
		define(\`confTO_MAIL', \`3s')dnl
		define(\`confTO_RCPT', \`3s')dnl
		define(\`confTO_DATAFINAL', \`3s')dnl
		define(\`confTO_HOSTSTATUS', \`0s')dnl
		define(\`confMIME_FORMAT_ERRORS', \`${3:-True}')dnl
		define(\`confMAX_HOP', \`5')dnl
		define(\`confDOUBLE_BOUNCE_ADDRESS', \`postmaster')dnl
		define(\`confDELIVERY_MODE', \`background')dnl
		define(\`confPRIVACY_FLAGS', \`noetrn')dnl
		FEATURE(\`no_default_msa')dnl
		FEATURE(\`promiscuous_relay')dnl
		FEATURE(\`accept_unresolvable_domains')dnl
		FEATURE(\`local_procmail')dnl
		FEATURE(\`redirect')dnl
		DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1')dnl
		LOCAL_DOMAIN(\`example.org mx.example.org localhost')dnl
		MAILER(\`local')dnl
		MAILER(\`smtp')dnl
	C
	m4 /etc/mail/genuine.mc > /etc/mail/sendmail.cf 2> "$WORK/log/m4"
	newaliases > "$WORK/log/newaliases" 2>&1
	/usr/sbin/sendmail -L sm-mta -bd > "$WORK/log/start.$1" 2>&1
	sleep 1
}

queue()
{
	/usr/sbin/sendmail -q
}

# as on other systems: sendmail trusts nothing that is not root's
chown -R root:root /etc/mail /var/spool/mqueue
rm -f /etc/mail/aliases /etc/mail/aliases.db
mkdir -p /etc/mail/smrsh
cat > /etc/mail/aliases <<C
office: anna.keller@post.example.net, good.one@post.example.net
team: otto.braun@post.example.net
program: "|/bin/false"
looping: looping2
looping2: looping
maria.gold: maria.gold@new.example.net.REDIRECT
postmaster: $(collector double-bounce)
mailer-daemon: postmaster
C
ln -sf /bin/false /etc/mail/smrsh/false
for name in carol dave erin; do person $name; done
echo anna.keller@post.example.net > /home/carol/.forward
chown carol: /home/carol/.forward
chmod 755 /home/*
printf ':0\n* .*\n{\n  EXITCODE=73\n  HOST\n}\n' > /home/dave/.procmailrc
chown dave: /home/dave/.procmailrc

sendmail_start 4s 4h
ONLY=$SOME
send_replies
send_forms
send multi-domains b.ortega@plain.example.net abel.cruz@gone.example.net
send --sendmail=/usr/sbin/sendmail local-user-unknown nobody.here@example.org
send local-program-failed program@example.org
send local-mailbox-failed dave@example.org
send --sendmail=/usr/sbin/sendmail local-moved maria.gold@example.org
send --sendmail=/usr/sbin/sendmail local-alias-loop looping@example.org
send forward-to-unknown carol@example.org
send alias-to-unknown office@example.org
send alias-full team@example.org
send --notify=SUCCESS success-no-dsn-there good.one@plain.example.net
send --notify=SUCCESS,FAILURE success-local erin@example.org
send --notify=SUCCESS,FAILURE success-expanded office@example.org
send --notify=SUCCESS,FAILURE --envid=mixed-1 success-and-failure good.one@plain.example.net $one
send --from=b.ortega@plain.example.net double-bounce-cause $one
forget double-bounce-cause
send --header='Received: by a
Received: by b
Received: by c
Received: by d
Received: by e
Received: by f' too-many-hops $one
await 50 queue
pkill sendmail; sleep 1

sendmail_start 4d 1s
send delay-mailbox-full q.perez@post.example.net
send --envid=delay-2 --notify=DELAY,FAILURE delay-refused-connection yan.frost@lake.example.com
send delay-one-of-two good.one@post.example.net s.novak@post.example.net
await 20 queue
pkill sendmail; sleep 1
rm -f /var/spool/mqueue/*

# as it was before 1996: a report in words
sendmail_start 4s 4h False
send plain-user-unknown $one
send plain-no-such-user-plain b.ortega@plain.example.net
send plain-multiline clara.moss@post.example.net
send plain-mailbox-full otto.braun@post.example.net
send plain-spam xenia.bell@post.example.net
send plain-moved nora.lund@post.example.net
send plain-domain-unknown abel.cruz@gone.example.net
send plain-over-quota q.perez@post.example.net
send plain-connection-refused yan.frost@lake.example.com
send plain-multi-two-failed $one otto.braun@post.example.net good.two@post.example.net
send plain-forward-to-unknown carol@example.org
await 30 queue
pkill sendmail; sleep 1

sendmail_start 4d 1s False
send plain-delay q.perez@post.example.net
await 20 queue
