/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words found in a text, held against a search for each.
 */
#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/word_set.h"

static void note(unsigned id, size_t end, void *data)
{
	g_string_append_printf(data, "%u@%zu ", id, end);
}

static const char *const words[] = {"he",
				    "she",
				    "his",
				    "hers",
				    "e",
				    "no such user",
				    "such",
				    "user unknown",
				    ("\xC3\xBC"
				     "ber")};

/* The same by looking at every place for every word, the longest first. */
static char *search(const char *text)
{
	GString *out = g_string_new(NULL);
	g_autofree char *lower = g_ascii_strdown(text, -1);
	size_t len = strlen(text);

	for (size_t end = 1; end <= len; end++)
		for (size_t size = end; size > 0; size--)
			for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
				if (strlen(words[i]) == size &&
				    memcmp(lower + end - size, words[i], size) == 0)
					note(i, end, out);
	return g_string_free(out, FALSE);
}

static void check_rows(void)
{
	static const char *const texts[] = {"",
					    "e",
					    "ushers",
					    "SHE says HE",
					    "no such no such user unknown",
					    "xyz",
					    "hehehers",
					    "no such use",
					    ("\xC3\xBC"
					     "ber"),
					    ("\xFF\xC3"
					     "ber"),
					    "such user",
					    "hhhhhhhers"};
	g_autoptr(word_set_t) set = word_set_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		g_assert_cmpuint(word_set_add(set, words[i]), ==, i);
	g_assert_cmpuint(word_set_add(set, "hers"), ==, 3);
	word_set_compile(set);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GString) found = g_string_new(NULL);
		g_autofree char *expected = search(texts[i]);
		word_set_scan(set, texts[i], strlen(texts[i]), note, found);
		g_assert_cmpstr(found->str, ==, expected);
	}
}

/* Made up at random from few letters, where everything overlaps. */
static void check_random(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);

	for (int round = 0; round < 200; round++) {
		g_autoptr(word_set_t) set = word_set_new();
		g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(g_free);
		char text[60] = "";
		unsigned calls = 0, expected = 0;

		for (int i = 0; i < 12; i++) {
			char word[8] = "";
			int len = g_rand_int_range(random, 1, 6);
			for (int j = 0; j < len; j++)
				word[j] = (char)g_rand_int_range(random, 'a', 'c');
			if (word_set_add(set, word) == made->len)
				g_ptr_array_add(made, g_strdup(word));
		}
		for (size_t i = 0; i + 1 < sizeof text; i++)
			text[i] = (char)g_rand_int_range(random, 'a', 'c');
		for (guint i = 0; i < made->len; i++)
			for (const char *at = text; (at = strstr(at, made->pdata[i])) != NULL; at++)
				expected++;
		word_set_compile(set);
		g_autoptr(GString) found = g_string_new(NULL);
		word_set_scan(set, text, strlen(text), note, found);
		for (const char *at = found->str; (at = strchr(at, '@')) != NULL; at++)
			calls++;
		g_assert_cmpuint(calls, ==, expected);
	}
}

static void check_none(void)
{
	g_autoptr(word_set_t) set = word_set_new();
	g_autoptr(GString) found = g_string_new(NULL);

	word_set_compile(set);
	word_set_scan(set, "text", 4, note, found);
	g_assert_cmpstr(found->str, ==, "");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/words/rows", check_rows);
	g_test_add_func("/words/random", check_random);
	g_test_add_func("/words/none", check_none);
	return g_test_run();
}
