/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Hyperscan wants one scratch space per concurrent scan. libmilter hands a
 * session from thread to thread, so spaces are not tied to threads: a scan
 * takes one from a pool and puts it back.
 */
#include "classifier/pattern.h"

#include <hs.h>

#include "base/error.h"

/* Bounds the backtracking of a confirming GRegex. */
#define CONFIRM_LIMIT "(*LIMIT_MATCH=100000)"

/* Hyperscan found it roughly, GRegex did not: once asked is enough. */
#define REFUTED G_MAXUINT

struct pattern {
	char *expression;
	unsigned flags;
	GRegex *confirm; /* NULL: Hyperscan's word is enough */
};

struct pattern_set {
	GPtrArray *patterns;
	hs_database_t *database;
	hs_scratch_t *prototype;
	GMutex mutex; /* guards idle and the cloning of prototype */
	GPtrArray *idle;
};

struct scan {
	const struct pattern_set *set;
	const char *text;
	size_t len;
	guint *seen; /* per pattern: 0, index of its hit + 1, or REFUTED */
	GArray *hits;
};

static void pattern_free(gpointer data)
{
	struct pattern *pattern = data;

	g_free(pattern->expression);
	g_clear_pointer(&pattern->confirm, g_regex_unref);
	g_free(pattern);
}

struct pattern_set *pattern_set_new(void)
{
	struct pattern_set *set = g_new0(struct pattern_set, 1);

	set->patterns = g_ptr_array_new_with_free_func(pattern_free);
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
	g_ptr_array_unref(set->patterns);
	g_mutex_clear(&set->mutex);
	g_free(set);
}

/* Byte-wise matching is much smaller for ".{0,60}", and the same for ASCII. */
static unsigned flags_for(const char *expression)
{
	unsigned flags = HS_FLAG_CASELESS | HS_FLAG_DOTALL;

	return g_str_is_ascii(expression) ? flags : flags | HS_FLAG_UTF8;
}

static char *check_with_hyperscan(const char *expression, unsigned flags)
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

static bool prepare_confirm(struct pattern *pattern, GError **error)
{
	g_autofree char *bounded = g_strconcat(CONFIRM_LIMIT, pattern->expression, NULL);
	g_autoptr(GError) cause = NULL;

	pattern->confirm = g_regex_new(bounded, G_REGEX_CASELESS | G_REGEX_DOTALL | G_REGEX_OPTIMIZE, 0, &cause);
	if (pattern->confirm == NULL)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
	return pattern->confirm != NULL;
}

bool pattern_set_add(struct pattern_set *set, const char *expression, GError **error)
{
	struct pattern *pattern = g_new0(struct pattern, 1);

	pattern->expression = g_strdup(expression);
	pattern->flags = flags_for(expression) | HS_FLAG_SOM_LEFTMOST;
	g_ptr_array_add(set->patterns, pattern);
	g_autofree char *refused = check_with_hyperscan(expression, pattern->flags);
	if (refused == NULL)
		return true;
	pattern->flags = flags_for(expression) | HS_FLAG_PREFILTER;
	g_autofree char *refused_again = check_with_hyperscan(expression, pattern->flags);
	if (refused_again == NULL)
		return prepare_confirm(pattern, error);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", refused);
	return false;
}

static bool compile_failed(hs_compile_error_t *failure, unsigned *id_out, GError **error)
{
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", failure->message);
	*id_out = failure->expression < 0 ? 0 : (unsigned)failure->expression;
	hs_free_compile_error(failure);
	return false;
}

bool pattern_set_compile(struct pattern_set *set, unsigned *id_out, GError **error)
{
	guint count = set->patterns->len;
	g_autofree const char **expressions = g_new0(const char *, count);
	g_autofree unsigned *flags = g_new0(unsigned, count);
	g_autofree unsigned *ids = g_new0(unsigned, count);
	hs_compile_error_t *failure = NULL;

	for (guint i = 0; i < count; i++) {
		const struct pattern *pattern = set->patterns->pdata[i];
		expressions[i] = pattern->expression;
		flags[i] = pattern->flags;
		ids[i] = i;
	}
	if (count == 0)
		return true;
	if (hs_compile_multi(expressions, flags, ids, count, HS_MODE_BLOCK, NULL, &set->database, &failure) !=
	    HS_SUCCESS)
		return compile_failed(failure, id_out, error);
	if (hs_alloc_scratch(set->database, &set->prototype) != HS_SUCCESS)
		g_error("out of memory"); /* as GLib itself does */
	return true;
}

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

static void keep_hit(struct scan *scan, unsigned id, size_t start, size_t end)
{
	struct pattern_hit hit = {.id = id, .start = start, .end = end};

	if (scan->seen[id] == 0) {
		g_array_append_val(scan->hits, hit);
		scan->seen[id] = scan->hits->len;
		return;
	}
	struct pattern_hit *kept = &g_array_index(scan->hits, struct pattern_hit, scan->seen[id] - 1);
	if (start < kept->start)
		*kept = hit;
}

static void confirm_hit(struct scan *scan, unsigned id, GRegex *regex)
{
	g_autoptr(GMatchInfo) match = NULL;
	int start = 0, end = 0;

	if (scan->seen[id] != 0)
		return;
	scan->seen[id] = REFUTED;
	if (!g_regex_match_full(regex, scan->text, (gssize)scan->len, 0, 0, &match, NULL) ||
	    !g_match_info_fetch_pos(match, 0, &start, &end))
		return;
	scan->seen[id] = 0;
	keep_hit(scan, id, (size_t)start, (size_t)end);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct scan *scan = context;
	const struct pattern *pattern = scan->set->patterns->pdata[id];

	(void)flags;
	if (pattern->confirm == NULL)
		keep_hit(scan, id, (size_t)from, (size_t)to);
	else
		confirm_hit(scan, id, pattern->confirm);
	return 0;
}

void pattern_set_scan(const struct pattern_set *set, const char *text, size_t len, GArray *hits)
{
	if (set->database == NULL || len == 0)
		return;
	g_autofree guint *seen = g_new0(guint, set->patterns->len);
	struct scan scan = {.set = set, .text = text, .len = len, .seen = seen, .hits = hits};
	hs_scratch_t *scratch = scratch_take(set);
	hs_scan(set->database, text, (unsigned)len, 0, scratch, on_match, &scan);
	scratch_put(set, scratch);
}
