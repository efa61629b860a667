/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What can be wrong with rules that load: rules that can never match, that are
 * shadowed by others, that have no example, or whose examples are decided otherwise.
 * Each fault is passed to a listener.
 */
#ifndef CLASSIFIER_VERDICT_RULE_CHECK_H
#define CLASSIFIER_VERDICT_RULE_CHECK_H

#include "classifier/rules/ruleset.h"

enum rule_fault {
	RULE_FAULT_NEVER,      /* the rule, or one of its patterns, can never match */
	RULE_FAULT_SHADOWED,   /* another rule decides everything that this one could */
	RULE_FAULT_SHADOWS,    /* a site's rule gives a shipped rule's example another reason */
	RULE_FAULT_NO_EXAMPLE, /* the rule has no example */
	RULE_FAULT_EXAMPLE,    /* an example does not lead to the rule's reason */
	RULE_FAULT_COUNTER,    /* a counter-example does */
};

/* "never", "shadowed" ... */
const char *rule_check_fault_name(enum rule_fault fault);

struct rule_check_fault {
	enum rule_fault kind;
	const struct rule *rule;
	unsigned line;    /* in the rule's file */
	const char *text; /* what is wrong, for people; valid during the call only */
};

struct rule_check_listener {
	void (*on_fault)(const struct rule_check_fault *fault, void *data);
	void *data;
};

/* Finds rules that cannot do their work. Returns the number of faults. */
unsigned rule_check_rules(const struct ruleset *rules, const struct rule_check_listener *listener);

/* The faults of one rule among them, and of those that it takes examples from: what the other says
 * of it, without asking about all the others. */
unsigned rule_check_one(const struct ruleset *rules, const char *id,
			const struct rule_check_listener *listener);

/* Classifies every example and counter-example. An example is right if its rule decides it,
 * or another rule of the same reason. Returns the number of faults. */
unsigned rule_check_examples(const struct ruleset *rules,
			     const struct rule_check_listener *listener);

#endif
