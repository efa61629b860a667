#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the SQL files named on the command line, in that order, as rows of a C table:
# { version, "name", "file", "text" }; what has no number before its name has version 0.
# The texts become C string literals, a line each.
set -eu
for file; do
	base=$(basename "$file" .sql)
	case $file in
	*/migrations/*) version=$(expr "${base%%_*}" + 0) name=${base#*_} ;;
	*) version=0 name=$base ;;
	esac
	printf '{ %d, "%s", "%s",\n' "$version" "$name" "$file"
	sed -e 's/\\/\\\\/g' \
		-e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/	/\\t/g' -e 's/^/  "/' -e 's/$/\\n"/' "$file"
	printf '},\n'
done
