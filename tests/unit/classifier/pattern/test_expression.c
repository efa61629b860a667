/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Expressions: the automaton finds the ends that PCRE finds, and what it leaves to PCRE or
 * refuses.
 */
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "classifier/pattern/dfa.h"
#include "classifier/pattern/expression.h"

static void note_end(unsigned id, size_t end, void *data)
{
	GString *ends = data;

	g_string_append_printf(ends, "%u:%zu ", id, end);
}

static char *find_ends(const char *const *expressions, const char *text)
{
	g_autoptr(nfa_t) nfa = nfa_new();
	GString *ends = g_string_new(NULL);

	for (unsigned i = 0; expressions[i]; i++) {
		g_autoptr(GError) error = NULL;
		bool is_approximate = true;
		g_assert_true(expression_add(nfa, expressions[i], i, &is_approximate, &error));
		g_assert_no_error(error);
		g_assert_false(is_approximate);
	}
	nfa_finish(nfa);
	struct dfa *dfa = dfa_new(nfa);
	dfa_scan(dfa, text, strlen(text), note_end, ends);
	dfa_free(dfa);
	return g_string_free(ends, FALSE);
}

/* Every end of a match, by asking for each whether something matches up to there. In raw
 * bytes GLib takes those beyond ASCII for Latin-1, so that "\\b" cannot be compared there. */
static void ask_pcre(GString *ends, const char *expression, unsigned id, const char *text,
		     size_t end)
{
	bool is_raw = g_str_is_ascii(expression);
	size_t rest = is_raw ? strlen(text + end) : (size_t)g_utf8_strlen(text + end, -1);
	g_autofree char *ending = g_strdup_printf("(?:%s)(?=.{%zu}\\z)", expression, rest);
	GRegexCompileFlags flags =
	    G_REGEX_CASELESS | G_REGEX_DOTALL | G_REGEX_DOLLAR_ENDONLY | (is_raw ? G_REGEX_RAW : 0);
	g_autoptr(GError) error = NULL;
	g_autoptr(GRegex) regex = g_regex_new(ending, flags, 0, &error);

	g_assert_no_error(error);
	if (!is_raw && ((unsigned char)text[end] & 0xC0) == 0x80)
		return;
	if (g_regex_match(regex, text, 0, NULL))
		g_string_append_printf(ends, "%u:%zu ", id, end);
}

static char *find_ends_by_pcre(const char *const *expressions, const char *text)
{
	GString *ends = g_string_new(NULL);
	size_t len = strlen(text);

	for (size_t end = 0; end <= len; end++)
		for (unsigned i = g_strv_length((char **)expressions); i-- > 0;)
			ask_pcre(ends, expressions[i], i, text, end);
	return g_string_free(ends, FALSE);
}

static const char *const expressions[] = {
    "a",
    "user|mailbox",
    "mail ?box(es)?",
    "\\b(ip|host)\\b",
    "\\bip",
    "ip\\B",
    "^ip",
    "ip$",
    "^(ip)?host$",
    "gr[ae]y",
    "[a-c]{2}",
    "[^a-z ]+x",
    "a{2,3}b",
    "a{2,}b",
    "(ab|cd)*ef",
    "(a*)*b",
    "(a|b|)+c",
    "x(?:y|z)??w",
    "\\d+ ?(sec|min)",
    "[\\d.]+ ?days",
    "\\w\\W\\w",
    "\\S+@",
    "a.c",
    "empf.{1,2}nger",
    "\\b(adresse|empf.{1,2}nger)\\b",
    "a\\.b|\\x41\\x2d",
    "[]x-]y",
    "[\\]a]z",
    "{a}|a{b|a{,x}", /* "{,2}" is a quantifier since PCRE2 10.43 */
    "(?i)q(?s:.)r",
    "(?<name>n)m",
    "\\Aab|ab\\z",
    "(?:user|^ip|an)",
    "(^|x)a|(b|^)\\d",
    "(^an)? ?ip|(?:^ip|host)+",
    "x?^a",
    "(\\b|x)end",
    "((a)|(b|(c))){2}",
    "\\b\\b\\bfoo(bar|\\b)",
    "\u00fcber|\u043d\u0435\u0442",
    "[\u00e4x\u00f6]l",
    "\u00e4?l",
    ".l|\u00e9",
    "[^a]l|\u00e9",
    "\\Dl\\S?|\u00e9",
    "\u6ee1{2}",
};

static const char *const texts[] = {
    "a",
    "",
    "user mailboxes mail box",
    "ip",
    "an ip host, skip ip_x recip",
    "iphost",
    "gray GREY aAbBcC",
    "123x 1 sec 20min 3.5 days",
    "aab aaab aaaab b",
    "ababcdef ef abef",
    "aabac bc c",
    "xw xyw xzw",
    "<a>b a-b a b",
    "user@host a.c a\nc a\tc",
    "empfanger empfaenger empf\xC3\xA4nger adresse Adressen gift",
    "a.b A-]y xy -y ]z az",
    "{a} a{b a{,x} a{2}",
    "q\nr nm ab end xend abcb",
    "foo foobar foox",
    "\u00fcber \u043d\u0435\u0442 \u00e4l \u00f6l al xl \u6ee1\u6ee1\u6ee1 l\u00e9",
};

static bool can_be_compared(const char *expression, const char *text)
{
	return g_str_is_ascii(text) || !g_str_is_ascii(expression) || !strchr(expression, '\\');
}

static void check_one(const char *const *list, const char *text)
{
	g_autofree char *ours = find_ends(list, text);
	g_autofree char *theirs = find_ends_by_pcre(list, text);

	g_test_message("%s in \"%s\"", list[1] ? "all" : list[0], text);
	g_assert_cmpstr(ours, ==, theirs);
}

