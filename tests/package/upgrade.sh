#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# From an older package, with a database that was used, to the one of today, and back again to the
# backup, in a chroot: /given has the old one as before.deb. Exits with 1 if anything is not as it
# should be.
set -u
# shellcheck source=tests/package/lib.sh
. /given/lib.sh
# shellcheck source=tests/package/filled.sh
. /given/filled.sh
mails=/given/mails samples=/given/samples
cd /given || exit 1

# a row a line, for who reads a failure
picture() { sudo -u postgres psql -XAtq bounce -f /given/picture.sql | sed 's/\], \[/],\n[/g'; }
refused_for_now() { foreign_bounce "$1" 2>&1 | grep '^4'; }
apt_install() { apt-get -y -o Dpkg::Options::=--force-confold install "$@"; }

# --- the state before ---------------------------------------------------------------------
shows 'the older package' apt_install ./before.deb
shows 'its database' sudo -u postgres bouncectl db create --bounce-domain bounces.example.org \
	--operator-mailbox operator@mx.example.org
shows 'its daemon' systemctl.test enable --now bounce-milter
attach_postfix /usr/share/doc/bounce-milter/examples/postfix
shows 'Postfix starts' start_mta postfix start
records_both_ways
shows 'mails, reports of every kind, and what people did' fill
echo '# mine' >>/etc/bounce-milter/bounce-milter.conf
path=$(return_path ben@example.net)
shows 'the daemon stops' stop_milter
shows 'a backup' sudo -u postgres sh -c 'pg_dump -Fc bounce >/tmp/backup'
picture >/tmp/before
recorded=$(bounces)

# --- upgrade ------------------------------------------------------------------------------
shows 'upgrade' apt_install ./bounce-milter_*.deb
shows 'keeps what the site has changed' grep -q '^# mine' /etc/bounce-milter/bounce-milter.conf
is 'the schema is older' "$(sudo -u postgres bouncectl db check 2>&1 | sed 's/[0-9]\+/N/g')" \
	'schema bounce is at version N, this program needs N'
systemctl.test enable --now bounce-milter &
start=$!
shows 'which the new daemon says' \
	wait_for grep 'run "bouncectl db migrate"' /var/log/bounce-milter.service.log
wait "$start"
shows 'a report is to be tried again meanwhile' refused_for_now "$path"
shows 'migrate' sudo -u postgres bouncectl db migrate
shows 'the schema fits' sudo -u postgres bouncectl db check
shows 'the audit finds nothing' sudo -u postgres bouncectl check
picture >/tmp/after
shows 'mails, reports, tasks and blocks are as they were' diff /tmp/before /tmp/after
shows 'the daemon starts' systemctl.test enable --now bounce-milter
shows '--check finds nothing wrong' bounce-milter --check
# the daemon, which has served since the upgrade, finds the new schema by itself
shows 'the report, sent again until it is taken' wait_for foreign_bounce "$path"
shows 'and recorded' wait_for has_bounces "$((recorded + 1))"
path=$(return_path no-such-user@mx.example.org)
echo test | sendmail -f "$path" no-such-user@mx.example.org
shows 'one of the own Postfix is recorded' wait_for has_bounces "$((recorded + 2))"
shows 'housekeeping' sudo -u bouncemilter bouncectl housekeeping
shows 'the audit still finds nothing' sudo -u postgres bouncectl check

# --- back to the backup, and to the package of that time ----------------------------------
shows 'the daemon stops' stop_milter
shows 'the database is lost' sudo -u postgres dropdb --force bounce
shows 'and restored' sudo -u postgres sh -c 'pg_restore -C -d postgres /tmp/backup'
shows 'the older package' apt_install --allow-downgrades ./before.deb
shows 'its schema fits' sudo -u postgres bouncectl db check
picture >/tmp/after
shows 'all is as it was' diff /tmp/before /tmp/after
shows 'the daemon starts' systemctl.test enable --now bounce-milter
path=$(return_path carl@example.net)
shows 'a report is taken' foreign_bounce "$path"
shows 'and recorded' wait_for has_bounces "$((recorded + 1))"
exit "$status"
