/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database layer against a real PostgreSQL (tests/check.pl has set PGHOST
 * and the rest): errors fall into the right one of the four kinds, nothing is
 * success before COMMIT, and the pool's waits are bounded.
 */
#include <string.h>

#include "base/error.h"
#include "db/checkout.h"
#include "db/conninfo.h"
#include "db/parameter_cache.h"
#include "db/pool.h"
#include "db/schema/migrate.h"
#include "tests/unit/db/server.h"

static const char conninfo[] = "dbname=postgres";

static void test_error_kinds(void)
{
	static const struct {
		const char *statement;
		enum bm_error code;
	} rows[] = {
	    {"SELECT 1/0", BM_ERROR_INPUT},
	    {"SELECT 'x'::integer", BM_ERROR_INPUT},
	    {"SELECT '{\"a\":\"\\u0000\"}'::jsonb", BM_ERROR_INPUT},
	    {"SELECT FROM nonexistent", BM_ERROR_CONFIG},
	    {"SELECTION", BM_ERROR_CONFIG},
	    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", BM_ERROR_RETRY},
	    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$", BM_ERROR_RETRY},
	    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '25006'; END $$", BM_ERROR_RETRY},
	    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '42501'; END $$", BM_ERROR_CONFIG},
	};
	g_autoptr(PGconn) connection = server_connect(conninfo);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(PGresult) result =
		    pg_query(connection, 5, rows[i].statement, 0, NULL, &error);

		g_test_message("%s", rows[i].statement);
		g_assert_null(result);
		g_assert_error(error, BM_ERROR, (gint)rows[i].code);
		g_assert_cmpint(PQtransactionStatus(connection), ==, PQTRANS_IDLE);
	}
}

static void assert_prepared(PGconn *connection, const char *statement,
			    const struct pg_param *params, const char *answer)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) result =
	    pg_query_prepared(connection, 5, "prepared", statement, 1, params, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(pg_value(result, 0, "n"), ==, answer);
}

/* A statement is prepared once on each connection, and answers as well where that is of no use. */
static void test_prepared(void)
{
	static const char statement[] = "SELECT n FROM pg_temp.f($1::integer)";
	static const struct {
		bool is_prepared_first;
		const char *then;
		const char *answer;
	} rows[] = {
	    {true, "SELECT 1", "42"},
	    {true,
	     "DROP FUNCTION pg_temp.f; CREATE FUNCTION pg_temp.f(i integer, OUT n integer)"
	     " LANGUAGE sql AS 'SELECT i'",
	     "41"},
	    {true,
	     "DROP FUNCTION pg_temp.f; CREATE FUNCTION pg_temp.f(i integer, OUT n text)"
	     " LANGUAGE sql AS $$ SELECT 'x' || i $$",
	     "x41"},
	    {true, "DEALLOCATE ALL", "41"},
	    {false, "PREPARE prepared AS SELECT 'of somebody else' AS n", "42"},
	};
	const struct pg_param params[] = {PG_TEXT("41")};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(PGconn) connection = server_connect(conninfo);

		g_test_message("%s", rows[i].then);
		server_run(connection,
			   "CREATE FUNCTION pg_temp.f(i integer, OUT n integer) LANGUAGE sql AS"
			   " 'SELECT i + (SELECT count(*) FROM pg_prepared_statements)::integer'");
		if (rows[i].is_prepared_first)
			assert_prepared(connection, statement, params, "42");
		server_run(connection, rows[i].then);
		assert_prepared(connection, statement, params, rows[i].answer);
		assert_prepared(connection, statement, params, rows[i].answer);
	}
}

/* The result of the INSERT arrives, and only then the COMMIT fails. */
static void test_no_success_before_commit(void)
{
	g_autoptr(PGconn) connection = server_connect(conninfo);
	g_autoptr(GError) error = NULL;

	server_run(connection, "CREATE TEMPORARY TABLE parent (id integer PRIMARY KEY);"
			       "CREATE TEMPORARY TABLE child (id integer REFERENCES parent"
			       " DEFERRABLE INITIALLY DEFERRED)");
	g_autoptr(PGresult) result =
	    pg_query(connection, 5, "INSERT INTO child VALUES (1) RETURNING id", 0, NULL, &error);
	g_assert_null(result);
	g_assert_error(error, BM_ERROR, BM_ERROR_INPUT);
}

static void test_lost_connection(void)
{
	g_autoptr(PGconn) connection = server_connect(conninfo);
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) result = pg_query(
	    connection, 5, "SELECT pg_terminate_backend(pg_backend_pid())", 0, NULL, &error);

	g_assert_null(result);
	g_assert_true(error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN);
}

