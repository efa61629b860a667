/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By media type, the usual misnomers included.
 */
#include "classifier/report/parts.h"

#include <string.h>

const struct mime_part *parts_at(const struct mime *mime, int index)
{
	size_t count;
	return &mime_parts(mime, &count)[index];
}

int parts_count(const struct mime *mime)
{
	size_t count;
	mime_parts(mime, &count);
	return (int)count;
}

bool parts_is_within(const struct mime *mime, int index, int ancestor)
{
	while (index > ancestor)
		index = parts_at(mime, index)->parent;
	return index == ancestor;
}

static bool type_is_any(const struct mime_part *part, const char *const *types)
{
	for (; *types; types++)
		if (strcmp(part->type, *types) == 0)
			return true;
	return false;
}

bool parts_is_status(const struct mime_part *part)
{
	static const char *const types[] = {
	    "message/delivery-status", "message/global-delivery-status", "text/delivery-status",
	    "message/deliverystatus",  "application/delivery-status",    NULL};
	return type_is_any(part, types);
}

bool parts_is_original_type(const char *type)
{
	static const char *const types[] = {"message/rfc822",
					    "message/global",
					    "message/rfc2822",
					    "message/news",
					    "text/rfc822-headers",
					    "message/rfc822-headers",
					    "message/global-headers",
					    "text/rfc822-header",
					    "text/rfc822",
					    "message/partial",
					    NULL};
	return g_strv_contains(types, type);
}

bool parts_is_original(const struct mime_part *part)
{
	return parts_is_original_type(part->type);
}

bool parts_is_text(const struct mime_part *part)
{
	return g_str_has_prefix(part->type, "text/") && !parts_is_original(part) &&
	       !parts_is_status(part);
}

bool parts_is_disposition(const struct mime_part *part)
{
	static const char *const types[] = {"message/disposition-notification",
					    "message/global-disposition-notification", NULL};
	return type_is_any(part, types);
}

bool parts_is_feedback(const struct mime_part *part)
{
	static const char *const types[] = {"message/feedback-report", "message/feedback", NULL};
	return type_is_any(part, types);
}

int parts_find(const struct mime *mime, bool (*is_wanted)(const struct mime_part *))
{
	for (int i = 0; i < parts_count(mime); i++)
		if (is_wanted(parts_at(mime, i)))
			return i;
	return -1;
}

/* The returned original that belongs to a report part: the sibling after it, or else before it. */
int parts_find_original(const struct mime *mime, int report_part)
{
	int parent = parts_at(mime, report_part)->parent;
	int before = -1;
	for (int i = 0; i < parts_count(mime); i++) {
		if (parts_at(mime, i)->parent != parent || !parts_is_original(parts_at(mime, i)))
			continue;
		if (i > report_part)
			return i;
		before = i;
	}
	return before;
}
