/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One prefix, written and recognised.
 */
#include "intake/x_bounce_fields.h"

#include <string.h>

#include "classifier/text/header.h"

static const char prefix[] = "X-Bounce-";

static void append_own_field(GString *header, const char *name, const char *value,
			     const char *line_end)
{
	g_autofree char *clean = g_strdelimit(g_strdup(value), "\r\n", ' ');

	if (*clean != '\0')
		g_string_append_printf(header, "%s%s: %s%s", prefix, name, clean, line_end);
}

void x_bounce_fields_append(GString *header, const struct x_bounce_fields *fields,
			    const char *line_end)
{
	append_own_field(header, "Class", fields->class, line_end);
	append_own_field(header, "Reason", fields->reason, line_end);
	append_own_field(header, "Id", fields->bounce_id, line_end);
}

bool x_bounce_fields_is_one(const char *field, size_t len)
{
	return len >= strlen(prefix) && g_ascii_strncasecmp(field, prefix, strlen(prefix)) == 0;
}

enum x_bounce_line x_bounce_filter_line(struct x_bounce_filter *filter, const char *line,
					size_t len)
{
	static const char mbox[] = "From ";

	if (len == 0)
		return X_BOUNCE_LINE_EMPTY;
	if (header_name_length(line, len) > 0) {
		filter->has_field = true;
		filter->is_dropped = x_bounce_fields_is_one(line, len);
	} else if (!filter->has_field && len >= strlen(mbox) &&
		   memcmp(line, mbox, strlen(mbox)) == 0) {
		return X_BOUNCE_LINE_DROPPED; /* it is none of the mail's */
	} else if (!filter->has_field || (*line != ' ' && *line != '\t')) {
		return X_BOUNCE_LINE_NO_FIELD;
	}
	return filter->is_dropped ? X_BOUNCE_LINE_DROPPED : X_BOUNCE_LINE_KEPT;
}