static void test_no_answer_in_time(void)
{
	g_autoptr(PGconn) connection = server_connect(conninfo);
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) result =
	    pg_query(connection, 1, "SELECT pg_sleep(60)", 0, NULL, &error);

	g_assert_null(result);
	g_assert_error(error, BM_ERROR, BM_ERROR_UNCERTAIN);
}

/* The backend that ran for them, as seen by another one. */
static bool is_running(PGconn *connection, const char *statement)
{
	const struct pg_param params[] = {PG_TEXT(statement)};
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) result = pg_query(
	    connection, 5, "SELECT FROM pg_stat_activity WHERE state = 'active' AND query = $1", 1,
	    params, &error);

	g_assert_no_error(error);
	return PQntuples(result) > 0;
}

static void test_given_up_is_cancelled(void)
{
	static const char statement[] = "SELECT pg_sleep(3599)";
	g_autoptr(PGconn) observer = server_connect(conninfo);
	PGconn *connection = server_connect(conninfo);
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) result = pg_query(connection, 1, statement, 0, NULL, &error);

	g_assert_error(error, BM_ERROR, BM_ERROR_UNCERTAIN);
	g_assert_true(is_running(observer, statement));
	pg_close(connection);
	while (is_running(observer, statement)) /* ends with the test's own limit */
		g_usleep(1000);
}

/* The server gives up first, and says so: nothing was committed. */
static void test_statements_are_limited(void)
{
	static const char *const statements[] = {"SELECT pg_sleep(60)",
						 "SELECT pg_advisory_xact_lock(4711)"};
	g_autoptr(PGconn) holder = server_connect(conninfo);
	g_autoptr(PGconn) connection = server_connect(conninfo);
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) held =
	    pg_query(holder, 5, "SELECT pg_advisory_lock(4711)", 0, NULL, &error);

	g_assert_no_error(error);
	g_assert_true(pg_limit_statements(connection, 2, &error));
	for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
		g_autoptr(GError) cause = NULL;

		g_assert_null(pg_query(connection, 60, statements[i], 0, NULL, &cause));
		g_assert_error(cause, BM_ERROR, BM_ERROR_RETRY);
	}
}

static void assert_setting(PGconn *connection, const char *name, const char *expected)
{
	g_autofree char *statement = g_strdup_printf("SHOW %s", name);
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) shown = pg_query(connection, 5, statement, 0, NULL, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(PQgetvalue(shown, 0, 0), ==, expected);
}

/* The functions lock a row and read it afterwards: an older snapshot would show it as it was. What
 * is committed was answered for. A pool has connections that wait. */
