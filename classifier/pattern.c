/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A part that is no more than a list of words goes into a set of words, any
 * other is an expression in Hyperscan's database: words are many times faster to
 * compile. In the order of the matches' ends a chain of parts needs only the last
 * end of each part.
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
#include "classifier/literal.h"
#include "classifier/text.h"
#include "classifier/words.h"

/* Bounds the backtracking of a confirming GRegex. */
#define CONFIRM_LIMIT "(*LIMIT_MATCH=100000)"

/* Scratch spaces that are kept; more scans at once than that make and free their own. */
enum { IDLE_MAX = 32 };

struct part {
	char *expression;
	unsigned flags;
	unsigned pattern; /* whose part it is */
	bool is_first;
	bool is_last;
	size_t gap;       /* bytes that may lie between the end of the part before and the end of this one */
	GRegex *confirm;  /* NULL: Hyperscan's word is enough */
	GArray *literals; /* struct literal: all that it means; NULL: it is an expression */
};

/* A word, and the parts it stands for: its uses follow each other. */
struct word {
	unsigned first;
	unsigned count;
	size_t len;
};

struct use {
	unsigned part : 24;
	unsigned places : 8; /* where the word must stand for it */
};

/* What a scan has to know of a part, close together. */
struct link {
	unsigned pattern;
	unsigned short gap;
	bool is_first;
	bool is_last;
};

/* A match of a chain's part. */
struct event {
	unsigned end;
	unsigned part;
};

struct pattern_set {
	GPtrArray *parts; /* those of one pattern follow each other */
	unsigned count;   /* patterns */
	GArray *words;    /* struct word, by the id in word_set */
	GArray *uses;     /* struct use */
	struct word_set *word_set;
	GArray *links; /* struct link, one a part */
	hs_database_t *expressions;
	hs_scratch_t *prototype;
	hs_scratch_t *idle[IDLE_MAX]; /* atomic: taken by exchange with NULL */
};

/* The events of the words, or of the expressions. */
struct run {
	GArray *events;
	guint next;       /* the one to look at */
	bool is_unsorted; /* they are not in the order of their ends */
};

struct scan {
	const struct pattern_set *set;
	const char *text;
	size_t len;
	unsigned *ends; /* per part: the end of its last match within a chain; 0 is none */
	struct run *run;
	GArray *hits;
};

static void part_free(gpointer data)
{
	struct part *part = data;

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
	set->words = g_array_new(FALSE, FALSE, sizeof(struct word));
	set->uses = g_array_new(FALSE, FALSE, sizeof(struct use));
	set->links = g_array_new(FALSE, FALSE, sizeof(struct link));
	return set;
}

void pattern_set_free(struct pattern_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < IDLE_MAX; i++)
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
	part->literals = literal_expand(part->expression);
	g_autofree char *refused = part->literals != NULL ? NULL : refusal(part->expression, part->flags);
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

static bool add_part(struct pattern_set *set, struct part template, GError **error)
{
	struct part *part = g_new0(struct part, 1);

	*part = template;
	part->pattern = set->count - 1;
	g_ptr_array_add(set->parts, part);
	struct link link = {part->pattern, (unsigned short)part->gap, part->is_first, part->is_last};
	g_array_append_val(set->links, link);
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

static bool compile_failed(const struct pattern_set *set, const unsigned *ids, hs_compile_error_t *failure,
			   unsigned *id_out, GError **error)
{
	const struct part *part = set->parts->pdata[ids[failure->expression < 0 ? 0 : failure->expression]];

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
		const struct part *part = set->parts->pdata[i];
		if (part->literals != NULL)
			continue;
		expressions[count] = part->expression;
		flags[count] = part->flags;
		ids[count++] = i;
	}
	return count == 0 ||
	       hs_compile_multi(expressions, flags, ids, count, HS_MODE_BLOCK, NULL, &set->expressions, &failure) ==
		   HS_SUCCESS ||
	       compile_failed(set, ids, failure, id_out, error);
}

