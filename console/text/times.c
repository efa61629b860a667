/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where no zone is said it does not matter which is taken: the numbers stay as they are.
 */
#include "console/text/times.h"

#include <string.h>

static const char *format_of(const struct catalogue *catalogue, gsize len)
{
	if (len == strlen("2026-11-29"))
		/* TRANSLATORS: a date as numbers, see strftime(3) */
		return catalogue_text(catalogue, "%Y-%m-%d");
	/* TRANSLATORS: a date and a time as numbers, see strftime(3) */
	return catalogue_text(catalogue, "%Y-%m-%d %H:%M");
}

char *times_written(const struct catalogue *catalogue, const char *value)
{
	gsize len = strlen(value);
	const char *missing = len == strlen("2026-11-29")         ? "T00:00:00"
			      : len == strlen("2026-11-29 08:20") ? ":00"
								  : "";
	g_autofree char *iso = g_strdelimit(g_strconcat(value, missing, NULL), " ", 'T');
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, utc);

	return time ? g_date_time_format(time, format_of(catalogue, len)) : NULL;
}
