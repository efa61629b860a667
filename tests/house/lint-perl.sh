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
	# the name server of tests/genuine runs where its module is installed for it
	case $said in "$file syntax OK" | *Net::DNS::Nameserver*) continue ;; esac
	echo "$said"
	faults=1
done
# shellcheck disable=SC2086
perlcritic --quiet --profile .perlcriticrc $files || faults=1
exit $faults
