/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Clears a verdict.
 */
#include "classifier/verdict/verdict.h"

#include <glib.h>

void verdict_clear(struct verdict *verdict)
{
	g_clear_pointer(&verdict->evidence, g_free);
}
