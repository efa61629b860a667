/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which expressions are lists of words, and what is in them.
 */
#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/rules/literal.h"

/* "^" and "$" for the text's ends, "|" for a word's */
static char *describe(const GArray *literals)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; literals != NULL && i < literals->len; i++) {
		const struct literal *literal = &g_array_index(literals, struct literal, i);
		g_string_append_printf(out, "%s%s%s%s%s%s", i > 0 ? ", " : "",
				       literal->places & LITERAL_TEXT_START ? "^" : "",
				       literal->places & LITERAL_WORD_START ? "|" : "",
				       literal->text, literal->places & LITERAL_WORD_END ? "|" : "",
				       literal->places & LITERAL_TEXT_END ? "$" : "");
	}
	return g_string_free(out, FALSE);
}

static void check_expand(void)
{
	static const struct {
		const char *expression;
		const char *words; /* "": no list of words */
	} rows[] = {
	    {"User", "user"},
	    {"user|mail box", "user, mail box"},
	    {"mail ?box", "mail box, mailbox"},
	    {"(no such|unknown) users?",
	     "no such users, no such user, unknown users, unknown user"},
	    {"\\b(ip|host)\\b", "|ip|, |host|"},
	    {"ab\\b cd", "ab cd"},
	    {"ab\\bcd", ""},
	    {"a\\.b$", "a.b$"},
	    {"^ab", "^ab"},
	    {"gr[ae]y", "gray, grey"},
	    {"can'?t", "can't, cant"},
	    {"(a(b|c))?de", "abde, acde, de"},
	    {"<@>", "<@>"},
	    {"a", ""},
	    {"", ""},
	    {"ab*", ""},
	    {"ab+c", ""},
	    {"a.b", ""},
	    {"ab\\d", ""},
	    {"[a-z]b", ""},
	    {"[^a]b", ""},
	    {"ab{2}", ""},
	    {"ab??", ""},
	    {"(?:no|(?:un|non)) user", "no user, un user, non user"},
	    {"(?:?ab)", ""},
	    {"(?<!a)bc", ""},
	    {"(ab", ""},
	    {"ab)", ""},
	    {"ab[", ""},
	    {"ab\\", ""},
	    {"|ab", ""},
	    {"\u00dcber|\u043d\u0435\u0422", "\u00fcber, \u043d\u0435\u0442"},
	    {"\u6ee1|\u6eff", "\u6ee1, \u6eff"},
	    {"\u3044?\u306a", "\u3044\u306a, \u306a"},
	    {"[\u0430\u0431]\u0432", "\u0430\u0432, \u0431\u0432"},
	    {"\u0130a", "\u0130a"}, /* its small letter has another length */
	    {"ab\xC3", ""},
	    {"(aa|bb|cc|dd)(aa|bb|cc|dd)(aa|bb|cc|dd)(aa|bb|cc|dd)(aa|bb|cc|dd)(aa|bb)", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		GArray *literals = literal_expand(rows[i].expression);
		g_autofree char *words = describe(literals);
		g_test_message("%s", rows[i].expression);
		g_assert_cmpstr(words, ==, rows[i].words);
		g_clear_pointer(&literals, g_array_unref);
	}
}

/* The same as the expression says, at every place of a text. */
static void check_fits(void)
{
	static const char *const expressions[] = {"\\bip\\b", "\\bip", "ip\\b",      "^ip",
						  "ip$",      "ip",    "\\b<ip>\\b", "\\b.ip"};
	static const char *const texts[] = {"ip",   "an ip", "ip is",  "recipient", "skip",
					    "ip_x", "<ip>",  "a<ip>b", ".ip",       "a.ip ip"};

	for (size_t i = 0; i < G_N_ELEMENTS(expressions); i++) {
		GArray *literals = literal_expand(expressions[i]);
		for (size_t j = 0; literals != NULL && j < G_N_ELEMENTS(texts); j++) {
			const struct literal *literal = &g_array_index(literals, struct literal, 0);
			bool found = false;
			for (const char *at = strstr(texts[j], literal->text); at != NULL;
			     at = strstr(at + 1, literal->text))
				found |=
				    (literal->places &
				     ~literal_places(
					 texts[j], strlen(texts[j]), (size_t)(at - texts[j]),
					 (size_t)(at - texts[j]) + strlen(literal->text))) == 0;
			g_test_message("%s in %s", expressions[i], texts[j]);
			g_assert_cmpint(found, ==,
					g_regex_match_simple(expressions[i], texts[j], 0, 0));
		}
		g_clear_pointer(&literals, g_array_unref);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/literal/expand", check_expand);
	g_test_add_func("/literal/fits", check_fits);
	return g_test_run();
}
