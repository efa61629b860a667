/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is remembered of the mails of a folder: failures, what is done, and what waits.
 */
#include "fetch/known_mails.h"

static unsigned fail(struct memory *memory, enum memory_blame blame, int recorded)
{
	const struct memory_failure failure = {7, blame, recorded};

	return memory_fail(memory, &failure);
}

static void test_tries(void)
{
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	g_assert_true(memory_is_wanted(memory, 7));
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_PERHAPS, 0), ==, 0);
	memory_begin_round(memory, 0);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_forget_absent(memory);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_PERHAPS, 0), ==, 0);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_PERHAPS, 1), ==, 1);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_OTHERS, 2), ==, 1);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_THE_MAIL, 2), ==, 2);
	memory_begin_round(memory, 0);
	memory_forget_absent(memory); /* nobody asked about it: it is gone */
	g_assert_cmpuint(memory_failures(memory, 7), ==, 0);
	memory_free(memory);
}

/* A mail that is done is known by its bytes, and whether it is copied; nothing is known of another
 * one that has its name. */
static void test_deeds(void)
{
	static const struct memory_deed done = {{.number = 3, .key = 7}, 99, STORE_UNCLASSIFIED};
	struct memory_deed same = {{.number = 4, .key = 7}, 99, STORE_FAILED};
	struct memory_deed other = {{.number = 3, .key = 7}, 98, STORE_FAILED};
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	g_assert_false(memory_recall(memory, &same));
	memory_set_deed(memory, &done);
	memory_begin_round(memory, 0);
	g_assert_true(memory_is_wanted(memory, 7)); /* to be settled */
	g_assert_true(memory_recall(memory, &same));
	g_assert_cmpint((int)same.fate, ==, STORE_UNCLASSIFIED);
	g_assert_false(same.mail.is_copied);
	memory_set_copied(memory, 7);
	g_assert_true(memory_recall(memory, &same));
	g_assert_true(same.mail.is_copied);
	g_assert_false(memory_recall(memory, &other));
	memory_set_deed(memory, &other);
	g_assert_true(memory_recall(memory, &other));
	g_assert_false(other.mail.is_copied);
	memory_leave(memory, 7);
	memory_begin_round(memory, 0);
	g_assert_false(memory_is_wanted(memory, 7));
	memory_free(memory);
}

/* Only what was never read is given up by its name alone, and only until it is moved. */
static void test_given_up(void)
{
	static const struct memory_deed unread = {{.key = 7}, 0, STORE_FAILED};
	static const struct memory_deed read = {{.key = 8}, 99, STORE_FAILED};
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	g_assert_false(memory_is_given_up(memory, 7));
	memory_set_deed(memory, &unread);
	memory_set_deed(memory, &read);
	g_assert_true(memory_is_given_up(memory, 7));
	g_assert_false(memory_is_given_up(memory, 8));
	memory_end_giving_up(memory, 7); /* moved, as the server says: another may have its name */
	g_assert_false(memory_is_given_up(memory, 7));
	g_assert_false(memory_is_suspected(memory, 7));
	memory_free(memory);
}

static const gint64 second = G_USEC_PER_SEC;

/* What the server has not settled waits for longer each time, another one of its name does not. */
static void test_waiting(void)
{
	static const struct memory_deed done = {{.key = 7}, 99, STORE_RECORDED};
	static const struct memory_deed other = {{.key = 7}, 98, STORE_RECORDED};
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	memory_set_deed(memory, &done);
	memory_wait(memory, 7);
	g_assert_false(memory_is_wanted(memory, 7));
	memory_begin_round(memory, second);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_wait(memory, 7);
	memory_begin_round(memory, 2 * second);
	g_assert_false(memory_is_wanted(memory, 7));
	for (int i = 0; i < 20; i++)
		memory_wait(memory, 7);
	memory_begin_round(memory, 2 * second + 3599 * second);
	g_assert_false(memory_is_wanted(memory, 7));
	memory_begin_round(memory, 2 * second + 3600 * second);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_wait(memory, 7);
	memory_end_waiting(memory);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_set_deed(memory, &other);
	memory_wait(memory, 7);
	memory_begin_round(memory, 2 * second + 3601 * second);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_free(memory);
}

/* However many mails stay, so many are remembered. */
static void test_bound(void)
{
	struct memory *memory = memory_new();

	for (gint64 key = 0; key < 1000000; key++)
		memory_leave(memory, key);
	g_assert_true(memory_is_wanted(memory, 0));
	g_assert_false(memory_is_wanted(memory, 999999));
	memory_free(memory);
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