/* A word of a part, before the uses of one word are put together. */
struct mention {
	unsigned word;
	struct use use;
};

static int compare_mentions(gconstpointer a, gconstpointer b)
{
	const struct mention *x = a, *y = b;

	return x->word != y->word ? (x->word > y->word) - (x->word < y->word)
				  : (x->use.part > y->use.part) - (x->use.part < y->use.part);
}

static void mention(struct pattern_set *set, GArray *mentions, const struct literal *literal, unsigned part)
{
	struct mention one = {word_set_add(set->word_set, literal->text),
			      {.part = part & 0xFFFFFF, .places = literal->places & 0xFF}};
	struct word word = {.len = strlen(literal->text)};

	if (one.word == set->words->len)
		g_array_append_val(set->words, word);
	g_array_append_val(mentions, one);
}

/* Each word once, whatever the number of parts it stands in. */
static void compile_words(struct pattern_set *set)
{
	g_autoptr(GArray) mentions = g_array_new(FALSE, FALSE, sizeof(struct mention));

	for (guint i = 0; i < set->parts->len; i++) {
		const struct part *part = set->parts->pdata[i];
		for (guint j = 0; part->literals != NULL && j < part->literals->len; j++)
			mention(set, mentions, &g_array_index(part->literals, struct literal, j), i);
	}
	g_array_sort(mentions, compare_mentions);
	for (guint i = 0; i < mentions->len; i++) {
		const struct mention *one = &g_array_index(mentions, struct mention, i);
		struct word *word = &g_array_index(set->words, struct word, one->word);
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
	if (set->expressions != NULL && hs_alloc_scratch(set->expressions, &set->prototype) != HS_SUCCESS)
		g_error("out of memory"); /* as GLib itself does */
	compile_words(set);
	return true;
}

/* --- scanning ----------------------------------------------------------- */

/* Without a lock: many short scans a message, on all threads, would stand in line for it. */
static hs_scratch_t *scratch_take(const struct pattern_set *set)
{
	hs_scratch_t **idle = (hs_scratch_t **)set->idle;
	hs_scratch_t *scratch = NULL;

	for (size_t i = 0; i < IDLE_MAX; i++) {
		scratch = g_atomic_pointer_get(&idle[i]);
		if (scratch != NULL && g_atomic_pointer_compare_and_exchange(&idle[i], scratch, NULL))
			return scratch;
	}
	if (hs_clone_scratch(set->prototype, &scratch) != HS_SUCCESS)
		g_error("out of memory");
	return scratch;
}

static void scratch_put(const struct pattern_set *set, hs_scratch_t *scratch)
{
	hs_scratch_t **idle = (hs_scratch_t **)set->idle;

	for (size_t i = 0; i < IDLE_MAX; i++)
		if (g_atomic_pointer_compare_and_exchange(&idle[i], NULL, scratch))
			return;
	hs_free_scratch(scratch);
}

static bool is_confirmed(const struct scan *scan, unsigned id)
{
	const struct part *part = scan->set->parts->pdata[id];

	return part->confirm == NULL ||
	       g_regex_match_full(part->confirm, scan->text, (gssize)scan->len, 0, 0, NULL, NULL);
}

static const struct link *get_link(const struct scan *scan, unsigned id)
{
	return &g_array_index(scan->set->links, struct link, id);
}

/* Whether a match that ends at end goes on from the part before, in the same paragraph. */
static bool is_near(const struct scan *scan, unsigned id, unsigned end)
{
	unsigned before = scan->ends[id - 1];

	return before > 0 && before < end && end - before <= get_link(scan, id)->gap &&
	       memchr(scan->text + before, '\n', end - before) == NULL;
}

static void keep_hit(struct scan *scan, unsigned id, unsigned end)
{
	struct pattern_hit hit = {.id = get_link(scan, id)->pattern, .end = end};

	if (scan->ends[id] == 0)
		g_array_append_val(scan->hits, hit);
	scan->ends[id] = end;
}

static void add_event(struct run *run, unsigned id, unsigned end)
{
	struct event event = {.end = end, .part = id};
	guint count = run->events->len;

	run->is_unsorted |= count > 0 && g_array_index(run->events, struct event, count - 1).end > end;
	g_array_append_val(run->events, event);
}

/* A part was found. If it is all of the pattern that is a hit, else it waits
 * for its turn. */
static void note_part(struct scan *scan, unsigned id, unsigned end)
{
	const struct link *link = get_link(scan, id);

	if (!link->is_first || !link->is_last)
		add_event(scan->run, id, end);
	else if (scan->ends[id] == 0 && is_confirmed(scan, id))
		keep_hit(scan, id, end);
}

static int on_expression(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	(void)from;
	(void)flags;
	note_part(context, id, (unsigned)to);
	return 0;
}

static void on_word(unsigned id, size_t end, void *data)
{
	struct scan *scan = data;
	const struct word *word = &g_array_index(scan->set->words, struct word, id);
	unsigned places = literal_places(scan->text, scan->len, end - word->len, end);

	for (guint i = 0; i < word->count; i++) {
		const struct use *use = &g_array_index(scan->set->uses, struct use, word->first + i);
		if ((use->places & ~places) == 0)
			note_part(scan, use->part, (unsigned)end);
	}
}

static int compare_ends(gconstpointer a, gconstpointer b)
{
	unsigned x = ((const struct event *)a)->end, y = ((const struct event *)b)->end;

	return (x > y) - (x < y);
}

static void follow_event(struct scan *scan, const struct event *event)
{
	const struct link *link = get_link(scan, event->part);

	if (!link->is_first && !is_near(scan, event->part, event->end))
		return;
	if (link->is_last)
		keep_hit(scan, event->part, event->end);
	else
		scan->ends[event->part] = event->end;
}

static const struct event *peek(const struct run *run)
{
	return run->next < run->events->len ? &g_array_index(run->events, struct event, run->next) : NULL;
}

/* The events of both runs in the order of their ends. */
static void follow_chains(struct scan *scan, struct run *a, struct run *b)
{
	for (;;) {
		const struct event *x = peek(a), *y = peek(b);
		if (x == NULL && y == NULL)
			return;
		struct run *run = y == NULL || (x != NULL && x->end <= y->end) ? a : b;
		follow_event(scan, run == a ? x : y);
		run->next++;
	}
}

static void scan_words(struct scan *scan, struct run *run, const char *text)
{
	scan->run = run;
	word_set_scan(scan->set->word_set, text, scan->len, on_word, scan);
}

/* Hyperscan mostly keeps the order of the ends, but does not promise it. */
static void scan_expressions(struct scan *scan, struct run *run, const char *text)
{
	hs_scratch_t *scratch = scratch_take(scan->set);

	scan->run = run;
	hs_scan(scan->set->expressions, text, (unsigned)scan->len, 0, scratch, on_expression, scan);
	scratch_put(scan->set, scratch);
	if (run->is_unsorted)
		g_array_sort(run->events, compare_ends);
}

void pattern_set_scan(const struct pattern_set *set, const char *text, size_t len, GArray *hits)
{
	if (set->count == 0 || len == 0)
		return;
	g_autofree unsigned *ends = g_new0(unsigned, set->parts->len);
	g_autofree char *lower = text_is_ascii(text, len, "") ? NULL : text_lower_in_place(g_strndup(text, len));
	const char *scanned = lower != NULL ? lower : text;
	struct scan scan = {.set = set, .text = text, .len = len, .ends = ends, .hits = hits};
	struct run words = {g_array_sized_new(FALSE, FALSE, sizeof(struct event), 256), 0, false};
	struct run expressions = {g_array_new(FALSE, FALSE, sizeof(struct event)), 0, false};

	scan_words(&scan, &words, scanned);
	if (set->expressions != NULL)
		scan_expressions(&scan, &expressions, scanned);
	follow_chains(&scan, &words, &expressions);
	g_array_unref(words.events);
	g_array_unref(expressions.events);
}
