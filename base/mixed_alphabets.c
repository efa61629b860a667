/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A word is judged by two letters of it.
 */
#include "base/mixed_alphabets.h"

#include <string.h>

#include <glib.h>

static bool is_of_all(GUnicodeScript script)
{
	return script == G_UNICODE_SCRIPT_COMMON || script == G_UNICODE_SCRIPT_INHERITED ||
	       script == G_UNICODE_SCRIPT_UNKNOWN;
}

static bool is_east_asian(GUnicodeScript script)
{
	return script == G_UNICODE_SCRIPT_HAN || script == G_UNICODE_SCRIPT_HIRAGANA ||
	       script == G_UNICODE_SCRIPT_KATAKANA || script == G_UNICODE_SCRIPT_HANGUL ||
	       script == G_UNICODE_SCRIPT_BOPOMOFO;
}

static bool are_of_two(const char *word)
{
	GUnicodeScript first = G_UNICODE_SCRIPT_COMMON;

	for (const char *p = word; *p != '\0'; p = g_utf8_next_char(p)) {
		GUnicodeScript script = g_unichar_get_script(g_utf8_get_char(p));

		if (is_of_all(script) || is_east_asian(script))
			continue;
		if (is_of_all(first))
			first = script;
		else if (script != first)
			return true;
	}
	return false;
}

static bool stand_for_others(const char *word)
{
	g_autofree char *plain = g_utf8_normalize(word, -1, G_NORMALIZE_ALL);
	g_autofree char *same = g_utf8_normalize(word, -1, G_NORMALIZE_DEFAULT);

	return plain && same && strcmp(plain, same) != 0;
}

bool mixed_alphabets_in(const char *text)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t\r\n@<>()\",;:", -1);

	for (char **word = words; *word; word++)
		if (!g_str_is_ascii(*word) && (are_of_two(*word) || stand_for_others(*word)))
			return true;
	return false;
}
