#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Installed from the sources on a fresh Debian, in its chroot: /given has them in source.tar and, in
# the file install, the commands of doc/install.md. Exits with 1 if anything is not as it should be.
set -u
# shellcheck source=tests/package/lib.sh
. /given/lib.sh

mta() { cat /etc/postfix/main.cf /etc/postfix/master.cf | sha256sum; }

before=$(mta)
mkdir /root/source
cd /root/source || exit 1
tar xf /given/source.tar
shows 'make, and what the document says of containers' apt-get -y install \
	--no-install-recommends make systemd-standalone-sysusers systemd-standalone-tmpfiles

# --- doc/install.md, line by line ---------------------------------------------------------
shows 'every command of the document' bash -e -x /given/install
is "the mail server's configuration is untouched" "$(mta)" "$before"
is 'nor is a second cluster made' "$(pg_lsclusters -h | wc -l)" 1
shows 'the database' sudo -u postgres bouncectl db create \
	--bounce-domain bounces.example.org --operator-mailbox operator@example.org
shows 'the daemon starts' systemctl.test enable --now bounce-milter
is 'as its own account' "$(stat -c %U /proc/"$(pidof bounce-milter)")" bouncemilter
is 'who may reach its socket' \
	"$(stat -c '%U %G %a' /var/spool/postfix/bounce-milter/socket)" 'bouncemilter postfix 660'
shows 'man page' test -e /usr/local/share/man/man1/bouncectl.1

cd / || exit 1
attach_postfix /usr/local/share/doc/bounce-milter/examples/postfix
shows 'Postfix starts' start_mta postfix start
records_both_ways
shows '--check finds nothing wrong' bounce-milter --check

cd /root/source || exit 1
# --- and away again -----------------------------------------------------------------------
shows 'the daemon stops' stop_milter
shows 'make uninstall' make -s uninstall
is 'leaves the configuration only' \
	"$(find /usr/local /etc -name '*bounce*' ! -path '/etc/bounce-milter*')" ''
exit "$status"
