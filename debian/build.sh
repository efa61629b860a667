#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make deb: builds the package from a clean copy of the tree in DIR, with Debian's own tools. Every
# date in it is that of debian/changelog, so that a second build is the same to the byte.
# usage: build.sh DIR; prints the name of the package
set -eu
dir=$1
version=$(sh debian/version.sh)
source=$dir/bounce-milter-$version

files() {
	if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . \( -path ./build -o -path ./run \) -prune -o -type f -print0
	fi
}

rm -rf "$dir"
mkdir -p "$source"
files | LC_ALL=C sort -z | tar --create --null --files-from=- --ignore-failed-read |
	tar --extract --directory "$source"
sed -i "1s/(.*)/($version)/" "$source/debian/changelog"
# the tree's own tests are run by make check: DEB_BUILD_OPTIONS= runs those without a server here
(cd "$source" && DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-nocheck} \
	dpkg-buildpackage --build=binary --unsigned-changes --unsigned-buildinfo) \
	>"$dir/log" 2>&1 || {
	tail -n 30 "$dir/log" >&2
	exit 1
}
ls "$dir/bounce-milter_$version"_*.deb
