#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make setup: installs the Debian packages that building, the demo and the tests need.
# When nothing is missing it says nothing, asks nobody and needs no network.
#
# The machine's own servers are left alone: no cluster of PostgreSQL is made or started by the
# installation, Postfix is installed without a configuration, no package is removed.
set -eu

# One package a line; "a|b" is satisfied by either, and the first is installed.
packages() {
	cat <<-END
	gcc
	libc6-dev
	make
	pkg-config|pkgconf
	perl
	libglib2.0-dev
	libmilter-dev
	libgmime-3.0-dev
	libjson-glib-dev
	libidn2-dev
	libpq-dev
	libesmtp-dev
	libssl-dev
	$(hyperscan)
	postfix
	END
	server=$(newest_server)
	if [ -n "$server" ]; then
		echo "postgresql-$server-pgtap"
	else
		echo postgresql
		echo pgtap
	fi
}

# The same API from two packages, one of which exists only for amd64.
hyperscan() {
	case $(dpkg --print-architecture) in
	amd64) echo 'libhyperscan-dev|libvectorscan-dev' ;;
	*) echo 'libvectorscan-dev|libhyperscan-dev' ;;
	esac
}

newest_server() {
	for initdb in /usr/lib/postgresql/*/bin/initdb; do
		[ -x "$initdb" ] && echo "$initdb" | cut -d/ -f5
	done | sort -n | tail -n 1
}

# One question to dpkg for all names; prints the lines that nothing satisfies.
missing() {
	names=$(packages | tr '|' '\n')
	# shellcheck disable=SC2086
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $names 2>/dev/null | sed -n 's/ installed$//p')
	packages | while IFS='|' read -r first second; do
		for name in "$first" "$second"; do
			if [ -n "$name" ] && printf '%s\n' "$installed" | grep -qx -- "$name"; then
				continue 2
			fi
		done
		echo "$first"
	done
}

fail() {
	printf 'setup: %s\n' "$*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# apt, quietly; what it said is shown when it fails.
apt() {
	as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1 </dev/null || {
		tail -n 30 "$log" >&2
		printf "setup: apt-get %s failed\n" "$1" >&2
		return 1
	}
}

# A first PostgreSQL server would make a cluster and start it; its own switch says not to.
without_cluster() {
	conf=/etc/postgresql-common/createcluster.conf
	[ -z "$(newest_server)" ] || { "$@"; return; }
	apt install --no-install-recommends --no-remove postgresql-common
	saved=$(mktemp)
	as_root cat "$conf" >"$saved"
	# shellcheck disable=SC2064
	trap "as_root cp '$saved' '$conf'; rm -f '$saved' '$log'" EXIT
	printf 'create_main_cluster = false\n' | as_root tee -a "$conf" >/dev/null
	"$@"
}

# A first Postfix would ask, configure itself and start.
postfix_without_configuration() {
	printf 'postfix postfix/main_mailer_type select No configuration\n' | as_root debconf-set-selections
}

another_mta() {
	dpkg-query -W -f '${Package} ${db:Status-Status} ${Provides}\n' 2>/dev/null |
		awk '$2 == "installed" && $1 != "postfix" && / mail-transport-agent/ { print $1 }' | head -n 1
}

command -v dpkg-query >/dev/null 2>&1 ||
	fail "this is no Debian. Needed: a C compiler, GNU make, pkg-config, perl, GLib, libmilter, GMime 3, json-glib," \
		"libidn2, libpq, libESMTP, OpenSSL, Hyperscan or Vectorscan, Postfix, PostgreSQL 15 or later with pgTAP"

wanted=$(missing | tr '\n' ' ')
wanted=${wanted% }
[ -n "$wanted" ] || exit 0

if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
	fail "these packages are missing, and there is no sudo to install them: $wanted"
fi
case " $wanted " in
*' postfix '*)
	mta=$(another_mta)
	[ -z "$mta" ] || fail "the tests need the package postfix, which would remove $mta of this machine." \
		"Run them where that does not matter: a container, a virtual machine"
	;;
esac

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "setup: installing $wanted"
echo "setup: apt-get update"
apt update || echo "setup: going on with the package lists that are there"
case " $wanted " in *' postfix '*) postfix_without_configuration ;; esac
echo "setup: apt-get install"
# shellcheck disable=SC2086
case " $wanted " in
*' postgresql '*) without_cluster apt install --no-install-recommends --no-remove $wanted ;;
*) apt install --no-install-recommends --no-remove $wanted ;;
esac
still=$(missing | tr '\n' ' ')
[ -z "$still" ] || fail "still missing after the installation: $still"
echo "setup: done"
