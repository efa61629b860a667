/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scans a text for a pattern set. Matches come in the order of their ends, so that a chain
 * of parts needs only the last end of each part; where parts of one chain end together, the
 * later part comes first.
 *
 * A table of the automaton serves one scan at a time. libmilter moves a session between
 * threads, so tables are not tied to threads: a scan takes one from a pool and puts it back.
 */
#include <string.h>

#include "classifier/pattern/pattern_data.h"
#include "classifier/text/text.h"

/* In place of an end: looked at, and not confirmed. */
enum { REFUSED = G_MAXUINT };

struct scan {
	const struct pattern_set *set;
	const char *text;
	size_t len;
	unsigned *ends; /* per part: the end of its last match within a chain; 0: none */
	GArray *hits;
};

/* Lock-free: a message takes many short scans, and all threads would contend for a lock.
 * The first that is free: it has seen most. */
static struct dfa *take_table(const struct pattern_set *set)
{
	struct dfa **idle = (struct dfa **)set->idle;

	for (size_t i = 0; i < PATTERN_IDLE_MAX; i++) {
		struct dfa *dfa = g_atomic_pointer_get(&idle[i]);
		if (dfa && g_atomic_pointer_compare_and_exchange(&idle[i], dfa, NULL))
			return dfa;
	}
	return dfa_new(set->nfa);
}

static void put_table(const struct pattern_set *set, struct dfa *dfa)
{
	struct dfa **idle = (struct dfa **)set->idle;

	for (size_t i = 0; i < PATTERN_IDLE_MAX; i++)
		if (g_atomic_pointer_compare_and_exchange(&idle[i], NULL, dfa))
			return;
	dfa_free(dfa);
}

static const struct pattern_part *get_part(const struct scan *scan, unsigned id)
{
	return &g_array_index(scan->set->parts, struct pattern_part, id);
}

/* Whether a match that ends at end follows the previous part closely, in one paragraph. */
static bool is_near(const struct scan *scan, unsigned id, unsigned end)
{
	unsigned before = scan->ends[id - 1];

	return before > 0 && before < end && end - before <= get_part(scan, id)->gap &&
	       !memchr(scan->text + before, '\n', end - before);
}

static void keep_hit(struct scan *scan, unsigned pattern, unsigned end)
{
	struct pattern_hit hit = {.id = pattern, .end = end};

	g_array_append_val(scan->hits, hit);
}

/* Of a pattern of one part the first match is enough. */
static void note_whole(struct scan *scan, const struct pattern_part *part, unsigned id,
		       unsigned end)
{
	if (scan->ends[id] != 0)
		return;
	scan->ends[id] = end;
	if (part->confirm &&
	    !g_regex_match_full(part->confirm, scan->text, (gssize)scan->len, 0, 0, NULL, NULL))
		scan->ends[id] = REFUSED;
	else
		keep_hit(scan, part->pattern, end);
}

static void note_part(unsigned id, size_t at, void *data)
{
	struct scan *scan = data;
	const struct pattern_part *part = get_part(scan, id);
	unsigned end = (unsigned)at;

	if (part->is_first && part->is_last) {
		note_whole(scan, part, id, end);
		return;
	}
	if (!part->is_first && !is_near(scan, id, end))
		return;
	if (part->is_last && scan->ends[id] == 0)
		keep_hit(scan, part->pattern, end);
	scan->ends[id] = end;
}

void pattern_set_scan(const struct pattern_set *set, const char *text, size_t len, GArray *hits)
{
	if (set->count == 0 || len == 0)
		return;
	g_autofree unsigned *ends = g_new0(unsigned, set->parts->len);
	g_autofree char *lower =
	    text_is_ascii(text, len, "") ? NULL : text_lower_in_place(g_strndup(text, len));
	struct scan scan = {.set = set, .text = text, .len = len, .ends = ends, .hits = hits};
	struct dfa *dfa = take_table(set);

	dfa_scan(dfa, lower ? lower : text, len, note_part, &scan);
	put_table(set, dfa);
}

unsigned pattern_set_restarts(const struct pattern_set *set)
{
	unsigned restarts = 0;

	for (size_t i = 0; i < PATTERN_IDLE_MAX; i++)
		restarts += set->idle[i] ? dfa_restarts(set->idle[i]) : 0;
	return restarts;
}
