#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Makes a fresh Debian in DIR with what the README takes for granted: sudo, PostgreSQL, Postfix.
# usage: fresh.sh SUITE DIR
set -eu
suite=$1 dir=$2

debootstrap --variant=minbase --include=ca-certificates "$suite" "$dir" \
	"${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
# nothing starts by itself in a chroot
printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d"
chmod 755 "$dir/usr/sbin/policy-rc.d"
unshare --mount sh -c '
	mount -t proc proc "$1/proc"
	DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$1" apt-get install -y \
		--no-install-recommends sudo postgresql postfix iproute2
	' sh "$dir"
touch "$dir/prepared"
