/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every part is one Hyperscan expression. Matches are reported in the order of
 * their ends, so a chain of parts needs only the last end of each part.
 *
 * Hyperscan wants one scratch space per concurrent scan. libmilter hands a
 * session from thread to thread, so spaces are not tied to threads: a scan
 * takes one from a pool and puts it back.
 */
#include "classifier/pattern.h"

#include <stdlib.h>
#include <string.h>

#include <hs.h>

#include "base/error.h"

/* Bounds the backtracking of a confirming GRegex. */
#define CONFIRM_LIMIT "(*LIMIT_MATCH=100000)"

struct part {
	char *expression;
	unsigned flags;
	unsigned pattern; /* whose part it is */
	bool is_first;
	bool is_last;
	size_t gap;      /* bytes that may lie between the end of the part before and the end of this one */
	GRegex *confirm; /* NULL: Hyperscan's word is enough */
};

struct pattern_set {
	GPtrArray *parts; /* those of one pattern follow each other */
	unsigned count;   /* patterns */
	hs_database_t *database;
	hs_scratch_t *prototype;
	GMutex mutex; /* guards idle and the cloning of prototype */
	GPtrArray *idle;
};

struct scan {
	const struct pattern_set *set;
	const char *text;
	size_t len;
	size_t *ends; /* per part: the end of its last match within a chain; 0 is none */
	GArray *hits;
};

static void part_free(gpointer data)
{
	struct part *part = data;

	g_free(part->expression);
	g_clear_pointer(&part->confirm, g_regex_unref);
	g_free(part);
}

struct pattern_set *pattern_set_new(void)
{
	struct pattern_set *set = g_new0(struct pattern_set, 1);

	set->parts = g_ptr_array_new_with_free_func(part_free);
	set->idle = g_ptr_array_new();
	g_mutex_init(&set->mutex);
	return set;
}

void pattern_set_free(struct pattern_set *set)
{
	if (set == NULL)
		return;
	for (guint i = 0; i < set->idle->len; i++)
		hs_free_scratch(set->idle->pdata[i]);
	hs_free_scratch(set->prototype);
	hs_free_database(set->database);
	g_ptr_array_unref(set->idle);
	g_ptr_array_unref(set->parts);
	g_mutex_clear(&set->mutex);
	g_free(set);
}

/* --- compiling ---------------------------------------------------------- */

/* Byte-wise matching is smaller, and the same for ASCII. Only the first match
 * of a pattern counts, but every match of a chain's part may be the near one. */
static unsigned flags_for(const struct part *part)
{
	unsigned flags = HS_FLAG_CASELESS | HS_FLAG_DOTALL;

	if (!g_str_is_ascii(part->expression))
		flags |= HS_FLAG_UTF8;
	if (part->is_first && part->is_last)
		flags |= HS_FLAG_SINGLEMATCH;
	return flags;
}

/* Why Hyperscan will not have it; NULL if it will. */
static char *refusal(const char *expression, unsigned flags)
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

static bool prepare_confirm(struct part *part, GError **error)
{
	g_autofree char *bounded = g_strconcat(CONFIRM_LIMIT, part->expression, NULL);
	g_autoptr(GError) cause = NULL;

	part->confirm = g_regex_new(bounded, G_REGEX_CASELESS | G_REGEX_DOTALL | G_REGEX_OPTIMIZE, 0, &cause);
	if (part->confirm == NULL)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
	return part->confirm != NULL;
}

static bool prepare_part(struct part *part, GError **error)
{
	part->flags = flags_for(part);
	g_autofree char *refused = refusal(part->expression, part->flags);
	if (refused == NULL)
		return true;
	if (part->is_first && part->is_last) {
		part->flags |= HS_FLAG_PREFILTER;
		g_autofree char *refused_again = refusal(part->expression, part->flags);
		if (refused_again == NULL)
			return prepare_confirm(part, error);
	}
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", refused);
	return false;
}

/* Where the next gap of a pattern stands, and how long it is; false if there is none. */
static bool find_gap(const char *text, const char **at_out, size_t *len_out)
{
	for (const char *at = strstr(text, " .."); at != NULL; at = strstr(at + 1, " ..")) {
		size_t len = strspn(at + 1, ".") + 2;
		if (len > 5 || at[len - 1] != ' ')
			continue;
		*at_out = at;
		*len_out = len;
		return true;
	}
	return false;
}

static bool add_part(struct pattern_set *set, struct part template, GError **error)
{
	struct part *part = g_new0(struct part, 1);

	*part = template;
	part->pattern = set->count - 1;
	g_ptr_array_add(set->parts, part);
	return prepare_part(part, error);
}

