/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Expressions taken apart, and what is left whole. */
#include <string.h>

#include "classifier/rules/alternatives.h"

/* A hundred bytes and more. */
#define LONG_WORD                                                                                  \
	"zorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorpzorp" \
	"zorpzorpzorpzorp"

static void test_split(void)
{
	static const struct {
		const char *expression;
		const char *parts; /* one behind the other, with a line's end */
	} rows[] = {
	    {"a|b", "a|b\n"},
	    {"a|" LONG_WORD "|b", LONG_WORD "\na|b\n"},
	    {LONG_WORD, LONG_WORD "\n"},
	    {"(?:a|" LONG_WORD ")|b|[|(]", "(?:a|" LONG_WORD ")\nb|[|(]\n"},
	    {"[^]|(]" LONG_WORD "|b", "[^]|(]" LONG_WORD "\nb\n"},
	    {"\\(\\||" LONG_WORD, LONG_WORD "\n\\(\\|\n"},
	    /* no expression, or one that matches nothing: whoever compiles it says so */
	    {"a)|" LONG_WORD, "a)|" LONG_WORD "\n"},
	    {"(a|" LONG_WORD, "(a|" LONG_WORD "\n"},
	    {"a||" LONG_WORD, "a||" LONG_WORD "\n"},
	    {"a|" LONG_WORD "|", "a|" LONG_WORD "|\n"},
	    {"", "\n"},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) parts = alternatives_split(rows[i].expression);
		g_autoptr(GString) seen = g_string_new(NULL);
		for (guint j = 0; j < parts->len; j++)
			g_string_append_printf(seen, "%s\n", (const char *)parts->pdata[j]);
		g_assert_cmpstr(seen->str, ==, rows[i].parts);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/alternatives/split", test_split);
	return g_test_run();
}
