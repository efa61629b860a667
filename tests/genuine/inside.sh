#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Inside the overlay and a network of its own: starts the name server and the
# remote side, then lets systems/SYSTEM.sh configure, start and use the mail
# system. Gives it the functions below.
set -u

SYSTEM=$1
WORK=/genuine-work
export SYSTEM WORK
mkdir -p "$WORK/names" "$WORK/out"

ip link set lo up
ip addr add 192.0.2.1/24 dev lo
echo 'nameserver 127.0.0.1' > /etc/resolv.conf

# a listener for syslog
perl -MIO::Socket::UNIX -e '
	my $log = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/dev/log") or die $!;
	chmod 0666, "/dev/log";
	while (defined $log->recv(my $line, 8192)) { print "$line\n"; STDOUT->flush }' \
	> "$WORK/log/syslog" 2>&1 &
perl /genuine/dns.pl /genuine/hosts.tsv > "$WORK/log/dns" 2>&1 &
perl /genuine/remote.pl /genuine/hosts.tsv /genuine/replies.tsv "$WORK/names" "$WORK/out" \
	> "$WORK/log/remote" 2>&1 &
sleep 1

# send [--option...] NAME RECIPIENT...
send()
{
	perl /genuine/send.pl "$@" 2>> "$WORK/log/send"
}

# a choice of rows for the systems that tell little more than the reply itself
SOME='550-user-unknown 550-no-such-user-plain 550-multiline 550-qmail-style 550-german-8bit
550-disabled 551-moved
552-mailbox-full 554-quota-eod 452-over-quota 450-greylisted 451-greylisted-plain 554-spam-eod
552-too-large 550-policy
550-dmarc 554-blocklist 553-sender 554-loop 550-bare 500-syntax connect-blocked connect-busy
connect-silent eod-closed
tls-required auth-required sender-mail-from helo-refused connection-refused domain-unknown null-mx
dns-servfail
mx-unknown-host no-mail-host mx-is-us'
SOME=$(echo $SOME)

# send_replies [--option...]: one mail for every row of replies.tsv but those in
# SKIP, or only for those in ONLY
send_replies()
{
	grep -v '^[#-]' /genuine/replies.tsv | while IFS='	' read -r name recipient _; do
		case " $(echo ${SKIP:-}) " in *" $name "*) continue ;; esac
		case " ${ONLY:-$name} " in *" $name "*) ;; *) continue ;; esac
		send "$@" "$name" "$recipient"
	done
}

one=anna.keller@post.example.net

# send_forms: one refused recipient, in every form that a report may have to repeat
send_forms()
{
	send --envid=inv-4711+3D7 --orcpt='rfc822;Anna+2BKeller@shop.example.net' envid-orcpt $one
	send --ret=HDRS ret-hdrs $one
	send --ret=FULL --envid=QQ314159 ret-full $one
	send --body=large --lines=150 large-original $one
	send --body=long-lines long-lines $one
	send --body=encoded original-quoted-printable $one
	send --body=latin1 original-latin1 $one
	send multi-one-failed good.one@post.example.net $one good.two@post.example.net
	send multi-two-failed $one otto.braun@post.example.net good.two@post.example.net
}

# collector NAME: an address whose mail is kept as NAME.eml
collector()
{
	token=$(printf '%s' "$SYSTEM/$1" | md5sum | cut -c 1-16)
	echo "$SYSTEM/$1" > "$WORK/names/$token"
	echo "bounce+$token@bounces.example.org"
}

# forget NAME: no mail of that name is to come
forget()
{
	rm "$WORK/names/$(printf '%s' "$SYSTEM/$1" | md5sum | cut -c 1-16)"
}

# await SECONDS [COMMAND]: until every named mail is there, running COMMAND meanwhile
await()
{
	end=$(($(date +%s) + $1))
	while [ "$(date +%s)" -lt "$end" ]; do
		missing=
		for name in "$WORK"/names/*; do
			[ -f "$WORK/out/$(cat "$name").eml" ] || missing="$missing $(cat "$name")"
		done
		[ -n "$missing" ] || break
		${2:-true} > /dev/null 2>&1
		sleep 1
	done
	[ -z "$missing" ] || echo "$SYSTEM: never came:$missing"
}

person()
{
	useradd -m -s /bin/sh "$1"
}

# shellcheck disable=SC1090
. "/genuine/systems/$SYSTEM.sh"
echo "$SYSTEM: $(ls "$WORK/out/$SYSTEM" | wc -l) mails"
