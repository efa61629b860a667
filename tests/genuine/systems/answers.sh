# Small programs that answer: SPDX-License-Identifier: BSD-2-Clause
# packages: msmtp-mta vacation maildrop procmail

printf 'account default\nhost 192.0.2.9\nport 25\ntls off\nauto_from off\nsyslog off\n' \
	> /etc/msmtprc

# incoming NAME USER: the application's mail, as the delivery agent hands it over
incoming()
{
	token=$(collector "$1")
	printf '%s\n' "From $token $(date)" "Return-Path: <$token>" \
		"From: Example Billing <$token>" "To: $2@example.org" \
		"Date: $(date -R)" "Subject: Your invoice 4711" \
			"Message-ID: <${token%@*}.inv@app.example.org>" \
		"X-Communication-ID: 4711" "MIME-Version: 1.0" \
			"Content-Type: text/plain; charset=us-ascii" "" \
		"Dear customer," "" "please find your invoice below." > "$WORK/mail"
	chmod 644 "$WORK/mail"
}

chmod 755 "$WORK"
person anton
printf 'From: anton@example.org\nSubject: away from my mail\nPrecedence: bulk\n\nI will not be reading my mail for a while. Your mail about "$SUBJECT"\nwill be read when I return on 30 November.\n' > /home/anton/.vacation.msg
chown anton: /home/anton/.vacation.msg
su anton -c 'vacation -i' > "$WORK/log/vacation" 2>&1
incoming vacation anton
su anton -c 'vacation anton' < "$WORK/mail" >> "$WORK/log/vacation" 2>&1

echo 'Thank you for your mail. Our office is closed until 2 December.' > "$WORK/text"
printf 'Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nIch bin bis zum 5. Dezember nicht im B=FCro.\n' > "$WORK/latin1"
chmod 644 "$WORK/text" "$WORK/latin1"
mailbot_as()
{
	incoming "$1" berta
	shift
	mailbot -t "$WORK/text" -c utf-8 -A 'From: berta@example.org' "$@" < "$WORK/mail" \
		>> "$WORK/log/mailbot" 2>&1
}
relay="/usr/sbin/sendmail -t -f berta@example.org"
mailbot_as mailbot-reply $relay
mailbot_as mailbot-dsn -T replydsn -N -M berta@example.org $relay
incoming mailbot-latin1 berta
mailbot -m "$WORK/latin1" -N -A 'From: berta@example.org' $relay < "$WORK/mail" \
	>> "$WORK/log/mailbot" 2>&1
echo 'This is an abuse report for a message received from 192.0.2.1.' > "$WORK/text"
mailbot_as arf-abuse -T replyfeedback -N -R abuse --feedback-original-rcpt-to \
	'<berta@example.org>' \
	--feedback-source-ip 192.0.2.1 --feedback-original-mail-from "<$token>" $relay
mailbot_as arf-fraud-full -T replyfeedback -a -N -R fraud $relay

# the example of procmailex(5)
person cecil
cat > /home/cecil/.procmailrc <<'C'
SHELL=/bin/sh
DEFAULT=/home/cecil/mbox
:0 h
* !^X-Loop: cecil@example.org
| (formail -r -I"Precedence: junk" -A"X-Loop: cecil@example.org" -I"From: cecil@example.org"; \
   echo "I received your mail, but I will not be back until Monday.") | /usr/sbin/sendmail -t -f cecil@example.org
C
chown cecil: /home/cecil/.procmailrc
incoming procmail cecil
su cecil -c 'procmail -d cecil' < "$WORK/mail" > "$WORK/log/procmail" 2>&1
await 5
