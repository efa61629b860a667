/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One request of a person at a time, the others in their order.
 */
#include "console/http/turns.h"

static void test_order(void)
{
	struct turns *turns = turns_new(2);
	int request[4];

	g_assert_cmpint(turns_take(turns, "eva", &request[0]), ==, TURNS_NOW);
	g_assert_cmpint(turns_take(turns, "tom", &request[0]), ==, TURNS_NOW);
	g_assert_cmpint(turns_take(turns, "eva", &request[1]), ==, TURNS_LATER);
	g_assert_cmpint(turns_take(turns, "eva", &request[2]), ==, TURNS_LATER);
	g_assert_cmpint(turns_take(turns, "eva", &request[3]), ==, TURNS_FULL);
	g_assert_true(turns_pass(turns, "eva") == &request[1]);
	g_assert_cmpint(turns_take(turns, "eva", &request[3]), ==, TURNS_LATER);
	g_assert_true(turns_pass(turns, "eva") == &request[2]);
	g_assert_true(turns_pass(turns, "eva") == &request[3]);
	g_assert_null(turns_pass(turns, "eva"));
	g_assert_cmpint(turns_take(turns, "eva", &request[0]), ==, TURNS_NOW);
	g_assert_null(turns_pass(turns, "eva"));
	g_assert_null(turns_pass(turns, "tom"));
	turns_free(turns);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/turns/order", test_order);
	return g_test_run();
}
