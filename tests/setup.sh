#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What building, testing and linting need, in one table; installs what is missing (make setup) or
# only names it (make test, make lint, make coverage). When nothing is missing it says nothing,
# asks nobody and needs no network.
#
# The machine's own servers are left alone: no cluster of PostgreSQL is made or started by the
# installation, Postfix is installed without a configuration, Dovecot is masked before it comes (a
# server that was there already is not), no package is removed.
#
# usage: setup.sh install|check STAGE...        stages: build, server, ha, mta, browser, lint,
#                                               coverage, fuzz, package, debian
set -eu
# an ordinary user of Debian has no sbin there
PATH=$PATH:/usr/sbin:/sbin

# stage, Debian package ("a|b": either, the first is installed), and what shows that it is there:
# cmd:PROGRAM, pc:MODULE of pkg-config, header:FILE, perl:MODULE, file:PATTERN
needs() {
	cat <<-END
	build gcc cmd:${CC:-cc}
	build libc6-dev header:stdio.h
	build make cmd:make
	build pkg-config|pkgconf cmd:pkg-config
	build perl perl:Test::More
	build libglib2.0-dev pc:glib-2.0
	build libmilter-dev header:libmilter/mfapi.h
	build libgmime-3.0-dev pc:gmime-3.0
	build libjson-glib-dev pc:json-glib-1.0
	build libidn2-dev pc:libidn2
	build libpq-dev pc:libpq
	build libssl-dev pc:openssl
	build libmicrohttpd-dev pc:libmicrohttpd
	build gettext cmd:msgfmt
	build libcurl4-openssl-dev pc:libcurl
	server openssl cmd:openssl
	server bsdutils cmd:script
	server postfix file:/usr/sbin/postfix
	server dovecot-imapd file:/usr/lib/dovecot/imap
	server dovecot-pop3d file:/usr/lib/dovecot/pop3
	server libio-socket-ssl-perl perl:IO::Socket::SSL
	server libprotocol-http2-perl perl:Protocol::HTTP2
	server fetchmail cmd:fetchmail
	server getmail6 cmd:getmail
	$(postgresql)
	mta m4 cmd:m4
	mta dovecot-sieve file:/usr/lib/dovecot/modules/lib90_sieve_plugin.so
	browser chromium-headless-shell cmd:chromium-headless-shell
	browser nodejs cmd:node
	browser npm cmd:npm
	ha etcd-server cmd:etcd
	ha patroni cmd:patroni
	lint clang-tidy cmd:clang-tidy
	lint clang-format cmd:clang-format
	lint cppcheck cmd:cppcheck
	lint shellcheck cmd:shellcheck
	lint libperl-critic-perl cmd:perlcritic
	lint mandoc cmd:mandoc
	coverage gcovr cmd:gcovr
	fuzz clang cmd:clang
	package build-essential file:/var/lib/dpkg/info/build-essential.list
	package dpkg-dev cmd:dpkg-buildpackage
	package debhelper cmd:dh
	debian lintian cmd:lintian
	debian debootstrap cmd:debootstrap
	debian podman cmd:podman
	END
}

# Debian keeps one directory per version; the tests take the newest server, and pgTAP must fit it.
newest_server() {
	for initdb in /usr/lib/postgresql/*/bin/initdb; do
		[ ! -x "$initdb" ] || echo "$initdb" | cut -d/ -f5
	done | sort -n | tail -n 1
}

postgresql() {
	version=$(newest_server)
	if [ -n "$version" ]; then
		echo "server postgresql-$version-pgtap" \
			"file:/usr/share/postgresql/$version/extension/pgtap.control"
	else
		echo 'server postgresql cmd:initdb'
		echo 'server pgtap file:/usr/share/postgresql/*/extension/pgtap.control'
	fi
}

is_there() {
	name=${1#*:}
	case $1 in
	cmd:*) command -v "$name" ;;
	pc:*) pkg-config --exists "$name" ;;
	header:*) echo "#include <$name>" | ${CC:-cc} ${CPPFLAGS:-} -E - ;;
	perl:*) perl "-M$name" -e 1 ;;
	file:*) ls $name ;;
	esac >/dev/null 2>&1
}

# The packages of the stages whose sign is not found.
missing() {
	needs | while read -r stage package sign; do
		case " $stages " in
		*" $stage "*) is_there "$sign" || echo "${package%%|*}" ;;
		esac
	done
}

fail() {
	printf 'setup: %s\n' "$*" >&2
	exit 1
}

# --- installing ------------------------------------------------------------------------

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Root, sudo without a password, or somebody at the terminal who can type one.
may_be_root() {
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null ||
		{ [ -t 0 ] && command -v sudo >/dev/null 2>&1 && sudo -v; }
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
	printf 'postfix postfix/main_mailer_type select No configuration\n' |
		as_root debconf-set-selections
}

another_mta() {
	dpkg-query -W -f '${Package} ${db:Status-Status} ${Provides}\n' 2>/dev/null |
		awk '$2 == "installed" && $1 != "postfix" && / mail-transport-agent/ { print $1 }' |
		head -n 1
}

prepare_postfix() {
	mta=$(another_mta)
	[ -z "$mta" ] || fail \
		"the tests need the package postfix, which would remove $mta of this" \
		"machine. Run them where that does not matter: a container, a virtual machine"
	postfix_without_configuration
}

# A first Dovecot would listen on the ports of IMAP and POP3 at once, and after each boot.
mask_dovecot() {
	[ ! -e /usr/sbin/dovecot ] && command -v systemctl >/dev/null 2>&1 || return 0
	as_root systemctl mask --quiet dovecot.service dovecot.socket ||
		fail "cannot keep Dovecot from being started"
}

# A first etcd would listen at once, and after each boot.
mask_etcd() {
	! command -v etcd >/dev/null && command -v systemctl >/dev/null 2>&1 || return 0
	as_root systemctl mask --quiet etcd.service || fail "cannot keep etcd from being started"
}

install_packages() {
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	echo "setup: installing $*"
	echo "setup: apt-get update"
	apt update || echo "setup: going on with the package lists that are there"
	case " $* " in *' postfix '*) prepare_postfix ;; esac
	case " $* " in *' dovecot-'*) mask_dovecot ;; esac
	case " $* " in *' etcd-server '*) mask_etcd ;; esac
	echo "setup: apt-get install"
	case " $* " in
	*' postgresql '*) without_cluster apt install --no-install-recommends --no-remove "$@" ;;
	*) apt install --no-install-recommends --no-remove "$@" ;;
	esac
	echo "setup: done"
}

action=$1
shift
stages=$*
wanted=$(missing | tr '\n' ' ')
wanted=${wanted% }
[ -n "$wanted" ] || exit 0

[ "$action" = install ] || fail "missing (Debian's names): $wanted. make setup installs what" \
	"make check needs; otherwise: apt-get install $wanted"
command -v apt-get >/dev/null 2>&1 || fail "this is no Debian; missing (Debian's names): $wanted"
may_be_root || fail "missing, and neither root nor sudo is at hand to install it: $wanted"
# shellcheck disable=SC2086
install_packages $wanted
still=$(missing | tr '\n' ' ')
[ -z "$still" ] || fail "still missing after the installation: $still"
