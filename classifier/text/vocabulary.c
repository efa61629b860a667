/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A word in other letters is tried from its beginning: each place where one of the list may end is
 * one where the next may begin.
 */
#include "classifier/text/vocabulary.h"

#include <string.h>

enum {
	LAST_LATIN = 0x27F, /* Latin Extended-B, and what some alphabets have of IPA's */
	FIRST_MARK = 0x300, /* combining marks, which Latin letters have, too */
	LAST_MARK = 0x36F,
	FIRST_VIET = 0x1E00, /* Latin Extended Additional */
	LAST_VIET = 0x1EFF,
	ENDING_LETTERS = 3, /* of a word that the list has with a star */
	PIECE_BYTES = 80,   /* a longer one is in no list */
};

bool vocabulary_is_foreign(gunichar c)
{
	return c > LAST_LATIN && !(c >= FIRST_MARK && c <= LAST_MARK) &&
	       !(c >= FIRST_VIET && c <= LAST_VIET) &&
	       (g_unichar_isalpha(c) || g_unichar_ismark(c));
}

struct vocabulary {
	/* A key is a phrase, the first word of one, or both: the value says whether it is a phrase
	 * by its lowest bit, and by the others how many words the longest one has that begins with
	 * it. */
	GHashTable *phrases;
	/* Words in other letters without their stars: does one take an ending? */
	GHashTable *pieces;
	size_t longest; /* of them, in letters */
};

enum { PIECE = 1, PIECE_WITH_ENDING = 2 };

static void note_phrase(struct vocabulary *vocabulary, const char *key, guint words, bool is_whole)
{
	guint known = GPOINTER_TO_UINT(g_hash_table_lookup(vocabulary->phrases, key));
	guint value = MAX(known >> 1, words) << 1 | (known & 1) | is_whole;
	g_hash_table_insert(vocabulary->phrases, (gpointer)key, GUINT_TO_POINTER(value));
}

static void add_phrase(struct vocabulary *vocabulary, const char *phrase)
{
	guint words = 1;
	for (const char *at = phrase; *at; at++)
		words += *at == ' ';
	g_autofree char *first = g_strndup(phrase, strcspn(phrase, " "));
	bool is_there = g_hash_table_contains(vocabulary->phrases, first);
	const char *key = is_there ? first : g_steal_pointer(&first);
	note_phrase(vocabulary, key, words, false);
	note_phrase(vocabulary, phrase, 1, true);
}

static void add_piece(struct vocabulary *vocabulary, const char *text)
{
	char *word = g_strndup(text, strcspn(text, "*"));
	guint value = strchr(text, '*') ? PIECE_WITH_ENDING : PIECE;
	guint known = GPOINTER_TO_UINT(g_hash_table_lookup(vocabulary->pieces, word));

	vocabulary->longest = MAX(vocabulary->longest, (size_t)g_utf8_strlen(word, -1));
	g_hash_table_replace(vocabulary->pieces, word, GUINT_TO_POINTER(MAX(value, known)));
}

const struct vocabulary *vocabulary_new(const char *const *phrases)
{
	struct vocabulary *vocabulary = g_new0(struct vocabulary, 1);

	vocabulary->phrases = g_hash_table_new(g_str_hash, g_str_equal);
	vocabulary->pieces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (const char *const *phrase = phrases; *phrase; phrase++)
		if (vocabulary_is_foreign(g_utf8_get_char(*phrase)) && !strchr(*phrase, ' '))
			add_piece(vocabulary, *phrase);
		else
			add_phrase(vocabulary, *phrase);
	return vocabulary;
}

bool vocabulary_has(const struct vocabulary *vocabulary, const char *phrase)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(vocabulary->phrases, phrase)) & 1;
}

bool vocabulary_begins_with(const struct vocabulary *vocabulary, const char *word)
{
	return g_hash_table_contains(vocabulary->phrases, word);
}

guint vocabulary_match(const struct vocabulary *vocabulary, char **words, guint count)
{
	gpointer first = g_hash_table_lookup(vocabulary->phrases, words[0]);
	guint longest = GPOINTER_TO_UINT(first) >> 1;

	for (guint len = MIN(count, longest); len > 1; len--) {
		char *behind = words[len];
		words[len] = NULL;
		g_autofree char *phrase = g_strjoinv(" ", words);
		words[len] = behind;
		if (vocabulary_has(vocabulary, phrase))
			return len;
	}
	return vocabulary_has(vocabulary, words[0]);
}

/* --- other letters ------------------------------------------------------------ */

static guint find_piece(const struct vocabulary *vocabulary, const char *text, const char *end)
{
	char word[PIECE_BYTES];
	size_t len = (size_t)(end - text);

	if (len >= sizeof word)
		return 0;
	memcpy(word, text, len);
	word[len] = '\0';
	return GPOINTER_TO_UINT(g_hash_table_lookup(vocabulary->pieces, word));
}

/* Notes where a word of the list that begins at this letter may end. */
static void note_ends(const struct vocabulary *vocabulary, const char *const *letters, size_t count,
		      size_t from, bool *is_end)
{
	for (size_t to = from + 1; to <= count && to - from <= vocabulary->longest; to++) {
		guint piece = find_piece(vocabulary, letters[from], letters[to]);
		is_end[to] |= piece != 0;
		is_end[count] |= piece == PIECE_WITH_ENDING && count - to <= ENDING_LETTERS;
	}
}

/* Does the alphabet have no blanks between words, or hang words on each other? */
static bool joins_words(gunichar c)
{
	static const GUnicodeScript scripts[] = {
	    G_UNICODE_SCRIPT_HAN,    G_UNICODE_SCRIPT_HIRAGANA, G_UNICODE_SCRIPT_KATAKANA,
	    G_UNICODE_SCRIPT_HANGUL, G_UNICODE_SCRIPT_THAI,     G_UNICODE_SCRIPT_LAO,
	    G_UNICODE_SCRIPT_KHMER,  G_UNICODE_SCRIPT_MYANMAR};
	GUnicodeScript script = g_unichar_get_script(c);

	for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++)
		if (scripts[i] == script)
			return true;
	return false;
}

bool vocabulary_covers(const struct vocabulary *vocabulary, const char *word)
{
	size_t count = (size_t)g_utf8_strlen(word, -1);
	size_t starts = joins_words(g_utf8_get_char(word)) ? count : 1;
	g_autofree const char **letters = g_new(const char *, count + 1);
	g_autofree bool *is_end = g_new0(bool, count + 1);

	for (size_t i = 0; i <= count; i++, word = g_utf8_next_char(word))
		letters[i] = word;
	is_end[0] = true;
	for (size_t i = 0; i < MIN(starts, count); i++)
		if (is_end[i])
			note_ends(vocabulary, letters, count, i, is_end);
	return is_end[count];
}

bool vocabulary_occurs_in(const struct vocabulary *vocabulary, const char *word)
{
	GHashTableIter iter;
	gpointer piece;

	g_hash_table_iter_init(&iter, vocabulary->pieces);
	while (g_hash_table_iter_next(&iter, &piece, NULL))
		if (strstr(word, piece))
			return true;
	return false;
}