bool pattern_set_add(struct pattern_set *set, const char *text, GError **error)
{
	struct part part = {.is_first = true};
	const char *at = NULL;
	size_t len = 0;

	set->count++;
	while (find_gap(text, &at, &len)) {
		part.expression = g_strstrip(g_strndup(text, (gsize)(at - text)));
		if (!add_part(set, part, error))
			return false;
		part = (struct part){.gap = len == 4 ? PATTERN_NEAR : PATTERN_FAR};
		text = at + len;
	}
	part.expression = g_strstrip(g_strdup(text));
	part.is_last = true;
	return add_part(set, part, error);
}

static bool compile_failed(const struct pattern_set *set, hs_compile_error_t *failure, unsigned *id_out, GError **error)
{
	const struct part *part = set->parts->pdata[failure->expression < 0 ? 0 : failure->expression];

	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", failure->message);
	*id_out = part->pattern;
	hs_free_compile_error(failure);
	return false;
}

bool pattern_set_compile(struct pattern_set *set, unsigned *id_out, GError **error)
{
	guint count = set->parts->len;
	g_autofree const char **expressions = g_new0(const char *, count);
	g_autofree unsigned *flags = g_new0(unsigned, count);
	g_autofree unsigned *ids = g_new0(unsigned, count);
	hs_compile_error_t *failure = NULL;

	for (guint i = 0; i < count; i++) {
		const struct part *part = set->parts->pdata[i];
		expressions[i] = part->expression;
		flags[i] = part->flags;
		ids[i] = i;
	}
	if (count == 0)
		return true;
	if (hs_compile_multi(expressions, flags, ids, count, HS_MODE_BLOCK, NULL, &set->database, &failure) !=
	    HS_SUCCESS)
		return compile_failed(set, failure, id_out, error);
	if (hs_alloc_scratch(set->database, &set->prototype) != HS_SUCCESS)
		g_error("out of memory"); /* as GLib itself does */
	return true;
}

/* --- scanning ----------------------------------------------------------- */

static hs_scratch_t *scratch_take(const struct pattern_set *set)
{
	GMutex *mutex = (GMutex *)&set->mutex;
	hs_scratch_t *scratch = NULL;

	g_mutex_lock(mutex);
	if (set->idle->len > 0)
		scratch = g_ptr_array_steal_index_fast(set->idle, set->idle->len - 1);
	else if (hs_clone_scratch(set->prototype, &scratch) != HS_SUCCESS)
		g_error("out of memory");
	g_mutex_unlock(mutex);
	return scratch;
}

static void scratch_put(const struct pattern_set *set, hs_scratch_t *scratch)
{
	GMutex *mutex = (GMutex *)&set->mutex;

	g_mutex_lock(mutex);
	g_ptr_array_add(set->idle, scratch);
	g_mutex_unlock(mutex);
}

static bool is_confirmed(const struct scan *scan, const struct part *part)
{
	return part->confirm == NULL ||
	       g_regex_match_full(part->confirm, scan->text, (gssize)scan->len, 0, 0, NULL, NULL);
}

/* Whether a match that ends at end goes on from the part before. */
static bool is_near(const struct scan *scan, unsigned id, size_t end)
{
	const struct part *part = scan->set->parts->pdata[id];
	size_t before = scan->ends[id - 1];

	return before > 0 && before < end && end - before <= part->gap;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct scan *scan = context;
	const struct part *part = scan->set->parts->pdata[id];
	struct pattern_hit hit = {.id = part->pattern, .end = (size_t)to};

	(void)from;
	(void)flags;
	if (part->is_last && scan->ends[id] > 0) /* found before */
		return 0;
	if ((part->is_first || is_near(scan, id, hit.end)) && is_confirmed(scan, part)) {
		scan->ends[id] = hit.end;
		if (part->is_last)
			g_array_append_val(scan->hits, hit);
	}
	return 0;
}

void pattern_set_scan(const struct pattern_set *set, const char *text, size_t len, GArray *hits)
{
	if (set->database == NULL || len == 0)
		return;
	g_autofree size_t *ends = g_new0(size_t, set->parts->len);
	struct scan scan = {.set = set, .text = text, .len = len, .ends = ends, .hits = hits};
	hs_scratch_t *scratch = scratch_take(set);
	hs_scan(set->database, text, (unsigned)len, 0, scratch, on_match, &scan);
	scratch_put(set, scratch);
}
