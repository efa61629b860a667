/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is remembered of the mails of a folder: failures, what is done, and what waits.
 */
#include "fetch/known_mails.h"

static unsigned fail(struct known_mails *known, enum known_mails_blame blame, int recorded)
{
	const struct known_mails_failure failure = {7, blame, recorded};

	return known_mails_fail(known, &failure);
}

static void test_tries(void)
{
	struct known_mails *known = known_mails_new();

	known_mails_begin_round(known, 0);
	g_assert_true(known_mails_is_wanted(known, 7));
	g_assert_cmpuint(fail(known, KNOWN_MAILS_BLAMES_PERHAPS, 0), ==, 0);
	known_mails_begin_round(known, 0);
	g_assert_true(known_mails_is_wanted(known, 7));
	known_mails_forget_absent(known);
	g_assert_cmpuint(fail(known, KNOWN_MAILS_BLAMES_PERHAPS, 0), ==, 0);
	g_assert_cmpuint(fail(known, KNOWN_MAILS_BLAMES_PERHAPS, 1), ==, 1);
	g_assert_cmpuint(fail(known, KNOWN_MAILS_BLAMES_OTHERS, 2), ==, 1);
	g_assert_cmpuint(fail(known, KNOWN_MAILS_BLAMES_THE_MAIL, 2), ==, 2);
	known_mails_begin_round(known, 0);
	known_mails_forget_absent(known); /* nobody asked about it: it is gone */
	g_assert_cmpuint(known_mails_failures(known, 7), ==, 0);
	known_mails_free(known);
}

/* A mail that is done is known by its bytes, and whether it is copied; nothing is known of another
 * one that has its name. */
static void test_deeds(void)
{
	static const struct known_mails_deed done = {
	    {.number = 3, .key = 7}, 99, STORE_UNCLASSIFIED};
	struct known_mails_deed same = {{.number = 4, .key = 7}, 99, STORE_FAILED};
	struct known_mails_deed other = {{.number = 3, .key = 7}, 98, STORE_FAILED};
	struct known_mails *known = known_mails_new();

	known_mails_begin_round(known, 0);
	g_assert_false(known_mails_recall(known, &same));
	known_mails_set_deed(known, &done);
	known_mails_begin_round(known, 0);
	g_assert_true(known_mails_is_wanted(known, 7)); /* to be settled */
	g_assert_true(known_mails_recall(known, &same));
	g_assert_cmpint((int)same.fate, ==, STORE_UNCLASSIFIED);
	g_assert_false(same.mail.is_copied);
	known_mails_set_copied(known, 7);
	g_assert_true(known_mails_recall(known, &same));
	g_assert_true(same.mail.is_copied);
	g_assert_false(known_mails_recall(known, &other));
	known_mails_set_deed(known, &other);
	g_assert_true(known_mails_recall(known, &other));
	g_assert_false(other.mail.is_copied);
	known_mails_leave(known, 7);
	known_mails_begin_round(known, 0);
	g_assert_false(known_mails_is_wanted(known, 7));
	known_mails_free(known);
}

/* Only what was never read is given up by its name alone, and only until it is moved. */
static void test_given_up(void)
{
	static const struct known_mails_deed unread = {{.key = 7}, 0, STORE_FAILED};
	static const struct known_mails_deed read = {{.key = 8}, 99, STORE_FAILED};
	struct known_mails *known = known_mails_new();

	known_mails_begin_round(known, 0);
	g_assert_false(known_mails_is_given_up(known, 7));
	known_mails_set_deed(known, &unread);
	known_mails_set_deed(known, &read);
	g_assert_true(known_mails_is_given_up(known, 7));
	g_assert_false(known_mails_is_given_up(known, 8));
	/* moved, as the server says: another may have its name */
	known_mails_end_giving_up(known, 7);
	g_assert_false(known_mails_is_given_up(known, 7));
	g_assert_false(known_mails_is_suspected(known, 7));
	known_mails_free(known);
}

static const gint64 second = G_USEC_PER_SEC;

/* What the server has not settled waits for longer each time, another one of its name does not. */
static void test_waiting(void)
{
	static const struct known_mails_deed done = {{.key = 7}, 99, STORE_RECORDED};
	static const struct known_mails_deed other = {{.key = 7}, 98, STORE_RECORDED};
	struct known_mails *known = known_mails_new();

	known_mails_begin_round(known, 0);
	known_mails_set_deed(known, &done);
	known_mails_wait(known, 7);
	g_assert_false(known_mails_is_wanted(known, 7));
	known_mails_begin_round(known, second);
	g_assert_true(known_mails_is_wanted(known, 7));
	known_mails_wait(known, 7);
	known_mails_begin_round(known, 2 * second);
	g_assert_false(known_mails_is_wanted(known, 7));
	for (int i = 0; i < 20; i++)
		known_mails_wait(known, 7);
	known_mails_begin_round(known, 2 * second + 3599 * second);
	g_assert_false(known_mails_is_wanted(known, 7));
	known_mails_begin_round(known, 2 * second + 3600 * second);
	g_assert_true(known_mails_is_wanted(known, 7));
	known_mails_wait(known, 7);
	known_mails_end_waiting(known);
	g_assert_true(known_mails_is_wanted(known, 7));
	known_mails_set_deed(known, &other);
	known_mails_wait(known, 7);
	known_mails_begin_round(known, 2 * second + 3601 * second);
	g_assert_true(known_mails_is_wanted(known, 7));
	known_mails_free(known);
}

/* However many mails stay, so many are remembered. */
static void test_bound(void)
{
	struct known_mails *known = known_mails_new();

	for (gint64 key = 0; key < 1000000; key++)
		known_mails_leave(known, key);
	g_assert_true(known_mails_is_wanted(known, 0));
	g_assert_false(known_mails_is_wanted(known, 999999));
	known_mails_free(known);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fetch/tries", test_tries);
	g_test_add_func("/fetch/deeds", test_deeds);
	g_test_add_func("/fetch/given-up", test_given_up);
	g_test_add_func("/fetch/waiting", test_waiting);
	g_test_add_func("/fetch/bound", test_bound);
	return g_test_run();
}
