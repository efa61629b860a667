/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What needs no escape is copied in runs.
 */
#include "base/json_text.h"

#include <string.h>

/* RFC 8259 section 7, and DEL, which no reader wants to meet raw. */
static bool is_escaped(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

static void add_escape(GString *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *found = strchr(from, c);

	if (found)
		g_string_append_c(g_string_append_c(out, '\\'), to[found - from]);
	else
		g_string_append_printf(out, "\\u%04x", c);
}

static void add_string(GString *out, const char *value)
{
	g_string_append_c(out, '"');
	for (const char *p = value; *p != '\0';) {
		const char *run = p;

		while (*p != '\0' && !is_escaped((unsigned char)*p))
			p++;
		g_string_append_len(out, run, p - run);
		if (*p != '\0')
			add_escape(out, (unsigned char)*p++);
	}
	g_string_append_c(out, '"');
}

static void begin_value(GString *out, const char *name)
{
	if (out->len > 0 && !strchr("{[", out->str[out->len - 1]))
		g_string_append_c(out, ',');
	if (!name)
		return;
	g_string_append_c(out, '"');
	g_string_append(out, name);
	g_string_append(out, "\":");
}

void json_text_open(GString *out, const char *name, char bracket)
{
	begin_value(out, name);
	g_string_append_c(out, bracket);
}

void json_text_close(GString *out, char bracket)
{
	g_string_append_c(out, bracket);
}

void json_text_add(GString *out, const char *name, const char *value)
{
	begin_value(out, name);
	add_string(out, value);
}

void json_text_add_flag(GString *out, const char *name, bool value)
{
	begin_value(out, name);
	g_string_append(out, value ? "true" : "false");
}

void json_text_add_number(GString *out, const char *name, guint64 value)
{
	begin_value(out, name);
	g_string_append_printf(out, "%" G_GUINT64_FORMAT, value);
}

void json_text_add_list(GString *out, const char *name, const char *const *values)
{
	json_text_open(out, name, '[');
	for (; *values; values++)
		json_text_add(out, NULL, *values);
	json_text_close(out, ']');
}
