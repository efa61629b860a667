/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Latin letters with a mark, and how languages write them without it. Only small letters: patterns
 * fit in any case.
 */
#include "classifier/rules/spelling.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/rules/pattern_piece.h"

static const struct {
	const char *letter;
	const char *instead; /* alternatives */
} spellings[] = {
    {"ä", "ae|a"}, {"ö", "oe|o"}, {"ü", "ue|u"}, {"ß", "ss"}, {"å", "aa|a"}, {"æ", "ae|a"},
    {"ø", "oe|o"}, {"à", "a"},    {"á", "a"},    {"â", "a"},  {"ã", "a"},    {"ā", "a"},
    {"ă", "a"},    {"ą", "a"},    {"ç", "c"},    {"ć", "c"},  {"č", "c"},    {"ď", "d"},
    {"đ", "d"},    {"è", "e"},    {"é", "e"},    {"ê", "e"},  {"ë", "e"},    {"ē", "e"},
    {"ė", "e"},    {"ę", "e"},    {"ě", "e"},    {"ğ", "g"},  {"ģ", "g"},    {"ì", "i"},
    {"í", "i"},    {"î", "i"},    {"ï", "i"},    {"ī", "i"},  {"į", "i"},    {"ı", "i"},
    {"ķ", "k"},    {"ļ", "l"},    {"ł", "l"},    {"ñ", "n"},  {"ń", "n"},    {"ņ", "n"},
    {"ň", "n"},    {"ò", "o"},    {"ó", "o"},    {"ô", "o"},  {"õ", "o"},    {"ő", "o"},
    {"ř", "r"},    {"ś", "s"},    {"ş", "s"},    {"š", "s"},  {"ș", "s"},    {"ť", "t"},
    {"ț", "t"},    {"ù", "u"},    {"ú", "u"},    {"û", "u"},  {"ū", "u"},    {"ů", "u"},
    {"ű", "u"},    {"ų", "u"},    {"ý", "y"},    {"ź", "z"},  {"ż", "z"},    {"ž", "z"},
};

/* U+00C0 to U+023F. All others, plain letters and those of other alphabets, must cost nothing,
 * since each start widens all patterns. */
static bool may_have_mark(const char *text)
{
	return (guchar)*text >= 0xc3 && (guchar)*text <= 0xc8;
}

static const char *instead_of(const char *text)
{
	if (!may_have_mark(text))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(spellings); i++)
		if (strncmp(text, spellings[i].letter, strlen(spellings[i].letter)) == 0)
			return spellings[i].instead;
	return NULL;
}

/* Bytes of the letter at text; not beyond its end, where that is no UTF-8. */
static size_t letter_length(const char *text)
{
	return strnlen(text, (size_t)(g_utf8_next_char(text) - text));
}

/* The same of what stays together in a pattern. */
static size_t unit_length(const char *text)
{
	return (guchar)*text < 0x80 ? pattern_piece_length(text) : letter_length(text);
}

char *spelling_widen(const char *pattern)
{
	/* what is looked for behind must have one length */
	if (strstr(pattern, "(?<"))
		return g_strdup(pattern);
	GString *out = g_string_sized_new(strlen(pattern));
	const char *copied = pattern;

	for (size_t length; *pattern != '\0'; pattern += length) {
		const char *instead = instead_of(pattern);

		length = unit_length(pattern);
		if (!instead)
			continue;
		g_string_append_len(out, copied, pattern - copied);
		g_string_append(out, "(?:");
		g_string_append_len(out, pattern, (gssize)length);
		g_string_append_c(out, '|');
		g_string_append(out, instead);
		g_string_append_c(out, ')');
		copied = pattern + length;
	}
	g_string_append(out, copied);
	return g_string_free(out, FALSE);
}
