/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl rules: holds the rule files against their own examples. Needs no
 * database.
 */
#ifndef CTL_RULES_H
#define CTL_RULES_H

/* argv[0] is "rules". The exit status: 0, 1 if a rule is not as it should be,
 * 64 for a usage error, 78 for rules that cannot be loaded. */
int ctl_rules(int argc, char **argv);

#endif
