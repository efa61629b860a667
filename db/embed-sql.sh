#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the files named on the command line, in that order, as rows of a C table:
# { version, "name", "text" }; what has no number before its name has version 0. The
# texts become C string literals, a line each.
set -eu
for file; do
	base=$(basename "$file" .sql)
	case $base in
	[0-9]*) printf '{ %d, "%s",\n' "$(expr "${base%%_*}" + 0)" "${base#*_}" ;;
	*) printf '{ 0, "%s",\n' "$base" ;;
	esac
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/	/\\t/g' -e 's/^/  "/' -e 's/$/\\n"/' "$file"
	printf '},\n'
done
