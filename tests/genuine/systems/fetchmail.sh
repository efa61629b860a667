# fetchmail, which bounces what the local SMTP server refuses: SPDX-License-Identifier: BSD-2-Clause
# packages: fetchmail dovecot-pop3d

# it hands its bounces to the SMTP server of the same host
printf 'relay.example.org\t127.0.0.1\t8BITMIME\n' > "$WORK/hosts"
perl /genuine/remote.pl "$WORK/hosts" /genuine/replies.tsv "$WORK/names" "$WORK/out" \
	> "$WORK/log/relay" 2>&1 &

person anton
cat > /etc/dovecot/genuine.conf <<'C'
protocols = pop3
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
log_path = /dev/stderr
mail_location = maildir:/home/anton/Maildir
first_valid_uid = 0
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=anton gid=anton home=/home/anton
}
C
dovecot -F -c /etc/dovecot/genuine.conf > "$WORK/log/dovecot" 2>&1 &
sleep 2

# fetch NAME ADDRESS: a mail in the POP box, refused for ADDRESS
fetch()
{
	token=$(collector "$1")
	mkdir -p /home/anton/Maildir/new /home/anton/Maildir/cur /home/anton/Maildir/tmp
	printf '%s\n' "Return-Path: <$token>" "From: Example Billing <billing@example.org>" \
		"To: anton@example.org" \
		"Date: $(date -R)" "Subject: Your invoice 4711" \
			"Message-ID: <${token%@*}.inv@app.example.org>" \
		"X-Communication-ID: 4711" "MIME-Version: 1.0" \
			"Content-Type: text/plain; charset=us-ascii" "" \
		"Dear customer," "" "please find your invoice below." > "/home/anton/Maildir/new/$1"
	chown -R anton: /home/anton/Maildir
	cat > "$WORK/fetchmailrc" <<-C
		set bouncemail
		set no softbounce
		poll 127.0.0.1 proto pop3 user anton pass secret sslproto '' smtphost $3 smtpname $2
	C
	chmod 600 "$WORK/fetchmailrc"
	timeout 20 fetchmail -v -f "$WORK/fetchmailrc" --nosyslog >> "$WORK/log/fetchmail" 2>&1
}

fetch 550-user-unknown anna.keller@post.example.net 192.0.2.10
fetch 550-no-such-user-plain b.ortega@plain.example.net 192.0.2.20
fetch 552-mailbox-full otto.braun@post.example.net 192.0.2.10
fetch 554-spam-eod xenia.bell@post.example.net 192.0.2.10
fetch 550-policy cora.reed@post.example.net 192.0.2.10
await 5
