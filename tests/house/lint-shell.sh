#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make lint-shell: shellcheck over all shell scripts. The scripts of tests/genuine are read by
# inside.sh, which sets their variables and functions.
set -eu

find . -path ./build -prune -o -path ./run -prune -o -path ./.git -prune -o -type f -print |
	while read -r file; do
		case $file in
		*.sh) ;;
		*) head -n 1 "$file" | grep -q '^#!/bin/sh' || continue ;;
		esac
		case $file in
		./tests/genuine/systems/*) ;;
		*) echo "$file" ;;
		esac
	done | LC_ALL=C sort | xargs shellcheck --shell=sh --severity=warning
shellcheck --shell=sh --severity=warning --exclude=SC2034,SC2154,SC2164 tests/genuine/systems/*.sh
shellcheck --shell=bash --exclude=SC2207 etc/completion/bouncectl.bash
