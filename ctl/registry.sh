#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Finds the commands: every line "CTL_COMMAND(name) = {" in the given files, in their order.
# Prints the list that ctl/registry.c includes.
# usage: registry.sh FILE...
set -eu
names=$(sed -n 's/^CTL_COMMAND(\([a-z_]*\)) = {$/\1/p' "$@")
[ -n "$names" ] || { echo 'registry.sh: no command' >&2; exit 1; }

for name in $names; do
	printf 'extern const struct ctl_command %s;\n' "$name"
done
printf '\nstatic const struct ctl_command *const commands[] = {\n'
for name in $names; do
	printf '    &%s,\n' "$name"
done
printf '    NULL,\n};\n'
