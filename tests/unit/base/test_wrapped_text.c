/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is printed of a head and a text, to the column.
 */
#include "base/wrapped_text.h"

#include <stdlib.h>

#include <glib.h>

static void assert_printed(const char *head, const char *text, size_t indent, const char *wanted)
{
	char *printed = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&printed, &len);

	wrapped_text_print(out, head, text, indent);
	fclose(out);
	g_assert_cmpstr(printed, ==, wanted);
	free(printed);
}

#define TEN "123456789 "

static void test_wrapped(void)
{
	assert_printed("", "", 3, "\n");
	assert_printed("  --json  ", "print JSON", 10, "  --json  print JSON\n");
	assert_printed("", TEN TEN TEN TEN TEN TEN TEN "1234567890 last", 4,
		       TEN TEN TEN TEN TEN TEN TEN "1234567890\n    last\n");
	assert_printed("", TEN TEN TEN TEN TEN TEN TEN "12345678901 last", 4,
		       TEN TEN TEN TEN TEN TEN "123456789\n    12345678901 last\n");
}

static void test_blanks_of_the_text(void)
{
	assert_printed("a ", "two  blanks, and one behind ", 2, "a two blanks, and one behind\n");
}

/* A letter is one column, of however many bytes it is. */
static void test_letters(void)
{
	assert_printed("", TEN TEN TEN TEN TEN TEN TEN "äöüäöüäöüß last", 0,
		       TEN TEN TEN TEN TEN TEN TEN "äöüäöüäöüß\nlast\n");
}

static void test_word_longer_than_a_line(void)
{
	g_autofree char *word = g_strnfill(200, 'x');
	g_autofree char *text = g_strconcat("a ", word, " b", NULL);
	g_autofree char *wanted = g_strconcat("a\n  ", word, "\n  b\n", NULL);

	assert_printed("", text, 2, wanted);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wrapped-text/lines", test_wrapped);
	g_test_add_func("/wrapped-text/blanks", test_blanks_of_the_text);
	g_test_add_func("/wrapped-text/letters", test_letters);
	g_test_add_func("/wrapped-text/long-word", test_word_longer_than_a_line);
	return g_test_run();
}
