/* SPDX-License-Identifier: BSD-2-Clause
 *
 * array = "{" [element *("," element)] "}"
 * element = 1*(any but quote, brace, comma, backslash) / DQUOTE *(any / "\" any) DQUOTE
 */
#include "db/values/pg_array.h"

#include <string.h>

/* Behind the element. */
static const char *read_quoted_element(const char *p, GString *element)
{
	for (p++; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		g_string_append_c(element, *p);
	}
	return *p == '"' ? p + 1 : p;
}

static const char *read_element(const char *p, GPtrArray *elements)
{
	g_autoptr(GString) element = g_string_new(NULL);

	if (*p == '"') {
		p = read_quoted_element(p, element);
	} else {
		gsize len = strcspn(p, ",}");

		g_string_append_len(element, p, (gssize)len);
		if (g_ascii_strcasecmp(element->str, "NULL") == 0)
			g_string_truncate(element, 0);
		p += len;
	}
	g_ptr_array_add(elements, g_strdup(element->str));
	return p;
}

char **pg_array_read(const char *text)
{
	GPtrArray *elements = g_ptr_array_new();
	const char *p = text;

	if (*p == '{' && p[1] != '}')
		do
			p = read_element(p + 1, elements);
		while (*p == ',');
	g_ptr_array_add(elements, NULL);
	return (char **)g_ptr_array_free(elements, FALSE);
}

char *pg_array_write(const char *const *elements)
{
	GString *text = g_string_new("{");

	for (gsize i = 0; elements[i]; i++) {
		g_string_append(text, i > 0 ? ",\"" : "\"");
		for (const char *p = elements[i]; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				g_string_append_c(text, '\\');
			g_string_append_c(text, *p);
		}
		g_string_append_c(text, '"');
	}
	g_string_append_c(text, '}');
	return g_string_free(text, FALSE);
}
