# Postfix: SPDX-License-Identifier: BSD-2-Clause
# packages: postfix

cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
sed -i 's/^\([a-z].*\) y  /\1 n  /; s/^\(smtp *inet.*\) y /\1 n /' /etc/postfix/master.cf
cat > /etc/postfix/main.cf <<'C'
compatibility_level = 3.6
maillog_file = /var/log/postfix.log
myhostname = mx.example.org
mydomain = example.org
mydestination = example.org, mx.example.org, localhost
inet_interfaces = 127.0.0.1, 192.0.2.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps = hash:/etc/postfix/aliases
virtual_alias_maps = texthash:/etc/postfix/virtual
relocated_maps = texthash:/etc/postfix/relocated
header_checks = regexp:/etc/postfix/header_checks
local_recipient_maps =
smtpd_reject_unlisted_recipient = no
smtpd_recipient_restrictions = permit_mynetworks, reject
mailbox_size_limit = 20000
message_size_limit = 20000
bounce_size_limit = 4000
hopcount_limit = 5
smtp_connect_timeout = 3s
smtp_helo_timeout = 3s
maximal_queue_lifetime = 2s
bounce_queue_lifetime = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
disable_dns_lookups = no
notify_classes = 2bounce
C
cat > /etc/postfix/aliases <<C
program: "|/bin/false"
program-user: "|echo no such folder; exit 67"
office: anna.keller@post.example.net, good.one@post.example.net
looping: looping@example.org
C
postalias /etc/postfix/aliases
cat > /etc/postfix/virtual <<C
postmaster@example.org $(collector double-bounce)
postmaster@mx.example.org $(collector double-bounce)
team@example.org otto.braun@post.example.net
C
echo 'maria.gold@example.org  maria.gold@new.example.net' > /etc/postfix/relocated
echo '/^X-Refuse:/ REJECT not wanted here' > /etc/postfix/header_checks
for name in carol dave erin; do person $name; done
echo anna.keller@post.example.net > /home/carol/.forward
head -c 20500 /dev/zero | tr '\0' '\n' > /var/mail/dave
chown dave:mail /var/mail/dave; chmod 660 /var/mail/dave
postfix start > "$WORK/log/start" 2>&1
sleep 1

send_replies
send_forms
send multi-domains b.ortega@plain.example.net abel.cruz@gone.example.net
send local-user-unknown nobody.here@example.org
send local-program-failed program@example.org
send local-program-unknown-user program-user@example.org
send local-mailbox-full dave@example.org
send local-relocated maria.gold@example.org
send local-alias-loop looping@example.org
send forward-to-unknown carol@example.org
send alias-to-unknown office@example.org
send virtual-alias-full team@example.org
send --notify=SUCCESS success-no-dsn-there good.one@plain.example.net
send --notify=SUCCESS,FAILURE success-local erin@example.org
send --notify=SUCCESS,FAILURE success-expanded office@example.org
send --notify=SUCCESS,FAILURE --envid=mixed-1 success-and-failure good.one@post.example.net $one
send --sendmail=/usr/sbin/sendmail --header='Received: by a
Received: by b
Received: by c
Received: by d
Received: by e
Received: by f' too-many-hops $one
send --sendmail=/usr/sbin/sendmail --header='X-Refuse: yes' header-refused $one
send --from=b.ortega@plain.example.net double-bounce-cause $one
forget double-bounce-cause
send --utf8 utf8-user-unknown jürgen.groß@post.example.net
send --utf8 utf8-mailbox-full 山田@post.example.net
send --utf8 utf8-not-supported 'zoë@plain.example.net'
await 40 postqueue\ -f

postfix stop > /dev/null 2>&1
postconf -e delay_warning_time=1s maximal_queue_lifetime=1d
postfix start > /dev/null 2>&1
send delay-mailbox-full q.perez@post.example.net
send --envid=delay-2 --notify=DELAY,FAILURE delay-refused-connection yan.frost@lake.example.com
send delay-one-of-two good.one@post.example.net s.novak@post.example.net
await 20 postqueue\ -f
postfix stop > /dev/null 2>&1

postsuper -d ALL > /dev/null 2>&1
# reports in other languages, made from the site's own template
template()
{
	printf 'failure_template = <<EOF\nCharset: %s\nFrom: MAILER-DAEMON (%s)\nSubject: %s\nPostmaster-Subject: %s\n\n%s\n\n%s\nEOF\n' \
		"$1" "$2" "$3" "$3" "$4" "$5" > /etc/postfix/bounce.cf
	postconf -e bounce_template_file=/etc/postfix/bounce.cf delay_warning_time=0 maximal_queue_lifetime=2s
	postfix start > /dev/null 2>&1
}

template utf-8 'Mail-System' 'Ihre Nachricht konnte nicht zugestellt werden' \
	'Dies ist das Mailsystem auf dem Rechner $myhostname.' \
	'Ihre Nachricht konnte an einen oder mehrere Empfänger nicht zugestellt werden.'
send german-template $one
send german-template-full otto.braun@post.example.net
await 10
postfix stop > /dev/null 2>&1
template utf-8 'Systeme de messagerie' 'Message non remis' "Je suis désolé, votre message n'a pas pu être remis." \
	'Il est joint ci-dessous.'
send french-template $one
await 10
postfix stop > /dev/null 2>&1
cp /var/log/postfix.log "$WORK/log/"
