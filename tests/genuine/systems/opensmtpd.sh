# OpenSMTPD: SPDX-License-Identifier: BSD-2-Clause
# packages: opensmtpd

# its client waits five minutes for a silent server, and that cannot be changed
# and all it says of a mail that it gives up is "Envelope expired"
SKIP='connect-silent mx-is-us connect-busy connect-blocked helo-refused null-mx no-mail-host
mx-unknown-host dns-servfail
eod-closed 451-greylisted-plain'
SKIP=$(echo $SKIP)
smtpd_start()
{
	cat > /etc/smtpd.conf <<-C
		queue ttl $1
		bounce warn-interval $2
		table aliases file:/etc/aliases
		listen on 127.0.0.1
		listen on 192.0.2.1
		action "local" mbox alias <aliases>
		action "out" relay
		match from any for domain "example.org" action "local"
		match from any for any action "out"
	C
	smtpd -d -T rules > "$WORK/log/smtpd.$1" 2>&1 &
	sleep 2
}

queue()
{
	smtpctl schedule all
}

echo mx.example.org > /etc/mailname
cat > /etc/aliases <<C
office: anna.keller@post.example.net, good.one@post.example.net
team: otto.braun@post.example.net
program: "|/bin/false"
looping: looping
C
for name in carol dave erin; do person $name; done
echo anna.keller@post.example.net > /home/carol/.forward
chown carol: /home/carol/.forward
# a mailbox that cannot be written
mkdir -p /var/mail/dave

smtpd_start 4s 4h
ONLY=$SOME
send_replies
send_forms
send local-program-failed program@example.org
send local-mailbox-failed dave@example.org
send forward-to-unknown carol@example.org
send alias-to-unknown office@example.org
send alias-full team@example.org
send --notify=SUCCESS success-no-dsn-there good.one@plain.example.net
send --notify=SUCCESS,FAILURE success-local erin@example.org
await 40 queue
kill %% 2> /dev/null; pkill smtpd; sleep 1

smtpd_start 4d 1s
send delay-mailbox-full q.perez@post.example.net
send --envid=delay-2 --notify=DELAY,FAILURE delay-refused-connection yan.frost@lake.example.com
send delay-one-of-two good.one@post.example.net s.novak@post.example.net
await 20 queue
