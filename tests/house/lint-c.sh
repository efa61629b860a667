#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make lint-c: clang-tidy (.clang-tidy) and cppcheck, by compile_commands.json.
# usage: lint-c.sh BUILD_DIRECTORY LAYER...
set -eu

build=$1
shift
layers=$*
sources=$(sed -n 's/^ *"file" : "\(.*\)".*/\1/p' compile_commands.json | sort -u)
echo "$sources" | xargs -P "$(nproc)" -n 8 clang-tidy --quiet -p . 2>"$build/clang-tidy.log" || {
	grep -v 'warnings generated\|^$' "$build/clang-tidy.log" || true
	exit 1
}
# The catalogues of sentences are 200,000 numbers, over each of which cppcheck takes its time.
mkdir -p "$build/cppcheck/gen"
cp "$build"/gen/*.inc "$build"/gen/*.h "$build/cppcheck/gen"
rm -f "$build"/cppcheck/gen/*.mo.inc
# Not the tests: it cannot parse g_assert_cmpint(a, ==, b). Not by compile_commands.json: it loses
# the quotes of -DBM_SYSCONFDIR="...".
# shellcheck disable=SC2086
cppcheck --cppcheck-build-dir="$build/cppcheck" -j "$(nproc)" --library=gtk --std=c11 \
	--quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
	--suppressions-list=tests/house/cppcheck.txt -I . -I "$build/cppcheck/gen" \
	-DBM_SYSCONFDIR='"/etc"' $layers
