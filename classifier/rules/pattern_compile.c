/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Builds and compiles a pattern set. A part that stands for a list of words goes into
 * a word set, any other into Hyperscan's database: words compile many times faster.
 */
#include "classifier/rules/pattern_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "classifier/rules/literal.h"
#include "classifier/rules/pattern_data.h"

/* Bounds the backtracking of a confirming GRegex. */
#define CONFIRM_LIMIT "(*LIMIT_MATCH=100000)"

static void part_free(gpointer data)
{
	struct pattern_part *part = data;

	g_free(part->expression);
	g_clear_pointer(&part->confirm, g_regex_unref);
	g_clear_pointer(&part->literals, g_array_unref);
	g_free(part);
}

struct pattern_set *pattern_set_new(void)
{
	struct pattern_set *set = g_new0(struct pattern_set, 1);

	set->parts = g_ptr_array_new_with_free_func(part_free);
	set->word_set = word_set_new();
	set->words = g_array_new(FALSE, FALSE, sizeof(struct pattern_word));
	set->uses = g_array_new(FALSE, FALSE, sizeof(struct pattern_use));
	set->links = g_array_new(FALSE, FALSE, sizeof(struct pattern_link));
	return set;
}

void pattern_set_free(struct pattern_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < PATTERN_IDLE_MAX; i++)
		hs_free_scratch(set->idle[i]);
	hs_free_scratch(set->prototype);
	hs_free_database(set->expressions);
	word_set_free(set->word_set);
	g_array_unref(set->words);
	g_array_unref(set->uses);
	g_array_unref(set->links);
	g_ptr_array_unref(set->parts);
	g_free(set);
}

/* --- compiling ---------------------------------------------------------- */

/* Byte-wise matching is smaller, and the same for ASCII. Only the first match
 * of a pattern counts, but every match of a chain's part may be the near one. */
static unsigned flags_for(const struct pattern_part *part)
{
	unsigned flags = HS_FLAG_CASELESS | HS_FLAG_DOTALL;

	if (!g_str_is_ascii(part->expression))
		flags |= HS_FLAG_UTF8;
	if (part->is_first && part->is_last)
		flags |= HS_FLAG_SINGLEMATCH;
	return flags;
}

/* Hyperscan's message if it rejects the expression, or NULL. */
static char *compile_check(const char *expression, unsigned flags)
{
	hs_compile_error_t *failure = NULL;
	hs_expr_info_t *info = NULL;
	char *message = NULL;

	if (hs_expression_info(expression, flags, &info, &failure) != HS_SUCCESS) {
		message = g_strdup(failure->message);
		hs_free_compile_error(failure);
	} else if (info->min_width == 0) {
		message = g_strdup("it matches the empty text");
	}
	free(info);
	return message;
}

static bool prepare_confirm(struct pattern_part *part, GError **error)
{
	g_autofree char *bounded = g_strconcat(CONFIRM_LIMIT, part->expression, NULL);
	g_autoptr(GError) cause = NULL;

	part->confirm =
	    g_regex_new(bounded, G_REGEX_CASELESS | G_REGEX_DOTALL | G_REGEX_OPTIMIZE, 0, &cause);
	if (!part->confirm)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
	return part->confirm;
}

