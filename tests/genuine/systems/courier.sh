# Courier: SPDX-License-Identifier: BSD-2-Clause
# packages: courier-mta courier-authdaemon

cd /etc/courier || exit 1
echo mx.example.org > me
echo example.org > defaultdomain
printf 'localhost\nexample.org\nmx.example.org\n' > locals
printf 'localhost\nexample.org\n' > esmtpacceptmailfor
echo 6s > queuetime
echo 4h > warntime
echo 1s > retryalpha
echo 1 > retrybeta
echo 1s > retrygamma
echo 1 > retrymaxdelta
echo 3s > esmtptimeoutconnect
echo 3s > esmtptimeouthelo
echo 3s > esmtptimeout
echo 5s > esmtpdelay
cd /
for name in carol dave erin; do person $name; done
echo anna.keller@post.example.net > /home/carol/.courier
sed -i 's/^/!/' /home/carol/.courier
echo '|exit 77' > /home/dave/.courier
chown carol: /home/carol/.courier
chown dave: /home/dave/.courier
chmod 755 /home/*

courier_start()
{
	mkdir -p /run/courier
	chown courier: /run/courier
	authdaemond start > "$WORK/log/authdaemon" 2>&1
	courierfilter start > "$WORK/log/filter" 2>&1
	courier start > "$WORK/log/start" 2>&1
	sleep 2
}

queue()
{
	courier flush
}

courier_start
local=/usr/sbin/sendmail
ONLY=$SOME
send_replies --sendmail=$local
send --sendmail=$local --envid=inv-4711+3D7 envid $one
send --sendmail=$local --ret=HDRS ret-hdrs $one
send --sendmail=$local --ret=FULL --envid=QQ314159 ret-full $one
send --sendmail=$local --body=large --lines=150 large-original $one
send --sendmail=$local --body=encoded original-quoted-printable $one
send --sendmail=$local --body=latin1 original-latin1 $one
send --sendmail=$local multi-one-failed good.one@post.example.net $one good.two@post.example.net
send --sendmail=$local multi-two-failed $one otto.braun@post.example.net good.two@post.example.net
send --sendmail=$local multi-domains b.ortega@plain.example.net abel.cruz@gone.example.net
send --sendmail=$local local-program-failed dave@example.org
send --sendmail=$local forward-to-unknown carol@example.org
send --sendmail=$local --notify=success success-no-dsn-there good.one@plain.example.net
send --sendmail=$local --notify=success,fail success-local erin@example.org
await 60 queue

courier stop
sleep 2
echo 4d > /etc/courier/queuetime
echo 1s > /etc/courier/warntime
courier start
sleep 2
send --sendmail=$local delay-mailbox-full q.perez@post.example.net
send --sendmail=$local delay-refused-connection yan.frost@lake.example.com
await 20 queue
courier stop
