/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of reasons, generated from etc/reasons.txt.
 */
#include "classifier/rules/reason.h"

#include <string.h>

static const struct reason reasons[REASON_COUNT] = {
#define REASON(name, class, class_temporary, is_notice, about, meaning)                            \
	{#name, CLASS_##class, CLASS_##class_temporary, is_notice, ABOUT_##about, meaning},
#include "reasons.inc"
#undef REASON
};

const struct reason *reason_get(enum reason_id id)
{
	return &reasons[id];
}

const struct reason *reason_find(const char *name)
{
	for (size_t i = 0; i < REASON_COUNT; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return &reasons[i];
	return NULL;
}

const struct reason *reason_all(size_t *count_out)
{
	*count_out = REASON_COUNT;
	return reasons;
}

enum bounce_class reason_class(const struct reason *reason, enum permanence permanence)
{
	return permanence == PERMANENCE_TEMPORARY ? reason->class_temporary : reason->class;
}

const char *reason_class_name(enum bounce_class class)
{
	switch (class) {
	case CLASS_UNCLASSIFIED:
		return "unclassified";
	case CLASS_HARD:
		return "hard";
	case CLASS_SOFT:
		return "soft";
	case CLASS_AUTO_REPLY:
		return "auto_reply";
	case CLASS_TECHNICAL:
		return "technical";
	}
	return "unclassified";
}
