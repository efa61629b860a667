/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ranges, because a server limits the length of a command.
 */
#include "fetch/imap/uid_set.h"

char *imap_uid_set(const GArray *uids)
{
	GString *set = g_string_new(NULL);

	for (guint i = 0; i < uids->len; i++) {
		guint32 first = g_array_index(uids, guint32, i);
		guint32 last = first;

		while (i + 1 < uids->len && g_array_index(uids, guint32, i + 1) == last + 1)
			last = g_array_index(uids, guint32, ++i);
		g_string_append_printf(set, "%s%u", set->len == 0 ? "" : ",", first);
		if (last > first)
			g_string_append_printf(set, ":%u", last);
	}
	return g_string_free(set, FALSE);
}