static void check_ends(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(expressions); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
			const char *const one[] = {expressions[i], NULL};
			if (can_be_compared(expressions[i], texts[j]))
				check_one(one, texts[j]);
		}
}

/* All in one automaton: none disturbs another. */
static void check_together(void)
{
	for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
		const char *all[G_N_ELEMENTS(expressions) + 1] = {NULL};
		unsigned count = 0;
		for (size_t i = 0; i < G_N_ELEMENTS(expressions); i++)
			if (can_be_compared(expressions[i], texts[j]))
				all[count++] = expressions[i];
		check_one(all, texts[j]);
	}
}

/* --- more situations than the table holds --------------------------------------- */

struct gap_text {
	const char *text;
	size_t len;
	size_t found;
};

/* "a", fourteen of anything, "b" */
static bool is_end(const struct gap_text *data, size_t end)
{
	return end >= 16 && data->text[end - 16] == 'a' && data->text[end - 1] == 'b';
}

static void expect_end(unsigned id, size_t end, void *data)
{
	struct gap_text *gap_text = data;

	g_assert_cmpuint(id, ==, 0);
	g_assert_true(is_end(gap_text, end));
	gap_text->found++;
}

static void check_full_table(void)
{
	enum { LENGTH = 60000 };
	g_autoptr(nfa_t) nfa = nfa_new();
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	g_autofree char *text = g_malloc0(LENGTH + 1);
	struct gap_text data = {.text = text, .len = LENGTH};
	bool is_approximate = false;
	size_t expected = 0;

	for (size_t i = 0; i < LENGTH; i++)
		text[i] = (char)g_rand_int_range(random, 'a', 'd');
	for (size_t end = 1; end <= LENGTH; end++)
		expected += is_end(&data, end);
	g_assert_true(expression_add(nfa, "a.{14}b", 0, &is_approximate, NULL));
	nfa_finish(nfa);
	struct dfa *dfa = dfa_new(nfa);
	dfa_scan(dfa, text, LENGTH, expect_end, &data);
	g_assert_cmpuint(data.found, ==, expected);
	dfa_free(dfa);
}

/* --- what is not read, or not exactly ----------------------------------------------- */

static void check_faults(void)
{
	g_autofree char *deep = g_strnfill(200, '(');
	const struct {
		const char *expression;
		const char *message;
	} rows[] = {
	    {"", "it matches the empty text"},
	    {"a*", "it matches the empty text"},
	    {"\\b", "it matches the empty text"},
	    {"a|b?", "it matches the empty text"},
	    {"(?=ab)", "it matches the empty text"},
	    {"(a", "missing closing bracket"},
	    {"(?<a", "missing closing bracket"},
	    {"a)", "unmatched closing bracket"},
	    {"[a", "missing closing square bracket"},
	    {"a\\", "a backslash at its end"},
	    {"a^b", "\"^\" can never hold behind something"},
	    {"a(b|^c)", "\"^\" can never hold behind something"},
	    {"(a|b)(?:^|c)d", "\"^\" can never hold behind something"},
	    {"\\b(user|(x^)) y", "\"^\" can never hold behind something"},
	    {"*a", "a repetition of nothing"},
	    {"a**", "a repetition of nothing"},
	    {"(|+a)", "a repetition of nothing"},
	    {"a{3,2}", "a number of repetitions that cannot be"},
	    {"a{5000000000}", "a number of repetitions that cannot be"},
	    {"((a{1000}){1000}){1000}", "it is too large"},
	    {deep, "its brackets are nested too deeply"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(nfa_t) nfa = nfa_new();
		g_autoptr(GError) error = NULL;
		bool is_approximate = false;
		g_test_message("%s", rows[i].expression);
		g_assert_false(expression_add(nfa, rows[i].expression, 0, &is_approximate, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, rows[i].message);
	}
}

/* PCRE may still say no, so that something is found whenever PCRE finds something. */
static void check_approximate(void)
{
	static const struct {
		const char *expression;
		const char *text;
	} rows[] = {
	    {"(?<!not )blue", "a blue sky"},
	    {"foo(?<=^foo)", "foo"},
	    {"(?<!not )blue", "not blue"},
	    {"(a|b)\\1", "aa"},
	    {"(?>ab|a)c", "abc"},
	    {"a++b", "aab"},
	    {"\\p{Lu}x", "Ax"},
	    {"[[:alpha:]]x", "ax"},
	    {"(?|a|b)c", "bc"},
	    {"\\x{e9}", "\u00e9"},
	    {"[^\u00e4]x", "ax"},
	    {"[\u00e0-\u00ff]", "\u00e9"},
	    {"(?i-s)a.b", "a b"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(nfa_t) nfa = nfa_new();
		g_autoptr(GString) ends = g_string_new(NULL);
		bool is_approximate = false;
		g_test_message("%s in %s", rows[i].expression, rows[i].text);
		g_assert_true(expression_add(nfa, rows[i].expression, 0, &is_approximate, NULL));
		g_assert_true(is_approximate);
		nfa_finish(nfa);
		struct dfa *dfa = dfa_new(nfa);
		dfa_scan(dfa, rows[i].text, strlen(rows[i].text), note_end, ends);
		g_assert_cmpstr(ends->str, !=, "");
		dfa_free(dfa);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/expression/ends", check_ends);
	g_test_add_func("/expression/together", check_together);
	g_test_add_func("/expression/full-table", check_full_table);
	g_test_add_func("/expression/faults", check_faults);
	g_test_add_func("/expression/approximate", check_approximate);
	return g_test_run();
}
