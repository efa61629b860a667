#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the files named on the command line as rows of a C table: { "name", "text" }. The texts
# become C string literals, a line each.
set -eu
for file; do
	base=$(basename "$file")
	printf '{ "%s",\n' "${base%.html}"
	sed -e 's/\\/\\\\/g' \
		-e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/	/\\t/g' -e 's/^/  "/' -e 's/$/\\n"/' "$file"
	printf '},\n'
done
