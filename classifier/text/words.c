/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lists that phrases.awk makes of etc/phrases.
 */
#include "classifier/text/words.h"

#include <string.h>

#include <glib.h>

#include "words.inc"

/* Which pairs of neighbouring bytes a text has, by a hash: a phrase with a pair that the text
 * lacks need not be looked for, and nearly all have one among their first. */
enum { PAIR_SLOTS = 1024, PAIR_BITS = 64, PAIRS_TRIED = 4 };

static unsigned pair_slot(const char *at)
{
	return ((unsigned char)at[0] * 37U + (unsigned char)at[1]) % PAIR_SLOTS;
}

static void note_pairs(const char *text, guint64 *pairs)
{
	for (; text[0] != '\0' && text[1] != '\0'; text++)
		pairs[pair_slot(text) / PAIR_BITS] |= G_GUINT64_CONSTANT(1)
						      << pair_slot(text) % PAIR_BITS;
}

static bool may_have(const guint64 *pairs, const char *phrase)
{
	for (int i = 0; i < PAIRS_TRIED && phrase[i] != '\0' && phrase[i + 1] != '\0'; i++)
		if (!(pairs[pair_slot(phrase + i) / PAIR_BITS] >>
			  pair_slot(phrase + i) % PAIR_BITS &
		      1))
			return false;
	return true;
}

bool words_any(const char *lower, const char *const *words)
{
	guint64 pairs[PAIR_SLOTS / PAIR_BITS] = {0};

	note_pairs(lower, pairs);
	for (; *words; words++)
		if (may_have(pairs, *words) && strstr(lower, *words))
			return true;
	return false;
}

bool words_begin(const char *lower, const char *const *words)
{
	for (; *words; words++)
		if (g_str_has_prefix(lower, *words))
			return true;
	return false;
}
