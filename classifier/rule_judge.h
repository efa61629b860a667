/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The verdict on a lone text, as if a mail system had said it of a recipient:
 * how a rule's examples are held against all the rules.
 */
#ifndef CLASSIFIER_RULE_JUDGE_H
#define CLASSIFIER_RULE_JUDGE_H

#include "classifier/classify.h"

/* The text is taken for the first field that the rule looks at (rule NULL: for
 * the diagnostic) of one failed recipient, its codes as they stand in it. The mail came from
 * sender@sender.example. Clear
 * with verdict_clear. */
void rule_judge(const struct ruleset *rules, const struct rule *rule, const char *text, struct verdict *verdict_out);

#endif
