/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Word classes: what is a reference and what is none, and how they refer to each other.
 */
#include <string.h>

#include "base/error.h"
#include "classifier/rules/spelling.h"
#include "classifier/rules/word_classes.h"

static struct word_classes *fruit_classes(const struct word_classes *parent)
{
	struct word_classes *classes = word_classes_new(parent);
	g_autoptr(GError) error = NULL;

	g_assert_true(word_classes_add(classes, "fruit", "apple|pears?", "t:1", &error));
	g_assert_true(word_classes_add(classes, "tree-1", "{fruit} tree|oak", "t:2", &error));
	g_assert_no_error(error);
	return classes;
}

static void check_expand(void)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"red {fruit}", "red (?:apple|pears?)"},
	    {"{fruit}{fruit}", "(?:apple|pears?)(?:apple|pears?)"},
	    {"{tree-1}?", "(?:(?:apple|pears?) tree|oak)?"},
	    {"x{2}y{1,3}", "x{2}y{1,3}"},
	    {"\\{fruit}", "\\{fruit}"},
	    {"\\\\{fruit}", "\\\\(?:apple|pears?)"},
	    {"\\p{fruit}\\b{fruit}", "\\p{fruit}\\b(?:apple|pears?)"},
	    {"[{fruit}]{fruit}", "[{fruit}](?:apple|pears?)"},
	    {"[]{fruit}]", "[]{fruit}]"},
	    {"[^]{fruit}]", "[^]{fruit}]"},
	    {"[\\]{fruit}]", "[\\]{fruit}]"},
	    {"[{fruit}", "[{fruit}"},
	    {"{fruit", "{fruit"},
	    {"{}", "{}"},
	    {"{Fruit}", "{Fruit}"},
	    {"{1fruit}", "{1fruit}"},
	    {"\\", "\\"},
	    {"\\p{fruit", "\\p{fruit"},
	};
	g_autoptr(word_classes_t) classes = fruit_classes(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *pattern = word_classes_expand(classes, rows[i][0], &error);
		g_assert_no_error(error);
		g_assert_cmpstr(pattern, ==, rows[i][1]);
	}
}

/* Letters that a system may lack. */
static void check_spelling(void)
{
	static const char *const rows[][2] = {
	    {"empfänger", "empf(?:ä|ae|a)nger"},
	    {"(?:größe|boîte)?", "(?:gr(?:ö|oe|o)(?:ß|ss)e|bo(?:î|i)te)?"},
	    {"[äö]x[^]ü]\\ä\\\\ä", "[äö]x[^]ü]\\ä\\\\(?:ä|ae|a)"},
	    {"[\\]ä]ä+", "[\\]ä](?:ä|ae|a)+"},
	    {"[ä", "[ä"},
	    {"(?<!ä)ö", "(?<!ä)ö"},
	    {"\\", "\\"},
	    {"no such user", "no such user"},
	    {"宛先 получател", "宛先 получател"},
	    {"x\xf0", "x\xf0"},
	    {"", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *pattern = spelling_widen(rows[i][0]);
		g_assert_cmpstr(pattern, ==, rows[i][1]);
	}
}

static void check_faults(void)
{
	g_autoptr(word_classes_t) classes = fruit_classes(NULL);
	static const char *const rows[][3] = {
	    {"fruit", "x", "is already in t:1"},
	    {"a", "{berry}", "no such word class: {berry}"},
	    {"a", "{a}", "no such word class: {a}"},
	    {"", "x", "a word class has a name of small letters, digits and dashes"},
	    {"a_b", "x", "a word class has a name of small letters, digits and dashes"},
	    {"a", "(x", "brackets that are not closed or opened"},
	    {"a", "x)|(y", "brackets that are not closed or opened"},
	    {"a", "[x", "brackets that are not closed or opened"},
	    {"a", "x\\", "brackets that are not closed or opened"},
	    {"a", "x ... y", "a word class cannot contain \" .. \" or \" ... \""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(word_classes_add(classes, rows[i][0], rows[i][1], "t:3", &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, rows[i][2]);
	}
}

static void check_parent(void)
{
	g_autoptr(word_classes_t) shipped = fruit_classes(NULL);
	g_autoptr(word_classes_t) site = word_classes_new(shipped);
	g_autoptr(GError) error = NULL;

	g_assert_true(word_classes_add(site, "fruit", "{fruit}|plum", "s:1", &error));
	g_autofree char *own = word_classes_expand(site, "{fruit} {tree-1}", &error);
	g_autofree char *theirs = word_classes_expand(shipped, "{fruit}", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(own, ==, "(?:(?:apple|pears?)|plum) (?:(?:apple|pears?) tree|oak)");
	g_assert_cmpstr(theirs, ==, "(?:apple|pears?)");
}

/* Each twice the one before it. */
static void check_growth(void)
{
	g_autoptr(word_classes_t) classes = word_classes_new(NULL);
	g_autoptr(GError) error = NULL;
	bool grew = word_classes_add(classes, "a0", "word", "t:1", &error);

	for (unsigned i = 0; grew && i < 30; i++) {
		g_autofree char *name = g_strdup_printf("a%u", i + 1);
		g_autofree char *twice = g_strdup_printf("{a%u}{a%u}", i, i);
		grew = word_classes_add(classes, name, twice, "t:1", &error);
	}
	g_assert_false(grew);
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_cmpstr(error->message, ==, "too long with its word classes");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/word-classes/expand", check_expand);
	g_test_add_func("/word-classes/spelling", check_spelling);
	g_test_add_func("/word-classes/faults", check_faults);
	g_test_add_func("/word-classes/parent", check_parent);
	g_test_add_func("/word-classes/growth", check_growth);
	return g_test_run();
}
