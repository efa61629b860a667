#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make coverage: builds for gcov in a folder of its own, runs the tests, then says how many lines
# of each layer were run and writes build/coverage/html/index.html.
# usage: coverage.sh test|check LAYER...
set -eu

tests=$1
shift
build=build/coverage
status=0

make -s --no-print-directory -j"$(nproc)" COVERAGE=1 CFLAGS='-Og -g -DINSTRUMENTED' all unit-tests
find "$build" -name '*.gcda' -delete
# the daemons run as nobody, and each process adds to the counters when it ends
find "$build" -type d -exec chmod a+rwx {} +
make -s --no-print-directory "$tests" COVERAGE=1 CFLAGS='-Og -g -DINSTRUMENTED' || status=$?

# gcovr SHOW...: the same options each time
report() {
	gcovr --root . --object-directory "$build" --exclude tests/ --exclude build/ \
		--gcov-ignore-parse-errors "$@"
}
mkdir -p "$build/html"
report --html-details "$build/html/index.html" --json "$build/coverage.json" >/dev/null
printf '\n%-12s %7s %7s %6s\n' layer lines run percent
for layer; do
	report --add-tracefile "$build/coverage.json" --filter "$layer/" --csv - 2>/dev/null |
		awk -F, -v layer="$layer" 'NR > 1 { lines += $2; run += $3 }
			END { printf "%-12s %7d %7d %6.1f\n", layer, lines, run, lines ? 100 * run \
				/ lines : 0 }'
done
echo "$build/html/index.html"
exit "$status"
