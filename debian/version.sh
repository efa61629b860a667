#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints the version of the sources in the folder it is called from: that of debian/changelog. In a
# clone, the time and name of the commit follow it, so that a newer one is an upgrade to apt; the
# commit of a release has the tag vVERSION, and the bare version.
set -eu
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)

# A foreign clone may be around us.
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ] &&
	! git describe --tags --exact-match --match "v$version" >/dev/null 2>&1; then
	format='format-local:%Y%m%d%H%M%S'
	version=$version+git$(TZ=UTC git log -1 --format=%cd.%h --abbrev=8 --date=$format)
fi
echo "$version"
