/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements on a real PostgreSQL (tests/check.pl has set PGHOST and the rest): errors fall into
 * the right one of the four kinds, nothing is success before COMMIT, every wait is bounded, and a
 * session is as the functions need it.
 */
#include <string.h>

#include "base/error.h"
#include "db/pg.h"
#include "db/pg_connection.h"
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

/* What any role may send to who listens, while he waits for an answer. */
static void test_flood_of_notices(void)
{
	g_autoptr(PGconn) listener = server_connect(conninfo);
	g_autoptr(PGconn) other = server_connect(conninfo);
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) listening = pg_query(listener, 5, "LISTEN flood", 0, NULL, &error);
	g_autoptr(PGresult) flood =
	    pg_query(other, 60,
		     "SELECT count(pg_notify('flood', repeat('x', 1000) || i)) "
		     "FROM generate_series(1, 10000) AS i",
		     0, NULL, &error);
	g_autoptr(PGresult) answer = pg_query(listener, 60, "SELECT 1", 0, NULL, &error);
	unsigned kept = 0;

	g_assert_no_error(error);
	g_assert_nonnull(answer);
	for (PGnotify *notice; (notice = PQnotifies(listener)) != NULL; PQfreemem(notice))
		kept++;
	g_assert_cmpuint(kept, <, 1000);
	g_assert_true(pg_connection_take_notices(listener));
	g_assert_false(pg_connection_take_notices(listener));
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
	    {"lock_timeout", "1h", "1600ms"},
	    {"statement_timeout", "1h", "1800ms"},
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
	g_test_add_func("/db/flood-of-notices", test_flood_of_notices);
	g_test_add_func("/db/role-with-other-defaults", test_role_with_other_defaults);
	g_test_add_func("/db/other-encoding", test_other_encoding);
	g_test_add_func("/db/refusal-that-passes", test_refusal_that_passes);
	g_test_add_func("/db/unreachable-and-refused", test_unreachable_and_refused);
	return g_test_run();
}
