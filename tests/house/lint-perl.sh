#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make lint-perl: every Perl file compiles without a warning, and perlcritic (.perlcriticrc) has
# nothing to say.
set -eu

files=$(find demo tests -name '*.p[lm]' -o -name '*.t' | LC_ALL=C sort)
faults=0
for file in $files; do
	said=$(perl -Itests/lib -Idemo -Itests/genuine -c "$file" 2>&1) || true
	[ "$said" = "$file syntax OK" ] && continue
	echo "$said"
	faults=1
done
# shellcheck disable=SC2086
perlcritic --quiet --profile .perlcriticrc $files || faults=1
exit $faults
