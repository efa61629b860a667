# Exim 4: SPDX-License-Identifier: BSD-2-Clause
# packages: exim4-daemon-heavy

cat > /etc/exim4/template <<'C'
primary_hostname = mx.example.org
qualify_domain = example.org
domainlist local_domains = example.org : mx.example.org
local_interfaces = 127.0.0.1 : 192.0.2.1
disable_ipv6
tls_advertise_hosts =
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
host_lookup =
rfc1413_query_timeout = 0s
received_headers_max = 5
bounce_return_size_limit = 4K
ignore_bounce_errors_after = 0s
delay_warning = DELAY
acl_smtp_rcpt = accept
acl_smtp_data = accept
trusted_users = root
never_users =
begin routers
missing_program:
  driver = redirect
  domains = +local_domains
  data = ${lookup{$local_part}lsearch{/etc/exim4/aliases}}
  pipe_transport = address_pipe
  file_transport = address_file
  allow_fail
  allow_defer
forward:
  driver = redirect
  domains = +local_domains
  check_local_user
  file = $home/.forward
  allow_filter
  reply_transport = address_reply
  pipe_transport = address_pipe
  file_transport = address_file
  no_verify
local:
  driver = accept
  domains = +local_domains
  check_local_user
  transport = mailbox
remote:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  self = fail
  no_more
begin transports
remote_smtp:
  driver = smtp
  connect_timeout = 3s
  command_timeout = 3s
  data_timeout = 3s
  final_timeout = 3s
  hosts_try_fastopen =
mailbox:
  driver = appendfile
  file = /var/mail/$local_part_data
  quota = ${if eq{$local_part_data}{dave}{1K}{1M}}
  user = $local_part_data
  group = mail
address_file:
  driver = appendfile
address_pipe:
  driver = pipe
  return_output
  path = /bin:/usr/bin
  user = nobody
  group = nogroup
address_reply:
  driver = autoreply
begin retry
bounces.example.org * F,1h,1s
* quota F,1s,1s
* * F,1s,1s
C
cat > /etc/exim4/aliases <<C
program: "|/bin/false"
program-unknown: "|/no/such/program"
program-says: "|/bin/sh -c 'echo cannot open the folder; exit 1'"
office: anna.keller@post.example.net, good.one@post.example.net
billing: $(collector vacation)
closed: :fail: this mailbox is closed since May
later: :defer: our directory is being rebuilt
team: otto.braun@post.example.net
C
for name in carol dave erin frank; do person $name; done
echo anna.keller@post.example.net > /home/carol/.forward
head -c 1400 /dev/zero | tr '\0' '\n' > /var/mail/dave
chown dave:mail /var/mail/dave; chmod 660 /var/mail/dave
cat > /home/frank/.forward <<'C'
# Exim filter
if personal then
	mail to $reply_address
		subject "Out of office: $h_subject:"
		text "I am away until Monday, 30 November. In urgent cases please write to office@example.org."
endif
C
chmod 644 /home/*/.forward
chmod 755 /home/*
chown carol: /home/carol/.forward
chown frank: /home/frank/.forward

exim_start()
{
	sed "s/DELAY/$1/" /etc/exim4/template > /etc/exim4/exim4.conf
	chmod 644 /etc/exim4/exim4.conf
	exim4 -bd -oP /run/exim.pid
	sleep 1
}

queue()
{
	exim4 -qff
}

mkdir -p /var/spool/exim4 /var/log/exim4
chown -R Debian-exim /var/spool/exim4 /var/log/exim4
exim_start 5d
send_replies
send_forms
send multi-domains b.ortega@plain.example.net abel.cruz@gone.example.net
send local-user-unknown nobody.here@example.org
send local-program-failed program@example.org
send local-program-missing program-unknown@example.org
send local-program-output program-says@example.org
send local-mailbox-full dave@example.org
send local-alias-fail closed@example.org
send local-alias-defer later@example.org
send forward-to-unknown carol@example.org
send alias-to-unknown office@example.org
send alias-full team@example.org
send --notify=SUCCESS success-no-dsn-there good.one@plain.example.net
send --notify=SUCCESS,FAILURE success-local erin@example.org
send --notify=SUCCESS,FAILURE --envid=mixed-1 success-and-failure good.one@plain.example.net $one
send vacation-cause frank@example.org; forget vacation-cause
send --header='Received: by a
Received: by b
Received: by c
Received: by d
Received: by e
Received: by f' too-many-hops $one
send --utf8 utf8-user-unknown jürgen.groß@post.example.net
await 30 queue
kill "$(cat /run/exim.pid)"
sleep 2

# a rule "F,2d,1s" keeps it in the queue, so that only the delay is told
sed -i 's/F,1s,1s/F,2d,1s/' /etc/exim4/template
exim_start 1s:2d
send delay-mailbox-full q.perez@post.example.net
send --envid=delay-2 --notify=DELAY,FAILURE delay-refused-connection yan.frost@lake.example.com
send delay-one-of-two good.one@post.example.net s.novak@post.example.net
await 8 queue
kill "$(cat /run/exim.pid)"
cp /var/log/exim4/* "$WORK/log/"
