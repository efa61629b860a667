#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make lint-c: clang-tidy (.clang-tidy) and cppcheck, by compile_commands.json.
# usage: lint-c.sh BUILD_DIRECTORY
set -eu

build=$1
sources=$(sed -n 's/^ *"file" : "\(.*\)".*/\1/p' compile_commands.json | sort -u)
echo "$sources" | xargs -P "$(nproc)" -n 8 clang-tidy --quiet -p . 2>"$build/clang-tidy.log" || {
	grep -v 'warnings generated\|^$' "$build/clang-tidy.log" || true
	exit 1
}
mkdir -p "$build/cppcheck"
cppcheck --project=compile_commands.json --cppcheck-build-dir="$build/cppcheck" -j "$(nproc)" \
	--quiet --error-exitcode=1 --enable=warning,performance,portability \
	--inline-suppr --suppressions-list=tests/house/cppcheck.txt
