# dma, the DragonFly Mail Agent: SPDX-License-Identifier: BSD-2-Clause
# packages: dma

printf 'MAILNAME mx.example.org\nALIASES /etc/aliases\n' > /etc/dma/dma.conf
echo 'office: anna.keller@post.example.net' > /etc/aliases

# it waits five minutes for a silent server, and that cannot be changed
SKIP='connect-silent no-route eod-closed null-mx mx-unknown-host dns-servfail mx-is-us
451-greylisted-plain'
local=/usr/sbin/dma
ONLY=$SOME
send_replies --sendmail=$local
send --sendmail=$local multi-one-failed good.one@post.example.net $one good.two@post.example.net
send --sendmail=$local --body=encoded original-quoted-printable $one
send --sendmail=$local --body=latin1 original-latin1 $one
send --sendmail=$local alias-to-unknown office@mx.example.org
sleep 5

# it gives up after five days: what is still there was queued six days ago
age()
{
	pkill -x dma
	touch -d '6 days ago' /var/spool/dma/[MQ]*
	dma -q1
	sleep 2
}
await 15 age

echo FULLBOUNCE >> /etc/dma/dma.conf
send --sendmail=$local ret-full $one
await 5
