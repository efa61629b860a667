/* SPDX-License-Identifier: BSD-2-Clause */
#include "classifier/rules/alternatives.h"

#include <stdbool.h>

#include "classifier/rules/pattern_piece.h"

enum { LONG_BYTES = 100 }; /* shorter ones cost less than one more pattern */

/* The end of the alternative that begins here; NULL where brackets do not fit. */
static const char *end_of_alternative(const char *at)
{
	int depth = 0;

	while (*at != '\0' && (depth > 0 || *at != '|')) {
		depth += (*at == '(') - (*at == ')');
		if (depth < 0)
			return NULL;
		at += pattern_piece_length(at);
	}
	return depth == 0 ? at : NULL;
}

static void add_short(GString *together, const char *alternative, size_t len)
{
	if (together->len > 0)
		g_string_append_c(together, '|');
	g_string_append_len(together, alternative, (gssize)len);
}

GPtrArray *alternatives_split(const char *expression)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) together = g_string_new(NULL);

	for (const char *at = expression, *end = NULL; at; at = *end == '|' ? end + 1 : NULL) {
		end = end_of_alternative(at);
		if (!end || end == at) {
			g_ptr_array_set_size(list, 0);
			g_ptr_array_add(list, g_strdup(expression));
			return list;
		}
		size_t len = (size_t)(end - at);
		if (len >= LONG_BYTES)
			g_ptr_array_add(list, g_strndup(at, len));
		else
			add_short(together, at, len);
	}
	if (together->len > 0)
		g_ptr_array_add(list, g_strdup(together->str));
	return list;
}
