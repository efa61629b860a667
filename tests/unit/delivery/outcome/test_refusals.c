/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which refusals are the same, and who else has heard them.
 */
#include "delivery/outcome/refusals.h"

#include <glib.h>

static void test_words(void)
{
	static const struct {
		const char *a, *b; /* said to anna@one.example and to ben@bücher.example */
		bool are_alike;
	} rows[] = {
	    {"550 go away", "550 go away", true},
	    {"550 go away", "550 not today", false},
	    {"550 go away", "554 go away", false},
	    {"550 go away", "550 5.7.1 go away", false},
	    {"550 5.7.1 no", "550 5.7.2 no", false},
	    {"550 <anna@one.example>: no",
	     "550 <ben@b\xc3\xbc"
	     "cher.example>: no",
	     true},
	    {"550 anna@one.example no", "550 ben@xn--bcher-kva.example no", true},
	    {"550 anna, no", "550 ben, no", true},
	    {"550 No mail for ONE.example.", "550 No mail for xn--bcher-kva.example.", true},
	    {"550 go away (ref 8fa31x)", "550 go away (ref 77b02)", true},
	    {"450 later, 12:31:07 k9-20020a5d", "450 later, 12:31:09 v2-1102aa7", true},
	    {"550 go away", "550 go away, anna", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *a = refusals_words(rows[i].a, "anna@one.example");
		g_autofree char *b = refusals_words(rows[i].b, "ben@b\xc3\xbc"
							       "cher.example");

		g_test_message("%s | %s", a, b);
		g_assert_true(g_str_equal(a, b) == rows[i].are_alike);
	}
}

static void test_hearing(void)
{
	static const struct {
		const char *communication, *address, *line;
		bool is_of_content, is_accepted_before;
		struct refusals_answer answer;
	} rows[] = {
	    {"1", "anna@one.example", "550 no", false, false, {false, false}},
	    {"1", "ANNA@one.example", "550 no", false, false, {false, false}},
	    {"2", "ben@one.example", "550 go away", false, false, {false, false}},
	    {"3", "carl@one.example", "550 no", false, false, {true, false}},
	    {"1", "anna@one.example", "550 no", false, false, {true, false}},
	    {"1", "anna@one.example", "550 no", false, true, {false, true}},
	    {"1", "anna@one.example", "550 no", false, false, {false, false}},
	    {"3", "carl@one.example", "550 no", false, false, {true, true}},
	    {"3", "carl@one.example", "550 no", false, false, {true, false}},
	    {"4", "dora@one.example", "554 no", true, false, {false, true}},
	    {"4", "emil@two.example", "554 no", true, false, {false, true}},
	    {"5", "emil@two.example", "554 no", true, false, {true, false}},
	};
	struct refusals *refusals = refusals_new();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *addresses[] = {(char *)rows[i].address, NULL};
		const struct db_item item = {.communication_id = (char *)rows[i].communication,
					     .addresses = addresses};

		if (rows[i].is_accepted_before)
			refusals_forget(refusals);
		g_test_message("row %zu", i);
		const struct refusals_answer answer =
		    refusals_hear(refusals, &item, 0, rows[i].line, rows[i].is_of_content);
		g_assert_true(answer.is_alike == rows[i].answer.is_alike);
		g_assert_true(answer.is_its_own == rows[i].answer.is_its_own);
	}
	refusals_free(refusals);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/delivery/refusals/words", test_words);
	g_test_add_func("/delivery/refusals/hearing", test_hearing);
	return g_test_run();
}
