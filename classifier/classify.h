/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From a report to one verdict per recipient: reason, class, the rule that
 * decided and the words it matched.
 */
#ifndef CLASSIFIER_CLASSIFY_H
#define CLASSIFIER_CLASSIFY_H

#include "classifier/reason.h"
#include "classifier/report.h"
#include "classifier/rules.h"

struct verdict {
	const struct reason *reason;
	enum bounce_class class;
	enum permanence permanence;
	const char *rule; /* id of the rule or code entry that decided, owned by the ruleset; "" if none */
	char *evidence;   /* the text that matched, or the code; heap; never NULL */
};

void verdict_clear(struct verdict *verdict);

/* The verdict on one recipient of the report; recipient NULL for a report that
 * names none. Never fails: in doubt CLASS_UNCLASSIFIED, never CLASS_HARD.
 * Thread-safe on one ruleset. Clear with verdict_clear. */
void classify(const struct ruleset *rules, const struct report *report, const struct report_recipient *recipient,
              struct verdict *verdict_out);

#endif
