#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Unpacks Debian packages that cannot be installed beside Postfix; nothing of this machine changes.
# What is there already stays.
# usage: unpack.sh FOLDER PACKAGE...            "a|b": the first that this Debian has
set -eu

pick() {
	for name in $(echo "$1" | tr '|' ' '); do
		if LC_ALL=C apt-cache policy "$name" | grep -q 'Candidate: [0-9]'; then
			echo "$name"
			return
		fi
	done
	echo "unpack: there is no package $1" >&2
	exit 1
}

folder=$1
shift
[ ! -e "$folder/unpacked" ] || exit 0
rm -rf "$folder" && mkdir -p "$folder/packages"
cd "$folder/packages"
for package; do
	package=$(pick "$package")
	apt-get -q download "$package" >log 2>&1 || {
		cat log >&2
		exit 1
	}
done
for package in *.deb; do
	dpkg -x "$package" ..
done
cd .. && rm -r packages && : >unpacked