static void test_role_with_other_defaults(void)
{
	static const struct {
		const char *name, *of_role, *ours;
	} rows[] = {
	    {"default_transaction_isolation", "serializable", "read committed"},
	    {"synchronous_commit", "off", "on"},
	    {"synchronous_commit", "local", "local"},
	    {"synchronous_commit", "remote_apply", "remote_apply"},
	    {"DateStyle", "German", "ISO, DMY"},
	    {"IntervalStyle", "sql_standard", "postgres"},
	    {"standard_conforming_strings", "off", "on"},
	    {"transform_null_equals", "on", "off"},
	    {"jit", "on", "off"},
	    {"array_nulls", "off", "on"},
	    {"idle_session_timeout", "1s", "0"},
	    {"idle_in_transaction_session_timeout", "1s", "0"},
	    {"lock_timeout", "1ms", "1600ms"},
	    {"statement_timeout", "1ms", "1800ms"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *other = g_strdup_printf("%s options='-c %s=%s'", conninfo,
							 rows[i].name, rows[i].of_role);
		g_autoptr(GError) error = NULL;
		g_autoptr(PGconn) connection = pg_open(other, 5, &error);

		g_assert_no_error(error);
		g_assert_true(pg_limit_statements(connection, 2, &error));
		assert_setting(connection, rows[i].name, rows[i].ours);
	}
}

static void test_other_encoding(void)
{
	g_autofree char *other =
	    g_strdup_printf("%s options='-c client_encoding=LATIN1'", conninfo);
	g_autoptr(GError) error = NULL;
	g_autoptr(PGconn) connection = pg_open(other, 5, &error);

	g_assert_no_error(error);
	assert_setting(connection, "client_encoding", "UTF8");
}

/* A server that answers, and will take us later: SQLSTATE 55000, in whatever language. */
static void test_refusal_that_passes(void)
{
	static const char *const closing[] = {
	    "CREATE DATABASE closed",
	    "ALTER DATABASE closed ALLOW_CONNECTIONS false",
	};
	g_autoptr(PGconn) owner = server_connect(conninfo);
	g_autofree char *closed = g_strconcat(conninfo, " dbname=closed", NULL);
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(closing); i++)
		g_assert_true(pg_script(owner, closing[i], &error));
	g_assert_null(pg_open(closed, 2, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_RETRY);
	g_clear_error(&error);
	g_assert_true(pg_script(owner, "DROP DATABASE closed", &error));
}

static void test_unreachable_and_refused(void)
{
	static const struct {
		const char *conninfo;
		enum bm_error code;
	} rows[] = {
	    {"host=/nonexistent dbname=postgres", BM_ERROR_RETRY},
	    {"host=127.0.0.1 port=1 dbname=postgres", BM_ERROR_RETRY},
	    {"bad conninfo", BM_ERROR_CONFIG},
	    {"dbname=nonexistent_database", BM_ERROR_CONFIG},
	    {"user=nonexistent_role dbname=postgres", BM_ERROR_CONFIG},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(pg_open(rows[i].conninfo, 2, &error));
		g_assert_error(error, BM_ERROR, (gint)rows[i].code);
		g_assert_null(strchr(error->message, '\n'));
	}
}

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

static void test_several_hosts_want_a_leader(void)
{
	static const struct {
		const char *conninfo;
		const char *environment; /* PGTARGETSESSIONATTRS */
		bool is_fault;
	} rows[] = {
	    {"host=127.0.0.1", "", false},
	    {"host=127.0.0.1,127.0.0.2", "", true},
	    {"hostaddr=127.0.0.1,127.0.0.2", "", true},
	    {"postgresql://127.0.0.1,127.0.0.2/bounce", "", true},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=any", "", true},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=prefer-standby", "", true},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=read-write", "", false},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=primary", "", false},
	    {"host=127.0.0.1,127.0.0.2", "read-write", false},
	    {"not a conninfo", "", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (*rows[i].environment != '\0')
			g_setenv("PGTARGETSESSIONATTRS", rows[i].environment, TRUE);
		g_autofree char *fault = conninfo_hosts_fault(rows[i].conninfo);

		g_unsetenv("PGTARGETSESSIONATTRS");
		g_test_message("%s", rows[i].conninfo);
		g_assert_cmpint(fault != NULL, ==, rows[i].is_fault);
	}
}

static void test_schema_state(void)
{
	g_autofree char *current = g_strdup_printf("dbname=%s", g_getenv("BOUNCE_TEMPLATE"));
	struct db_schema_status status;
	g_autoptr(GError) error = NULL;

	g_assert_true(db_schema_read(current, &status, &error));
	g_assert_cmpint((int)status.state, ==, DB_SCHEMA_CURRENT);
	g_assert_cmpuint(status.version, ==, status.known);
	db_schema_status_clear(&status);
	g_assert_true(db_schema_read(conninfo, &status, &error));
	g_assert_cmpint((int)status.state, ==, DB_SCHEMA_ABSENT);
	db_schema_status_clear(&status);
	g_assert_false(db_schema_require(conninfo, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_nonnull(strstr(error->message, "bouncectl db init"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/db/error-kinds", test_error_kinds);
	g_test_add_func("/db/prepared", test_prepared);
	g_test_add_func("/db/no-success-before-commit", test_no_success_before_commit);
	g_test_add_func("/db/lost-connection", test_lost_connection);
	g_test_add_func("/db/no-answer-in-time", test_no_answer_in_time);
	g_test_add_func("/db/given-up-is-cancelled", test_given_up_is_cancelled);
	g_test_add_func("/db/statements-are-limited", test_statements_are_limited);
	g_test_add_func("/db/role-with-other-defaults", test_role_with_other_defaults);
	g_test_add_func("/db/other-encoding", test_other_encoding);
	g_test_add_func("/db/refusal-that-passes", test_refusal_that_passes);
	g_test_add_func("/db/unreachable-and-refused", test_unreachable_and_refused);
	g_test_add_func("/db/pool-is-bounded", test_pool_is_bounded);
	g_test_add_func("/db/pool-replaces-broken", test_pool_replaces_broken);
	g_test_add_func("/db/pool-leaves-read-only-server", test_pool_leaves_read_only_server);
	g_test_add_func("/db/parameters-come-from-the-leader",
			test_parameters_come_from_the_leader);
	g_test_add_func("/db/several-hosts-want-a-leader", test_several_hosts_want_a_leader);
	g_test_add_func("/db/schema-state", test_schema_state);
	return g_test_run();
}
