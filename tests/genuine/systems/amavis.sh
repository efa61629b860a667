# amavisd-new, a content filter: SPDX-License-Identifier: BSD-2-Clause
# packages: amavisd-new spamassassin

cat > "$WORK/scan" <<'C'
#!/bin/sh
grep -rqs TESTVIRUS "$1" && echo 'FOUND Test.Virus.4711' && exit 1
exit 0
C
chmod 755 "$WORK" "$WORK/scan"
cat > /etc/amavis/genuine.conf <<'C'
use strict;
$max_servers = 1;
$daemon_user = 'amavis';
$daemon_group = 'amavis';
$MYHOME = '/var/lib/amavis';
$TEMPBASE = "$MYHOME/tmp";
$db_home = "$MYHOME/db";
$QUARANTINEDIR = undef;
$pid_file = "$MYHOME/amavisd.pid";
$lock_file = "$MYHOME/amavisd.lock";
$enable_db = 0;
$mydomain = 'example.org';
$myhostname = 'mx.example.org';
$inet_socket_port = 10024;
$forward_method = 'smtp:[192.0.2.9]:25';
$notify_method = 'smtp:[192.0.2.9]:25';
@local_domains_maps = ('.');
$sa_local_tests_only = 1;
$sa_tag_level_deflt = -999;
$sa_tag2_level_deflt = 6;
$sa_kill_level_deflt = 6;
$sa_dsn_cutoff_level = undef;
$final_virus_destiny = D_BOUNCE;
$final_banned_destiny = D_BOUNCE;
$final_spam_destiny = D_BOUNCE;
$final_bad_header_destiny = D_BOUNCE;
$virus_quarantine_method = undef;
$spam_quarantine_method = undef;
$banned_files_quarantine_method = undef;
$bad_header_quarantine_method = undef;
@viruses_that_fake_sender_maps = (0);
$banned_filename_re = new_RE(qr'\.exe$'i);
@keep_decoded_original_maps = (1);
@av_scanners = (['Test scanner', '/genuine-work/scan', '{}', [0], [1], qr/FOUND (\S+)/]);
@decoders = ();
$log_level = 1;
$do_syslog = 0;
$logfile = '/var/lib/amavis/log';
1;
C
chmod 644 /etc/amavis/genuine.conf
mkdir -p /var/lib/amavis/tmp /var/lib/amavis/db
chown -R amavis: /var/lib/amavis
amavisd -c /etc/amavis/genuine.conf > "$WORK/log/start" 2>&1 \
	|| amavisd-new -c /etc/amavis/genuine.conf >> "$WORK/log/start" 2>&1
sleep 8

filter=127.0.0.1:10024
send --to=$filter --attach=setup.exe banned-attachment good.one@post.example.net
send --to=$filter --append=TESTVIRUS virus good.one@post.example.net
send --to=$filter --append='XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X' \
	spam good.one@post.example.net
send --to=$filter --header="$(printf 'X-Bad: b\344d')" bad-header good.one@post.example.net
send --to=$filter --attach=setup.exe banned-two-recipients good.one@post.example.net \
	good.two@post.example.net
await 20
cp /var/lib/amavis/log "$WORK/log/amavis.log"
