/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The verdict on a single text, as if it were the diagnostic of a refusal: how the
 * examples of a rule are tried on all rules.
 */
#ifndef CLASSIFIER_VERDICT_RULE_TRIAL_H
#define CLASSIFIER_VERDICT_RULE_TRIAL_H

#include <stdbool.h>

#include "classifier/verdict/classify.h"

/* The text is taken for the first field that the rule looks at (rule NULL: for
 * the diagnostic) of one failed recipient, its codes as they stand in it. If the rule
 * names a host, that is the remote one, as far as the pattern says which. The mail came
 * from sender@sender.example. Clear with verdict_clear. */
void rule_trial_judge(const struct ruleset *rules, const struct rule *rule, const char *text,
		      struct verdict *verdict_out);

/* False if no host name can be made up for the rule's host pattern: its examples cannot
 * be tried. */
bool rule_trial_is_possible(const struct rule *rule);

/* The same for classify_explain. */
void rule_trial_explain(const struct ruleset *rules, const struct rule *rule, const char *text,
			const struct classify_listener *listener);

#endif