static bool prepare_part(struct pattern_part *part, GError **error)
{
	part->flags = flags_for(part);
	part->literals = literal_expand(part->expression);
	g_autofree char *refused =
	    part->literals ? NULL : compile_check(part->expression, part->flags);
	if (!refused)
		return true;
	if (part->is_first && part->is_last) {
		part->flags |= HS_FLAG_PREFILTER;
		g_autofree char *refused_again = compile_check(part->expression, part->flags);
		if (!refused_again)
			return prepare_confirm(part, error);
	}
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", refused);
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

static bool add_part(struct pattern_set *set, struct pattern_part template, GError **error)
{
	struct pattern_part *part = g_new0(struct pattern_part, 1);

	*part = template;
	part->pattern = set->count - 1;
	g_ptr_array_add(set->parts, part);
	struct pattern_link link = {part->pattern, (unsigned short)part->gap, part->is_first,
				    part->is_last};
	g_array_append_val(set->links, link);
	return prepare_part(part, error);
}

bool pattern_set_add(struct pattern_set *set, const char *text, GError **error)
{
	struct pattern_part part = {.is_first = true};
	const char *at = NULL;
	size_t len = 0;

	set->count++;
	while (find_gap(text, &at, &len)) {
		part.expression = g_strstrip(g_strndup(text, (gsize)(at - text)));
		if (!add_part(set, part, error))
			return false;
		part = (struct pattern_part){.gap = len == 4 ? PATTERN_NEAR : PATTERN_FAR};
		text = at + len;
	}
	part.expression = g_strstrip(g_strdup(text));
	part.is_last = true;
	return add_part(set, part, error);
}

static bool compile_failed(const struct pattern_set *set, const unsigned *ids,
			   hs_compile_error_t *failure, unsigned *id_out, GError **error)
{
	const struct pattern_part *part =
	    set->parts->pdata[ids[failure->expression < 0 ? 0 : failure->expression]];

	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", failure->message);
	*id_out = part->pattern;
	hs_free_compile_error(failure);
	return false;
}

static bool compile_expressions(struct pattern_set *set, unsigned *id_out, GError **error)
{
	g_autofree const char **expressions = g_new0(const char *, set->parts->len);
	g_autofree unsigned *flags = g_new0(unsigned, set->parts->len);
	g_autofree unsigned *ids = g_new0(unsigned, set->parts->len);
	hs_compile_error_t *failure = NULL;
	unsigned count = 0;

	for (guint i = 0; i < set->parts->len; i++) {
		const struct pattern_part *part = set->parts->pdata[i];
		if (part->literals)
			continue;
		expressions[count] = part->expression;
		flags[count] = part->flags;
		ids[count++] = i;
	}
	return count == 0 ||
	       hs_compile_multi(expressions, flags, ids, count, HS_MODE_BLOCK, NULL,
				&set->expressions, &failure) == HS_SUCCESS ||
	       compile_failed(set, ids, failure, id_out, error);
}

/* A word of a part, before the uses of a word are grouped. */
struct pattern_mention {
	unsigned word;
	struct pattern_use use;
};

static int compare_mentions(gconstpointer a, gconstpointer b)
{
	const struct pattern_mention *x = a, *y = b;

	return x->word != y->word ? (x->word > y->word) - (x->word < y->word)
				  : (x->use.part > y->use.part) - (x->use.part < y->use.part);
}

static void add_mention(struct pattern_set *set, GArray *mentions, const struct literal *literal,
			unsigned part)
{
	struct pattern_mention one = {word_set_add(set->word_set, literal->text),
				      {.part = part & 0xFFFFFF, .places = literal->places & 0xFF}};
	struct pattern_word word = {.len = strlen(literal->text)};

	if (one.word == set->words->len)
		g_array_append_val(set->words, word);
	g_array_append_val(mentions, one);
}

/* Each word is added once, however many parts it occurs in. */
static void compile_words(struct pattern_set *set)
{
	g_autoptr(GArray) mentions = g_array_new(FALSE, FALSE, sizeof(struct pattern_mention));

	for (guint i = 0; i < set->parts->len; i++) {
		const struct pattern_part *part = set->parts->pdata[i];
		for (guint j = 0; part->literals && j < part->literals->len; j++)
			add_mention(set, mentions,
				    &g_array_index(part->literals, struct literal, j), i);
	}
	g_array_sort(mentions, compare_mentions);
	for (guint i = 0; i < mentions->len; i++) {
		const struct pattern_mention *one =
		    &g_array_index(mentions, struct pattern_mention, i);
		struct pattern_word *word =
		    &g_array_index(set->words, struct pattern_word, one->word);
		if (word->count++ == 0)
			word->first = i;
		g_array_append_val(set->uses, one->use);
	}
	word_set_compile(set->word_set);
}

bool pattern_set_compile(struct pattern_set *set, unsigned *id_out, GError **error)
{
	if (!compile_expressions(set, id_out, error))
		return false;
	if (set->expressions && hs_alloc_scratch(set->expressions, &set->prototype) != HS_SUCCESS)
		g_error("out of memory"); /* as GLib itself does */
	compile_words(set);
	return true;
}
