/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reasons and classes. A class is never decided directly: it follows from the reason
 * and the permanence, by one table: etc/reasons.txt, compiled in, and
 * bounce.bounce_reason in the database, where an operator can change the classes.
 */
#ifndef CLASSIFIER_RULES_REASON_H
#define CLASSIFIER_RULES_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/rules/permanence.h"

enum bounce_class {
	CLASS_UNCLASSIFIED,
	CLASS_HARD,
	CLASS_SOFT,
	CLASS_AUTO_REPLY,
	CLASS_TECHNICAL,
};

/* What a refusal for that reason speaks of. */
enum reason_about {
	ABOUT_ANY,     /* maybe of the sender, of us, or of everybody */
	ABOUT_ONE,     /* of one recipient, or of one mail */
	ABOUT_CONTENT, /* of one mail, if its content has been read */
};

struct reason {
	const char *name;                  /* "user_unknown" */
	enum bounce_class class;           /* permanent or unknown */
	enum bounce_class class_temporary; /* with a 4.x.x status or 4yz reply */
	bool is_notice;                    /* no failed delivery: logged, changes nothing */
	enum reason_about about;
	const char *meaning; /* one line for people */
};

/* REASON_user_unknown and so on: one for each reason, the index into reason_all(). */
enum reason_id {
#define REASON(name, class, class_temporary, is_notice, about, meaning) REASON_##name,
#include "reasons.inc"
#undef REASON
	REASON_COUNT,
};

const struct reason *reason_get(enum reason_id id);
/* The reason of that name, or NULL. */
const struct reason *reason_find(const char *name);
/* All reasons in the order of etc/reasons.txt; count in *count_out. Static. */
const struct reason *reason_all(size_t *count_out);

enum bounce_class reason_class(const struct reason *reason, enum permanence permanence);

const char *reason_class_name(
    enum bounce_class class); /* "hard", "soft", "auto_reply", "technical", "unclassified" */

#endif
