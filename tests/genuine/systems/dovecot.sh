# Dovecot's delivery agent with Sieve: SPDX-License-Identifier: BSD-2-Clause
# packages: dovecot-core dovecot-sieve

cat > /etc/dovecot/genuine.conf <<'C'
hostname = mx.example.org
postmaster_address = postmaster@example.org
mail_location = maildir:~/Maildir
submission_host = 192.0.2.9:25
log_path = /dev/stderr
protocols =
ssl = no
plugin {
  quota = maildir:User quota
  quota_rule = *:bytes=200
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_extensions = +vacation-seconds
}
protocol lda {
  mail_plugins = sieve
}
C
sed 's/mail_plugins = sieve/mail_plugins = quota sieve/' /etc/dovecot/genuine.conf \
	> /etc/dovecot/quota.conf
chmod 644 /etc/dovecot/*.conf

# lda USER NAME [CONF]: one mail into the box of USER
lda()
{
	person "$1"
	cat > "/home/$1/.dovecot.sieve"
	[ -s "/home/$1/.dovecot.sieve" ] || rm "/home/$1/.dovecot.sieve"
	chown "$1:" "/home/$1/".*sieve 2> /dev/null
	token=$(collector "$2")
	printf '%s\n' "From: Example Billing <billing@example.org>" "To: $1@example.org" \
		"Date: $(date -R)" "Subject: Your invoice 4711" \
			"Message-ID: <${token%@*}.inv@app.example.org>" \
		"X-Communication-ID: 4711" "MIME-Version: 1.0" \
			"Content-Type: text/plain; charset=us-ascii" "" \
		"Dear customer," "" "please find your invoice below." > "$WORK/mail"
	chmod 644 "$WORK/mail"
	su "$1" -c \
		"/usr/lib/dovecot/dovecot-lda -c /etc/dovecot/${3:-genuine}.conf -f $token -a $1@example.org" \
		< "$WORK/mail" >> "$WORK/log/lda" 2>&1
}

chmod 755 "$WORK"
lda anton vacation <<'C'
require "vacation";
vacation "I am out of the office until 30 November and will answer your mail then.";
C
lda berta vacation-subject <<'C'
require "vacation";
vacation :days 7 :subject "Automatische Antwort: Ich bin im Urlaub" :from "Berta Blum <berta@example.org>"
"Vielen Dank für Ihre Nachricht. Ich bin bis 5. Dezember nicht im Büro.
In dringenden Fällen wenden Sie sich bitte an office@example.org.";
C
lda cecil vacation-mime <<'C'
require "vacation";
vacation :mime text:
Content-Type: multipart/alternative; boundary=foo

--foo
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Je suis absent jusqu'au 2 d=C3=A9cembre.

--foo
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Je suis absent jusqu'au <b>2 d=C3=A9cembre</b>.</p>

--foo--
.
;
C
lda dora reject <<'C'
require "reject";
reject "I do not take invoices at this address.";
C
: | lda fritz quota-exceeded quota
await 5
