# mlmmj, a list manager: SPDX-License-Identifier: BSD-2-Clause
# packages: mlmmj

list=/var/spool/mlmmj/news
mkdir -p /var/spool/mlmmj
printf '%s\n' example.org owner@example.org en n | /usr/bin/mlmmj-make-ml -L news \
	> "$WORK/log/make" 2>&1
echo 192.0.2.9 > "$list/control/relayhost"

# post NAME: a posting to the list by the application
post()
{
	token=$(collector "$1")
	printf '%s\n' "Return-Path: <$token>" "From: Example Billing <$token>" \
		"To: news@example.org" \
		"Delivered-To: news@example.org" \
		"Date: $(date -R)" "Subject: Your invoice 4711" \
			"Message-ID: <${token%@*}.inv@app.example.org>" \
		"X-Communication-ID: 4711" "MIME-Version: 1.0" \
			"Content-Type: text/plain; charset=us-ascii" "" \
		"Dear customer," "" "please find your invoice below." > "$WORK/mail"
	/usr/bin/mlmmj-receive -F -L "$list" < "$WORK/mail" >> "$WORK/log/receive" 2>&1
}

: > "$list/control/subonlypost"
post only-subscribers
rm "$list/control/subonlypost"
echo 'deny ^Subject:.*invoice' > "$list/control/access"
post access-denied
rm "$list/control/access"
echo 100 > "$list/control/maxmailsize"
post too-large
await 10
