/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scans a text for a compiled pattern set. With matches taken in the order of their
 * ends, a chain of parts needs only the last end of each part.
 *
 * Hyperscan needs one scratch space per concurrent scan. libmilter moves a session
 * between threads, so scratch spaces are not tied to threads: a scan takes one from
 * a pool and puts it back.
 */
#include <string.h>

#include "classifier/rules/literal.h"
#include "classifier/rules/pattern_data.h"
#include "classifier/text/text.h"

/* A match of a chain's part. */
struct scan_event {
	unsigned end;
	unsigned part;
};

/* The events found by the word set, or by Hyperscan. */
struct scan_run {
	GArray *events;
	guint next;       /* the next one to follow */
	bool is_unsorted; /* not in the order of their ends */
};

struct scan {
	const struct pattern_set *set;
	const char *text;
	size_t len;
	unsigned *ends; /* per part: the end of its last match within a chain; 0: none */
	struct scan_run *run;
	GArray *hits;
};

/* Lock-free: a message takes many short scans, and all threads would contend for a lock. */
static hs_scratch_t *scratch_take(const struct pattern_set *set)
{
	hs_scratch_t **idle = (hs_scratch_t **)set->idle;
	hs_scratch_t *scratch = NULL;

	for (size_t i = 0; i < PATTERN_IDLE_MAX; i++) {
		scratch = g_atomic_pointer_get(&idle[i]);
		if (scratch && g_atomic_pointer_compare_and_exchange(&idle[i], scratch, NULL))
			return scratch;
	}
	if (hs_clone_scratch(set->prototype, &scratch) != HS_SUCCESS)
		g_error("out of memory");
	return scratch;
}

static void scratch_put(const struct pattern_set *set, hs_scratch_t *scratch)
{
	hs_scratch_t **idle = (hs_scratch_t **)set->idle;

	for (size_t i = 0; i < PATTERN_IDLE_MAX; i++)
		if (g_atomic_pointer_compare_and_exchange(&idle[i], NULL, scratch))
			return;
	hs_free_scratch(scratch);
}

static bool is_confirmed(const struct scan *scan, unsigned id)
{
	const struct pattern_part *part = scan->set->parts->pdata[id];

	return !part->confirm ||
	       g_regex_match_full(part->confirm, scan->text, (gssize)scan->len, 0, 0, NULL, NULL);
}

static const struct pattern_link *get_link(const struct scan *scan, unsigned id)
{
	return &g_array_index(scan->set->links, struct pattern_link, id);
}

/* Whether a match that ends at end follows the previous part closely, in one paragraph. */
static bool is_near(const struct scan *scan, unsigned id, unsigned end)
{
	unsigned before = scan->ends[id - 1];

	return before > 0 && before < end && end - before <= get_link(scan, id)->gap &&
	       !memchr(scan->text + before, '\n', end - before);
}

static void keep_hit(struct scan *scan, unsigned id, unsigned end)
{
	struct pattern_hit hit = {.id = get_link(scan, id)->pattern, .end = end};

	if (scan->ends[id] == 0)
		g_array_append_val(scan->hits, hit);
	scan->ends[id] = end;
}

static void add_event(struct scan_run *run, unsigned id, unsigned end)
{
	struct scan_event event = {.end = end, .part = id};
	guint count = run->events->len;

	run->is_unsorted |=
	    count > 0 && g_array_index(run->events, struct scan_event, count - 1).end > end;
	g_array_append_val(run->events, event);
}

/* A part was found. If it is the whole pattern, that is a hit; a part of a chain is kept
 * as an event until all of them can be put in order. */
static void note_part(struct scan *scan, unsigned id, unsigned end)
{
	const struct pattern_link *link = get_link(scan, id);

	if (!link->is_first || !link->is_last)
		add_event(scan->run, id, end);
	else if (scan->ends[id] == 0 && is_confirmed(scan, id))
		keep_hit(scan, id, end);
}

static int on_expression(unsigned id, unsigned long long from, unsigned long long to,
			 unsigned flags, void *context)
{
	(void)from;
	(void)flags;
	note_part(context, id, (unsigned)to);
	return 0;
}

static void on_word(unsigned id, size_t end, void *data)
{
	struct scan *scan = data;
	const struct pattern_word *word = &g_array_index(scan->set->words, struct pattern_word, id);
	unsigned places = literal_places(scan->text, scan->len, end - word->len, end);

	for (guint i = 0; i < word->count; i++) {
		const struct pattern_use *use =
		    &g_array_index(scan->set->uses, struct pattern_use, word->first + i);
		if ((use->places & ~places) == 0)
			note_part(scan, use->part, (unsigned)end);
	}
}

static int compare_ends(gconstpointer a, gconstpointer b)
{
	unsigned x = ((const struct scan_event *)a)->end, y = ((const struct scan_event *)b)->end;

	return (x > y) - (x < y);
}

static void follow_event(struct scan *scan, const struct scan_event *event)
{
	const struct pattern_link *link = get_link(scan, event->part);

	if (!link->is_first && !is_near(scan, event->part, event->end))
		return;
	if (link->is_last)
		keep_hit(scan, event->part, event->end);
	else
		scan->ends[event->part] = event->end;
}

static const struct scan_event *peek(const struct scan_run *run)
{
	return run->next < run->events->len
		   ? &g_array_index(run->events, struct scan_event, run->next)
		   : NULL;
}

/* The events of both runs in the order of their ends. */
static void follow_chains(struct scan *scan, struct scan_run *a, struct scan_run *b)
{
	for (;;) {
		const struct scan_event *x = peek(a), *y = peek(b);
		if (!x && !y)
			return;
		struct scan_run *run = !y || (x && x->end <= y->end) ? a : b;
		follow_event(scan, run == a ? x : y);
		run->next++;
	}
}

static void scan_words(struct scan *scan, struct scan_run *run, const char *text)
{
	scan->run = run;
	word_set_scan(scan->set->word_set, text, scan->len, on_word, scan);
}

/* Hyperscan mostly keeps the order of the ends, but does not promise it. */
static void scan_expressions(struct scan *scan, struct scan_run *run, const char *text)
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
	g_autofree char *lower =
	    text_is_ascii(text, len, "") ? NULL : text_lower_in_place(g_strndup(text, len));
	const char *scanned = lower ? lower : text;
	struct scan scan = {.set = set, .text = text, .len = len, .ends = ends, .hits = hits};
	struct scan_run words = {g_array_sized_new(FALSE, FALSE, sizeof(struct scan_event), 256), 0,
				 false};
	struct scan_run expressions = {g_array_new(FALSE, FALSE, sizeof(struct scan_event)), 0,
				       false};

	scan_words(&scan, &words, scanned);
	if (set->expressions)
		scan_expressions(&scan, &expressions, scanned);
	follow_chains(&scan, &words, &expressions);
	g_array_unref(words.events);
	g_array_unref(expressions.events);
}
