/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which expressions are lists of words, and what is in them.
 */
#include <glib.h>

#include "classifier/pattern/literal.h"

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
	    {"\\b(ip|host)\\b", "ip, host"},
	    {"ab\\b cd", "ab cd"},
	    {"ab\\bcd", ""},
	    {"a\\.b$", "a.b"},
	    {"^ab", "ab"},
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
		g_auto(GStrv) words = literal_expand(rows[i].expression);
		g_autofree char *listed = words ? g_strjoinv(", ", words) : g_strdup("");
		g_test_message("%s", rows[i].expression);
		g_assert_cmpstr(listed, ==, rows[i].words);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/literal/expand", check_expand);
	return g_test_run();
}
