# Mailman 3: SPDX-License-Identifier: BSD-2-Clause
# packages: mailman3

cat > /etc/mailman3/genuine.cfg <<'C'
[mailman]
site_owner: postmaster@example.org
layout: local
[paths.local]
var_dir: /var/lib/mailman3/genuine
bin_dir: /usr/lib/mailman3/bin
[database]
url: sqlite:////var/lib/mailman3/genuine.db
[mta]
incoming: mailman.mta.null.NullMTA
lmtp_host: 127.0.0.1
lmtp_port: 8024
smtp_host: 192.0.2.9
smtp_port: 25
[runner.lmtp]
start: yes
C
mkdir -p /var/log/mailman3
chown -R list:list /var/lib/mailman3 /var/log/mailman3
chown list /etc/mailman3/genuine.cfg
mailman_run()
{
	su -s /bin/sh list -c "mailman -C /etc/mailman3/genuine.cfg $*" >> "$WORK/log/mailman" 2>&1
}
# one list per answer
for list in reject hold; do
	mailman_run create -d "$list@example.org"
	cat > "$WORK/setup.py" <<-C
		from mailman.interfaces.action import Action
		def setup(mlist):
		    mlist.default_nonmember_action = Action.$list
		    mlist.send_goodbye_message = False
	C
	mkdir -p "$WORK/python"
	cp "$WORK/setup.py" "$WORK/python/setup_$list.py"
	chmod -R a+rX "$WORK/python" "$WORK"
	su -s /bin/sh list -c "PYTHONPATH=$WORK/python mailman -C /etc/mailman3/genuine.cfg shell -l $list@example.org -r setup_$list.setup" \
		>> "$WORK/log/mailman" 2>&1
done
mailman_run start
# its runners take their time
for i in $(seq 60); do
	ss -ltn | grep -q :8024 && break
	sleep 1
done

# lmtp NAME RECIPIENT: the application's mail as the MTA hands it to Mailman
lmtp()
{
	token=$(collector "$1")
	perl -MNet::SMTP -e '
		package LMTP; our @ISA = ("Net::SMTP"); sub hello { my $s = shift; $s->command("LHLO", "mx.example.org"); $s->response == 2 }
		package main;
		my ($from, $to) = @ARGV;
		my $s = LMTP->new("127.0.0.1", Port => 8024, Timeout => 20) or die "no LMTP: $@";
		$s->mail($from) && $s->to($to) && $s->data(
			"From: Example Billing <$from>\nTo: $to\nSubject: Your invoice 4711\n" .
			"Message-ID: <4711.$$.inv\@app.example.org>\nX-Communication-ID: 4711\nMIME-Version: 1.0\n" .
			"Date: Sat, 21 Nov 2026 22:00:00 +0000\n" .
			"Content-Type: text/plain; charset=us-ascii\n\nDear customer,\n\nplease find your invoice below.\n");
		$s->quit;' "$token" "$2" >> "$WORK/log/lmtp" 2>&1
}
lmtp nonmember-rejected reject@example.org
lmtp nonmember-held hold@example.org
lmtp command-unknown reject-request@example.org
await 25
cp /var/lib/mailman3/genuine/logs/* "$WORK/log/" 2> /dev/null
mailman_run stop
