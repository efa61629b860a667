#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the genuine reports in tests/mails/genuine: each SYSTEM is installed
# with apt-get into an overlay of / that lives in memory, and run there in
# namespaces of its own (mounts, processes, host name, network) against the
# remote side of remote.pl. The machine keeps nothing of it. Needs root and
# Debian 12; run by hand, the results are committed.
#
# usage: sh tests/genuine/make.sh [SYSTEM...]      KEEP_LOGS=DIR keeps the logs
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$here/../mails/genuine}

[ "$(id -u)" = 0 ] || { echo "$0: needs root" >&2; exit 1; }
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$here/systems" && ls *.sh | sed 's/\.sh$//')

for system in "$@"; do
	[ -f "$here/systems/$system.sh" ] || { echo "$0: no such system: $system" >&2; exit 1; }
	work=$(mktemp -d "${TMPDIR:-/tmp}/genuine.XXXXXX")
	mkdir "$work/root" "$work/out" "$work/log"
	unshare --mount --uts --ipc --pid --fork --kill-child \
		sh "$here/overlay.sh" "$here" "$work" "$system" \
			|| echo "$system: failed, see the log" >&2
	if [ -n "${KEEP_LOGS:-}" ]; then
		mkdir -p "$KEEP_LOGS" && rm -rf "${KEEP_LOGS:?}/$system" \
			&& cp -r "$work/log" "$KEEP_LOGS/$system"
	fi
	if [ -d "$work/out/$system" ]; then
		mkdir -p "$out/$system"
		cp "$work/out/$system/"*.eml "$out/$system/"
	fi
	rm -rf "${work:?}"
done
