#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The life of the package on a fresh Debian, in its chroot: /given has the packages, in the file
# install the commands of the README, and in attach those by which doc/install.md attaches Postfix.
# Exits with 1 if anything is not as it should be.
set -u
# shellcheck source=tests/package/lib.sh
. /given/lib.sh

mta() { cat /etc/postfix/main.cf /etc/postfix/master.cf | sha256sum; }

before=$(mta)

# --- the README, line by line -----------------------------------------------------------
cd /given || exit 1
make_person
sed -e 's/^    sudo apt install /&-y /' -e 's/^    sudo systemctl /    sudo systemctl.test /' \
	install >/tmp/install
# the last command tells that no mail server is attached yet, and nothing else
tail -n 1 /tmp/install >/tmp/last
sed -i '$d' /tmp/install
shows 'every command of the README' as_eva /tmp/install
su - eva -c 'bash /tmp/last' >/tmp/faults 2>&1
is 'of which the last one says by its exit status that no mail server is attached' "$?" 1
is 'and finds no other fault' "$(grep '^FAULT' /tmp/faults | grep -v '^FAULT *Postfix ')" ''
is "the mail server's configuration is untouched" "$(mta)" "$before"
socket=/var/spool/postfix/bounce-milter/socket
is 'who may reach the socket' "$(stat -c '%U %G %a' $socket)" 'bouncemilter postfix 660'
is 'and its folder' "$(stat -c '%U %G %a' ${socket%/*})" 'bouncemilter postfix 2750'
is 'the account is that of the unit' "$(stat -c %U /proc/"$(pidof bounce-milter)")" bouncemilter
is 'as she is nobody yet, the database does not know her' \
	"$(su - eva -c 'bouncectl status' 2>&1 | grep -c 'role "eva" does not exist')" 1
shows 'the roles of the README' as_eva /given/roles
shows 'with them she asks' su - eva -c 'bouncectl status'
shows 'and changes' su - eva -c 'bouncectl params set resend_max_attempts 4'
shows 'man page' test -e /usr/share/man/man1/bouncectl.1.gz
shows 'bouncectl, for a person without rights' bouncectl --version

# --- attached by the document, line by line: both ways of a bounce -----------------------------
is 'the last line starts Postfix' "$(sed -n '$p' attach)" '    sudo systemctl restart postfix'
sed '$d' attach >/tmp/attach
shows 'every command that attaches Postfix' as_eva /tmp/attach
settle_postfix
shows 'Postfix starts' start_mta postfix start
records_both_ways
shows '--check finds nothing wrong any more' bounce-milter --check

# --- upgrade ----------------------------------------------------------------------------------
echo '# mine' >>/etc/bounce-milter/bounce-milter.conf
attached=$(mta)
shows 'a backup, with mails in it' sudo -u postgres sh -c 'pg_dump -Fc bounce >/tmp/backup'
shows 'upgrade' apt-get -y -o Dpkg::Options::=--force-confold install ./next.deb
shows 'keeps what the site has changed' grep -q '^# mine' /etc/bounce-milter/bounce-milter.conf
is 'and what was recorded' "$(bounces)" 2
shows 'the schema fits' sudo -u postgres bouncectl db check

# --- back to the backup, and to the package of that time ------------------------------------
path=$(return_path ben@example.net)
shows 'a report after the backup is taken' foreign_bounce "$path"
shows 'and recorded' wait_for has_bounces 3
shows 'the daemon stops' stop_milter
shows 'the database is lost' sudo -u postgres dropdb --force bounce
shows 'and restored' sudo -u postgres sh -c 'pg_restore -C -d postgres /tmp/backup'
shows 'the package before' apt-get -y -o Dpkg::Options::=--force-confold --allow-downgrades \
	install ./bounce-milter_*.deb
shows 'its schema fits' sudo -u postgres bouncectl db check
is 'what was recorded is there' "$(bounces)" 2
shows 'the daemon starts' systemctl.test enable --now bounce-milter
shows '--check finds nothing wrong' bounce-milter --check
path=$(return_path carl@example.net)
shows 'a report is taken' foreign_bounce "$path"
shows 'and recorded' wait_for has_bounces 3

# --- removal, purge -------------------------------------------------------------------------
shows 'the daemon stops' stop_milter
shows 'removal' apt-get -y remove bounce-milter
shows 'keeps the configuration' test -e /etc/bounce-milter/bounce-milter.conf
shows 'and takes the programs' test ! -e /usr/sbin/bounce-milter
shows 'purge' apt-get -y purge bounce-milter
is 'leaves nothing' "$(find / -xdev \( -path /proc -o -path /given -o -path /tmp \
	-o -path /var/cache -o -path /var/log \) -prune -o \( -path '*bounce-milter*' \
	-o -path '*bounce-delivery*' -o -path '*bounce-fetch*' -o -path '*bounce-console*' \
	-o -path '*bouncectl*' \) -print)" ''
is 'the database stays' "$(bounces)" 3
is 'and the mail server as its administrator left it' "$(mta)" "$attached"
exit "$status"
