/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a list of words and phrases knows.
 */
#include <string.h>

#include <glib.h>

#include "classifier/text/vocabulary.h"

static const char *const phrases[] = {
    "user",         "no such", "no such blue user", "用户", "不存在", "不",
    "пользовател*", "не",      "не найден",         "ผู้ใช้",  "ไม่พบ",   NULL};

static const struct vocabulary *vocabulary;

static guint match(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	return vocabulary_match(vocabulary, words, g_strv_length(words));
}

static void test_phrases(void)
{
	g_assert_cmpuint(match("user unknown"), ==, 1);
	g_assert_cmpuint(match("no such user"), ==, 2);
	g_assert_cmpuint(match("no such blue user"), ==, 4);
	g_assert_cmpuint(match("no user"), ==, 0);
	g_assert_cmpuint(match("не найден"), ==, 2);
	g_assert_true(vocabulary_has(vocabulary, "no such"));
	g_assert_false(vocabulary_has(vocabulary, "no"));
	g_assert_true(vocabulary_begins_with(vocabulary, "no"));
	g_assert_false(vocabulary_begins_with(vocabulary, "such"));
}

static void test_other_letters(void)
{
	static const struct {
		const char *word;
		bool is_covered;
	} rows[] = {
	    {"用户不存在", true},   {"用户", true},           {"该用户不存在", false},
	    {"用户不存", false},    {"不不不", true},         {"不用户", true},
	    {"пользователь", true}, {"пользователями", true}, {"пользовательский", false},
	    {"не", true},           {"нет", false},           {"непользователь", false},
	    {"ไม่พบผู้ใช้", true},      {"ไม่พบผู้", false},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (vocabulary_covers(vocabulary, rows[i].word) != rows[i].is_covered)
			g_error("%s", rows[i].word);
	g_assert_true(vocabulary_occurs_in(vocabulary, "该用户"));
	g_assert_false(vocabulary_occurs_in(vocabulary, "该"));
}

/* A stranger writes the word: 30,000 letters that all may begin one of the list. */
static void test_long(void)
{
	g_autoptr(GString) word = g_string_new(NULL);

	for (int i = 0; i < 30000; i++)
		g_string_append(word, "不");
	g_assert_true(vocabulary_covers(vocabulary, word->str));
}

static void test_letters(void)
{
	g_assert_true(vocabulary_is_foreign(0x7528)); /* 用 */
	g_assert_true(vocabulary_is_foreign(0x043F)); /* п */
	g_assert_true(vocabulary_is_foreign(0x0E39)); /* a vowel above or below */
	g_assert_false(vocabulary_is_foreign('a'));
	g_assert_false(vocabulary_is_foreign(0x00E9)); /* é */
	g_assert_false(vocabulary_is_foreign(0x0259)); /* ə */
	g_assert_false(vocabulary_is_foreign(0x1ED3)); /* ồ */
	g_assert_false(vocabulary_is_foreign(0x0301)); /* a combining mark */
	g_assert_false(vocabulary_is_foreign(0x3002)); /* 。 */
	g_assert_false(vocabulary_is_foreign(0));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vocabulary = vocabulary_new(phrases);
	g_test_add_func("/vocabulary/phrases", test_phrases);
	g_test_add_func("/vocabulary/other-letters", test_other_letters);
	g_test_add_func("/vocabulary/long", test_long);
	g_test_add_func("/vocabulary/letters", test_letters);
	return g_test_run();
}
