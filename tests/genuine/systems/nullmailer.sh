# nullmailer: SPDX-License-Identifier: BSD-2-Clause
# packages: nullmailer

# it hands everything to one relay, so that refusals of other hosts cannot be had
echo '192.0.2.10 smtp' > /etc/nullmailer/remotes
echo mx.example.org > /etc/nullmailer/me
echo example.org > /etc/nullmailer/defaultdomain
echo 1 > /etc/nullmailer/pausetime
echo 4 > /etc/nullmailer/queuelifetime
echo 4 > /etc/nullmailer/sendtimeout
su -s /bin/sh mail -c nullmailer-send > "$WORK/log/send-daemon" 2>&1 &

SKIP='connect-blocked connect-busy connect-silent eod-closed tls-required auth-required
sender-mail-from size-offered
helo-refused connection-refused no-route domain-unknown null-mx dns-servfail mx-unknown-host
no-mail-host mx-is-us'
SKIP=$(echo $SKIP)
local=/usr/sbin/sendmail
ONLY=$SOME
send_replies --sendmail=$local
send --sendmail=$local multi-one-failed good.one@post.example.net $one good.two@post.example.net
send --sendmail=$local multi-two-failed $one otto.braun@post.example.net
send --sendmail=$local --body=encoded original-quoted-printable $one
await 60
# the last word follows the notices of delay
sleep 15
