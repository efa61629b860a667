/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What can be wrong with rules that load: those that can never match, that
 * stand behind others, that nobody has tried, whose examples say otherwise.
 * Each fault is told to a listener.
 */
#ifndef CLASSIFIER_VERDICT_RULE_CHECK_H
#define CLASSIFIER_VERDICT_RULE_CHECK_H

#include "classifier/rules/ruleset.h"

enum rule_fault {
	RULE_FAULT_NEVER,    /* it, or one of its patterns, can never match */
	RULE_FAULT_SHADOWED, /* what it would decide, another decides before */
	RULE_FAULT_SHADOWS, /* a site's rule decides, and otherwise, what a shipped one was made for
			     */
	RULE_FAULT_NO_EXAMPLE, /* it has no example */
	RULE_FAULT_EXAMPLE,    /* an example does not lead to the rule's reason */
	RULE_FAULT_COUNTER,    /* a counter-example does */
};

/* "never", "shadowed" ... */
const char *rule_fault_name(enum rule_fault fault);

struct rule_fault_heard {
	enum rule_fault fault;
	const struct rule *rule;
	unsigned line;    /* in the rule's file */
	const char *text; /* what is wrong, in words; as long as the call */
};

struct rule_listener {
	void (*hear)(const struct rule_fault_heard *fault, void *data);
	void *data;
};

/* Looks at how the rules are made. Returns the number of faults. */
unsigned rules_check(const struct ruleset *rules, const struct rule_listener *listener);

/* Asks the rules about every example and counter-example. An example is right if its rule
 * decides it, or another one of the same reason. Returns the number of faults. */
unsigned rules_test(const struct ruleset *rules, const struct rule_listener *listener);

#endif
