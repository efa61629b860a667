/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which words are taken for another one that was meant.
 */
#include <string.h>

#include <glib.h>

#include "classifier/text/words.h"
#include "classifier/verdict/misspelling.h"

static const char *const vocabulary[] = {"user", "no", "such", "accounted", NULL};

static bool is_known(const char *word)
{
	return g_strv_contains(vocabulary, word);
}

static const struct row {
	const char *typed;
	const char *right;
} rows[] = {
    {"550 user unknown", "550 user unknown"},
    /* too few, too many, another, the wrong order */
    {"550 user unkown", "550 user unknown"},
    {"550 user unknnown", "550 user unknown"},
    {"550 user unknowm", "550 user unknown"},
    {"550 user unknonw", "550 user unknown"},
    {"550 unkown recipent", "550 unknown recipient"},
    {"550 Empfänger unbekant", "550 Empfänger unbekannt"},
    {"550 Empfängr unbekannt", "550 Empfänger unbekannt"},
    /* marks around a word, and its capital */
    {"550 5.1.1 (Unkown): \"recipent\", <@>.", "550 5.1.1 (Unknown): \"recipient\", <@>."},
    {"550 unkown\nrecipent", "550 unknown\nrecipient"},
    {"550  no   acount ", "550  no   account "},
    /* two letters, the first one, or too short */
    {"550 user uknow", "550 user uknow"},
    {"550 user nuknown", "550 user nuknown"},
    {"550 acco exis", "550 acco exis"},
    /* another word, known or beside it in the list */
    {"550 user accounted", "550 user accounted"},
    {"550 quota depleted, exiting", "550 quota depleted, exiting"},
    /* no words */
    {"550 <recipent> recipent@x.example recipent.example recipent_id",
     "550 <recipent> recipent@x.example recipent.example recipent_id"},
    {"550 recipent/unkown recipent1 неизвестeн", "550 recipent/unkown recipent1 неизвестeн"},
    {"550 recipientrecipientrecipientrecipient", "550 recipientrecipientrecipientrecipient"},
    {"", ""},
};

static void test_rows(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *right = misspelling_correct(rows[i].typed, is_known);
		g_assert_cmpstr(right, ==, rows[i].right);
	}
}

/* A word of the list is never taken for another one, and none is there in vain. */
static void test_list(void)
{
	for (const char *const *word = words_misspelt; *word; word++) {
		g_autofree char *typed = g_strconcat(*word, "q", NULL);
		g_autofree char *right = misspelling_correct(*word, is_known);
		g_autofree char *found = misspelling_correct(typed, is_known);
		g_assert_cmpstr(right, ==, *word);
		g_assert_cmpstr(found, !=, typed);
	}
}

/* Every byte cut off or changed: valid UTF-8 stays so, and nothing is read beyond the end. */
static void test_pieces(void)
{
	static const char text[] = "550 Empfänger unbekant, recipent unkown (acount)";

	for (size_t len = 0; len < sizeof text; len++) {
		g_autofree char *piece = g_utf8_make_valid(text, (gssize)len);
		g_autofree char *right = misspelling_correct(piece, is_known);
		g_assert_true(g_utf8_validate(right, -1, NULL));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/misspelling/rows", test_rows);
	g_test_add_func("/misspelling/list", test_list);
	g_test_add_func("/misspelling/pieces", test_pieces);
	return g_test_run();
}
