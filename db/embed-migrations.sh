#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the migrations named on the command line, in that order, as rows of a C
# table: { version, "name", "text" }. The texts become C string literals, a line each.
set -eu
for file; do
	base=$(basename "$file" .sql)
	version=${base%%_*}
	printf '{ %d, "%s",\n' "$(expr "$version" + 0)" "${base#*_}"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/	/\\t/g' -e 's/^/  "/' -e 's/$/\\n"/' "$file"
	printf '},\n'
done
