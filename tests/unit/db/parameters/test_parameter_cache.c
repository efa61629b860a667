/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The parameters are read from the leader of a real PostgreSQL (tests/check.pl has set PGHOST and
 * the rest).
 */
#include "base/error.h"
#include "db/parameters/parameter_cache.h"

/* Who listens only reads, and would never be refused. */
static void test_parameters_come_from_the_leader(void)
{
	g_autofree char *read_only = g_strdup_printf(
	    "dbname=%s options='-c default_transaction_read_only=on'", g_getenv("BOUNCE_TEMPLATE"));
	g_autoptr(parameter_cache_t) cache = parameter_cache_new(read_only, "");
	g_autoptr(GError) error = NULL;

	g_assert_false(parameter_cache_connect(cache, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_RETRY);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/db/parameters-come-from-the-leader",
			test_parameters_come_from_the_leader);
	return g_test_run();
}
