/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Few words of a refusal are unknown, so those are compared with all of the list.
 */
#include "classifier/verdict/misspelling.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/words.h"

enum {
	SHORTEST = 5,       /* letters; one off a shorter word is another word too often */
	LONGEST = 20,       /* letters */
	LAST_LATIN = 0x24F, /* the letters of Latin Extended-B */
};

/* In small letters. */
struct word {
	gunichar letters[LONGEST];
	size_t len;
};

struct spelling {
	struct word word;
	const char *text;
};

/* False if it is too long, or no word in Latin letters. */
static bool read_word(const char *text, size_t len, struct word *word)
{
	word->len = 0;
	for (const char *at = text; at < text + len; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (word->len == LONGEST || c > LAST_LATIN || !(c == '\'' || g_unichar_isalpha(c)))
			return false;
		word->letters[word->len++] = g_unichar_tolower(c);
	}
	return true;
}

static bool is_same(const gunichar *a, const gunichar *b, size_t len)
{
	return memcmp(a, b, len * sizeof *a) == 0;
}

/* The longer one has one letter more. */
static bool has_letter_more(const struct word *longer, const struct word *shorter, size_t common)
{
	return is_same(longer->letters + common + 1, shorter->letters + common,
		       shorter->len - common);
}

/* One letter is another, or two are in the wrong order. */
static bool has_letter_wrong(const struct word *a, const struct word *b, size_t common)
{
	const gunichar *x = a->letters + common, *y = b->letters + common;
	size_t left = a->len - common;

	if (is_same(x + 1, y + 1, left - 1))
		return true;
	return left > 1 && x[0] == y[1] && x[1] == y[0] && is_same(x + 2, y + 2, left - 2);
}

static bool is_one_off(const struct word *typed, const struct word *right)
{
	size_t common = 0, shorter = MIN(typed->len, right->len);

	while (common < shorter && typed->letters[common] == right->letters[common])
		common++;
	if (common == 0)
		return false;
	if (typed->len == right->len)
		return common < shorter && has_letter_wrong(typed, right, common);
	if (typed->len == right->len + 1)
		return has_letter_more(typed, right, common);
	return typed->len + 1 == right->len && has_letter_more(right, typed, common);
}

static gpointer read_spellings(gpointer words)
{
	GArray *spellings = g_array_new(FALSE, FALSE, sizeof(struct spelling));

	for (const char *const *at = words; *at; at++) {
		struct spelling spelling = {.text = *at};
		if (read_word(*at, strlen(*at), &spelling.word))
			g_array_append_val(spellings, spelling);
	}
	return spellings;
}

static bool is_right(const char *text, size_t len, misspelling_known is_known)
{
	g_autofree char *word = g_utf8_strdown(text, (gssize)len);
	return is_known(word) || g_strv_contains(words_misspelt, word);
}

/* NULL if none is meant. */
static const char *find_right_spelling(const char *text, size_t len, misspelling_known is_known)
{
	static GOnce once = G_ONCE_INIT;
	const GArray *spellings = g_once(&once, read_spellings, (gpointer)words_misspelt);
	struct word typed;

	if (!read_word(text, len, &typed) || typed.len < SHORTEST || is_right(text, len, is_known))
		return NULL;
	for (guint i = 0; i < spellings->len; i++) {
		const struct spelling *spelling = &g_array_index(spellings, struct spelling, i);
		if (is_one_off(&typed, &spelling->word))
			return spelling->text;
	}
	return NULL;
}

/* The first letter is the same, and stays as it was typed. */
static void add_word(GString *out, const char *text, size_t len, misspelling_known is_known)
{
	const char *right = find_right_spelling(text, len, is_known);
	size_t first = len > 0 ? (size_t)(g_utf8_next_char(text) - text) : 0;

	g_string_append_len(out, text, (gssize)(right ? first : len));
	if (right)
		g_string_append(out, g_utf8_next_char(right));
}

static bool is_mark(char c)
{
	return c != '\0' && strchr("\"'(),.:;!?*", c);
}

char *misspelling_correct(const char *folded, misspelling_known is_known)
{
	GString *out = g_string_sized_new(strlen(folded) + 16);

	for (const char *at = folded; *at;) {
		size_t marks = strspn(at, " \n\"'(*");
		g_string_append_len(out, at, (gssize)marks);
		at += marks;
		size_t chunk = strcspn(at, " \n"), len = chunk;
		while (len > 0 && is_mark(at[len - 1]))
			len--;
		add_word(out, at, len, is_known);
		g_string_append_len(out, at + len, (gssize)(chunk - len));
		at += chunk;
	}
	return g_string_free(out, FALSE);
}
