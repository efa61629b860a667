/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fills and clears a verdict.
 */
#include "classifier/verdict/verdict.h"

#include <glib.h>

void verdict_set(struct verdict *verdict, enum reason_id reason, const char *rule,
		 const char *evidence)
{
	verdict_clear(verdict);
	verdict->reason = reason_get(reason);
	verdict->rule = rule;
	verdict->evidence = g_strdup(evidence);
}

void verdict_clear(struct verdict *verdict)
{
	g_clear_pointer(&verdict->evidence, g_free);
}
