/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pool of connections to a real PostgreSQL (tests/check.pl has set PGHOST and the rest): it is
 * bounded, and lends no connection that is broken or leads to a server that only reads.
 */
#include "base/error.h"
#include "db/checkout.h"
#include "db/pool.h"
#include "tests/unit/db/server.h"

static const char conninfo[] = "dbname=postgres";

static void test_pool_is_bounded(void)
{
	const struct db_pool_options options = {
	    .conninfo = conninfo, .size = 2, .pool_wait = 0, .query_wait = 5};
	struct db_pool *pool = db_pool_new(&options);
	g_autoptr(GError) error = NULL;
	g_assert_cmpint(db_pool_longest_use(pool), ==, 0);
	PGconn *first = checkout_begin(pool, &error);
	g_usleep(2000);
	g_assert_cmpint(db_pool_longest_use(pool), >=, 2000);
	PGconn *second = checkout_begin(pool, &error);

	g_assert_no_error(error);
	g_assert_null(checkout_begin(pool, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_RETRY);
	g_clear_error(&error);
	checkout_end(pool, first);
	g_assert_true(checkout_begin(pool, &error) == first);
	checkout_end(pool, first);
	checkout_end(pool, second);
	db_pool_free(pool);
}

/* A connection that died while idle, or was left in a transaction, is not lent again. */
static void test_pool_replaces_broken(void)
{
	const struct db_pool_options options = {
	    .conninfo = conninfo, .size = 1, .pool_wait = 0, .query_wait = 5};
	struct db_pool *pool = db_pool_new(&options);
	g_autoptr(PGconn) killer = server_connect(conninfo);
	g_autoptr(GError) error = NULL;
	PGconn *connection = checkout_begin(pool, &error);
	g_autofree char *kill =
	    g_strdup_printf("SELECT pg_terminate_backend(%d, 5000)", PQbackendPID(connection));

	checkout_end(pool, connection);
	server_run(killer, kill);
	connection = checkout_begin(pool, &error);
	g_assert_no_error(error);
	server_run(connection, "BEGIN");
	checkout_end(pool, connection);
	connection = checkout_begin(pool, &error);
	g_assert_no_error(error);
	g_assert_cmpint(PQtransactionStatus(connection), ==, PQTRANS_IDLE);
	checkout_end(pool, connection);
	db_pool_free(pool);
}

/* A leader that was demoted and still answers: one refused write is enough to leave it, also for
 * the connections that were idle meanwhile. */
static void test_pool_leaves_read_only_server(void)
{
	const struct db_pool_options options = {
	    .conninfo = conninfo, .size = 2, .pool_wait = 0, .query_wait = 5};
	struct db_pool *pool = db_pool_new(&options);
	g_autoptr(GError) error = NULL;
	PGconn *first = checkout_begin(pool, &error);
	PGconn *second = checkout_begin(pool, &error);
	int left = PQbackendPID(first);
	int idle = PQbackendPID(second);

	g_assert_no_error(error);
	checkout_end(pool, second);
	server_run(first, "SET default_transaction_read_only = on");
	g_assert_null(pg_query(first, 5, "CREATE TABLE refused ()", 0, NULL, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_RETRY);
	g_clear_error(&error);
	checkout_end(pool, first);
	first = checkout_begin(pool, &error);
	g_assert_no_error(error);
	second = checkout_begin(pool, &error);
	g_assert_no_error(error);
	g_assert_cmpint(PQbackendPID(first), !=, left);
	g_assert_cmpint(PQbackendPID(first), !=, idle);
	g_assert_cmpint(PQbackendPID(second), !=, left);
	g_assert_cmpint(PQbackendPID(second), !=, idle);
	checkout_end(pool, first);
	checkout_end(pool, second);
	db_pool_free(pool);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/db/pool-is-bounded", test_pool_is_bounded);
	g_test_add_func("/db/pool-replaces-broken", test_pool_replaces_broken);
	g_test_add_func("/db/pool-leaves-read-only-server", test_pool_leaves_read_only_server);
	return g_test_run();
}
