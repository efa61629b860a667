/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A word ends at a blank that is not inside braces.
 */
#include "milter/postconf/master_line.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

char **master_line_fields(const char *line)
{
	char **fields = g_new0(char *, MASTER_LINE_FIELDS + 1);
	const char *p = line;

	for (size_t i = 0; i < MASTER_LINE_FIELDS; i++) {
		p += strspn(p, " \t");
		size_t len = strcspn(p, " \t");

		if (len == 0) {
			g_strfreev(fields);
			return NULL;
		}
		fields[i] = g_strndup(p, len);
		p += len;
	}
	return fields;
}

char *master_line_bad_option(const char *line)
{
	static const char option[] = " -o ";

	for (const char *p = strstr(line, option); p; p = strstr(p, option)) {
		p += strlen(option);
		p += strspn(p, " \t");
		size_t len = strcspn(p, " \t");

		if (*p != '{' && !memchr(p, '=', len))
			return g_strndup(p, len);
	}
	return NULL;
}

/* Programs that take no more than options. */
static bool takes_options_only(const char *command)
{
	static const char *const commands[] = {"smtpd",  "cleanup", "bounce", "postscreen",
					       "pickup", "smtp",    "lmtp",   "qmgr",
					       "local",  "virtual", "error",  NULL};

	return g_strv_contains(commands, command);
}

/* Behind the word at p, or behind its braces. */
static const char *skip_word(const char *p)
{
	unsigned depth = 0;

	for (; *p != '\0' && (depth > 0 || !strchr(" \t", *p)); p++)
		depth = *p == '{' ? depth + 1 : *p == '}' && depth > 0 ? depth - 1 : depth;
	return p;
}

/* Behind the name of the program. */
static const char *first_argument(const char *line)
{
	const char *p = line;

	for (size_t i = 0; i < MASTER_LINE_FIELDS; i++)
		p = skip_word(p + strspn(p, " \t"));
	return p + strspn(p, " \t");
}

char *master_line_stray(const char *line, const char *command)
{
	if (!takes_options_only(command))
		return NULL;
	for (const char *p = first_argument(line); *p != '\0'; p += strspn(p, " \t")) {
		const char *end = skip_word(p);

		if (*p != '-')
			return g_strndup(p, (gsize)(end - p));
		if (g_str_has_prefix(p, "-o "))
			end = skip_word(end + strspn(end, " \t"));
		p = end;
	}
	return NULL;
}

/* "name=value", or "{ name = value }". */
static void read_option(const char *text, master_line_visit *visit, void *data)
{
	bool is_braced = *text == '{';
	g_autofree char *inside = g_strndup(text + is_braced, strlen(text) - 2 * (size_t)is_braced);
	char *sign = strchr(inside, '=');

	if (!sign)
		return;
	*sign = '\0';
	visit(g_strstrip(inside), g_strstrip(sign + 1), data);
}

void master_line_each_option(const char *line, master_line_visit *visit, void *data)
{
	for (const char *p = first_argument(line); *p != '\0'; p += strspn(p, " \t")) {
		bool is_option = g_str_has_prefix(p, "-o ");

		p = skip_word(p);
		if (!is_option)
			continue;
		const char *start = p + strspn(p, " \t");
		p = skip_word(start);
		g_autofree char *option = g_strndup(start, (gsize)(p - start));
		read_option(option, visit, data);
	}
}
