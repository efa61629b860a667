/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reasons and classes. A class is never decided directly: it follows from the
 * reason and from how final the report is, by one table (reasons.def here,
 * bounce.bounce_reason in the database, where an administrator can change it).
 */
#ifndef CLASSIFIER_REASON_H
#define CLASSIFIER_REASON_H

#include <stddef.h>

enum bounce_class {
	CLASS_UNCLASSIFIED,
	CLASS_HARD,
	CLASS_SOFT,
	CLASS_AUTO_REPLY,
	CLASS_TECHNICAL,
};

/* How final the refusal is by its codes: 5yz or 5.x.x against 4yz or 4.x.x. */
enum permanence {
	PERMANENCE_UNKNOWN,
	PERMANENCE_PERMANENT,
	PERMANENCE_TEMPORARY,
};

struct reason {
	const char *name;                  /* "user_unknown" */
	enum bounce_class class;           /* permanent or unknown */
	enum bounce_class class_temporary; /* with a 4.x.x status or 4yz reply */
	const char *meaning;               /* one line for people */
};

/* The reason of that name, or NULL. */
const struct reason *reason_find(const char *name);
/* All reasons in the order of reasons.def; count in *count_out. Static. */
const struct reason *reason_all(size_t *count_out);

enum bounce_class reason_class(const struct reason *reason, enum permanence permanence);

const char *bounce_class_name(enum bounce_class class);   /* "hard", "soft", "auto_reply", "technical", "unclassified" */
const char *permanence_name(enum permanence permanence); /* "permanent", "temporary", "unknown" */

#endif
