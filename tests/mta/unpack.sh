#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Unpacks Debian packages that cannot be installed beside Postfix; nothing of this machine changes.
# What is there already stays.
# usage: unpack.sh FOLDER PACKAGE...
set -eu
folder=$1
shift
[ ! -e "$folder/unpacked" ] || exit 0
rm -rf "$folder" && mkdir -p "$folder/packages"
cd "$folder/packages"
apt-get -q download "$@" >log 2>&1 || {
	cat log >&2
	exit 1
}
for package in *.deb; do
	dpkg -x "$package" ..
done
cd .. && rm -r packages && : >unpacked
