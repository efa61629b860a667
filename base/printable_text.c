/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whatever acts instead of being seen becomes a blank, or in JSON an escape.
 */
#include "base/printable_text.h"

#include <string.h>

bool printable_text_has(gunichar c)
{
	switch ((int)g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return false;
	default:
		return true;
	}
}

char *printable_text_clean(const char *text, bool utf8, enum printable_text_lines lines)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *clean = g_string_sized_new(strlen(valid));

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c == '\n' && lines == PRINTABLE_TEXT_KEEP_LINES)
			g_string_append_c(clean, '\n');
		else if (c == '\r' && p[1] == '\n' && lines == PRINTABLE_TEXT_KEEP_LINES)
			continue;
		else if (!printable_text_has(c))
			g_string_append_c(clean, ' ');
		else if (c >= 0x80 && !utf8)
			g_string_append_c(clean, '?');
		else
			g_string_append_unichar(clean, c);
	}
	return g_string_free(clean, FALSE);
}

char *printable_text_excerpt(const char *text, size_t characters)
{
	g_autofree char *clean = printable_text_clean(text, true, PRINTABLE_TEXT_ONE_LINE);

	if ((size_t)g_utf8_strlen(clean, -1) < characters)
		return g_steal_pointer(&clean);
	g_autofree char *head = g_utf8_substring(clean, 0, (glong)characters);
	return g_strconcat(head, "...", NULL);
}

void printable_text_append_json(GString *out, const char *json)
{
	for (const char *p = json; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c < 0x7f || printable_text_has(c))
			g_string_append_len(out, p, g_utf8_next_char(p) - p);
		else if (c <= 0xffff)
			g_string_append_printf(out, "\\u%04x", c);
		else
			g_string_append_printf(out, "\\u%04x\\u%04x",
					       0xd800 + ((c - 0x10000) >> 10),
					       0xdc00 + ((c - 0x10000) & 0x3ff));
	}
}
