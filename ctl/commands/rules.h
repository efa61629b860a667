/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl rules: hold the rules against their own examples.
 */
#ifndef CTL_COMMANDS_RULES_H
#define CTL_COMMANDS_RULES_H

#include "classifier/rules/ruleset.h"
#include "ctl/framework/command.h"

extern const struct ctl_command ctl_rules_check;
extern const struct ctl_command ctl_rules_test;
extern const struct ctl_command ctl_rules_list;

/* Which rules: for the options of a command that asks no database. */
#define CTL_RULES_OPTIONS                                                                          \
	{"rules", "DIR", "the folder of the rule files", NULL},                                    \
	    {"site", "FILE", "the site's own rules, asked first", NULL},                           \
	{                                                                                          \
		"config", "FILE", "take rules_dir and site_rules from this file (-c)", NULL        \
	}

/* The rules of the call: those of its options, or of the configuration. NULL, said on
 * stderr, when they cannot be loaded: CTL_EXIT_CONFIG. */
struct ruleset *ctl_rules_load(const struct ctl_call *call);

#endif
