#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints a manual page with its list of commands as the program itself has it: what stands
# between the two marks is replaced.
# usage: manual.sh PROGRAM PAGE
set -eu
program=$1
page=$2
begin='^\.\\" commands: '
end='^\.\\" end of the commands'
grep -q "$begin" "$page" && grep -q "$end" "$page" || { echo "$page: no marks" >&2; exit 1; }

sed "/$begin/q" "$page"
"$program" manual
sed -n "/$end/,\$p" "$page"
