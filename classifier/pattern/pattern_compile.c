/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Builds a pattern set: one automaton of all parts of all patterns.
 */
#include "classifier/pattern/pattern_set.h"

#include <string.h>

#include "base/error.h"
#include "classifier/pattern/expression.h"
#include "classifier/pattern/pattern_data.h"

/* Bounds the backtracking of a confirming GRegex. */
#define CONFIRM_LIMIT "(*LIMIT_MATCH=100000)"

static void part_clear(gpointer part)
{
	g_clear_pointer(&((struct pattern_part *)part)->confirm, g_regex_unref);
}

struct pattern_set *pattern_set_new(void)
{
	struct pattern_set *set = g_new0(struct pattern_set, 1);

	set->parts = g_array_new(FALSE, FALSE, sizeof(struct pattern_part));
	g_array_set_clear_func(set->parts, part_clear);
	set->nfa = nfa_new();
	return set;
}

void pattern_set_free(struct pattern_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < PATTERN_IDLE_MAX; i++)
		dfa_free(set->idle[i]);
	nfa_free(set->nfa);
	g_array_unref(set->parts);
	g_free(set);
}

static bool prepare_confirm(struct pattern_part *part, const char *text, GError **error)
{
	g_autofree char *bounded = g_strconcat(CONFIRM_LIMIT, text, NULL);
	g_autoptr(GError) cause = NULL;

	part->confirm =
	    g_regex_new(bounded, G_REGEX_CASELESS | G_REGEX_DOTALL | G_REGEX_OPTIMIZE, 0, &cause);
	if (!part->confirm)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
	return part->confirm;
}

static bool add_pattern_part(struct pattern_set *set, struct pattern_part part, const char *text,
			     GError **error)
{
	bool is_approximate = false;

	if (!expression_add(set->nfa, text, set->parts->len, &is_approximate, error) ||
	    (is_approximate && !prepare_confirm(&part, text, error)))
		return false;
	g_array_append_val(set->parts, part);
	if (!is_approximate || (part.is_first && part.is_last))
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
		    "\"%s\" has what is allowed only in a pattern without dots", text);
	return false;
}

/* Where the next gap of a pattern begins, and its length; false if there is none. */
static bool find_gap(const char *text, const char **at_out, size_t *len_out)
{
	for (const char *at = strstr(text, " .."); at; at = strstr(at + 1, " ..")) {
		size_t len = strspn(at + 1, ".") + 2;
		if (len > 5 || at[len - 1] != ' ')
			continue;
		*at_out = at;
		*len_out = len;
		return true;
	}
	return false;
}

char **pattern_parts(const char *text)
{
	GPtrArray *parts = g_ptr_array_new();
	const char *at = NULL;
	size_t len = 0;

	for (; find_gap(text, &at, &len); text = at + len)
		g_ptr_array_add(parts, g_strstrip(g_strndup(text, (gsize)(at - text))));
	g_ptr_array_add(parts, g_strstrip(g_strdup(text)));
	g_ptr_array_add(parts, NULL);
	return (char **)g_ptr_array_free(parts, FALSE);
}

bool pattern_set_add(struct pattern_set *set, const char *text, GError **error)
{
	struct pattern_part part = {.pattern = set->count++, .is_first = true};
	const char *at = NULL;
	size_t len = 0;

	while (find_gap(text, &at, &len)) {
		g_autofree char *expression = g_strstrip(g_strndup(text, (gsize)(at - text)));
		if (!add_pattern_part(set, part, expression, error))
			return false;
		part = (struct pattern_part){.pattern = part.pattern,
					     .gap = len == 4 ? PATTERN_NEAR : PATTERN_FAR};
		text = at + len;
	}
	g_autofree char *expression = g_strstrip(g_strdup(text));
	part.is_last = true;
	return add_pattern_part(set, part, expression, error);
}

void pattern_set_compile(struct pattern_set *set)
{
	nfa_finish(set->nfa);
}
