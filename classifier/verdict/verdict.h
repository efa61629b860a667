/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The verdict on one recipient: reason, class, permanence, the rule that decided and the
 * words it matched.
 */
#ifndef CLASSIFIER_VERDICT_VERDICT_H
#define CLASSIFIER_VERDICT_VERDICT_H

#include "classifier/rules/reason.h"

struct verdict {
	const struct reason *reason;
	enum bounce_class class;
	enum permanence permanence;
	const char *rule; /* id of the rule, "status:X.1.1", "reply:552", "kind:delay" ...;
			     "" if none; owned by the ruleset */
	char *evidence;   /* the text that matched, or the code; heap; never NULL */
};

/* Copies the evidence. The class and the permanence stay. */
void verdict_set(struct verdict *verdict, enum reason_id reason, const char *rule,
		 const char *evidence);

void verdict_clear(struct verdict *verdict);

#endif
