/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of any statement on a real PostgreSQL (tests/check.pl has set PGHOST and the rest).
 */
#include <string.h>

#include "base/error.h"
#include "db/rows.h"

static struct db_pool *pool(void)
{
	const struct db_pool_options options = {
	    .conninfo = "dbname=postgres", .size = 1, .pool_wait = 5, .query_wait = 10};

	return db_pool_new(&options);
}

static struct db_rows *fetch(const char *sql, const char *const *arguments, unsigned count)
{
	const struct db_statement statement = {sql, count};
	struct db_pool *connections = pool();
	g_autoptr(GError) error = NULL;
	struct db_rows *rows = db_rows_fetch(connections, &statement, arguments, &error);

	g_assert_no_error(error);
	db_pool_free(connections);
	return rows;
}

static void test_types(void)
{
	static const struct {
		const char *sql;
		enum db_type type;
		const char *value;
	} cases[] = {
	    {"SELECT 'x'::text AS v", DB_TEXT, "x"},
	    {"SELECT ''::text AS v", DB_TEXT, ""},
	    {"SELECT NULL::text AS v", DB_TEXT, NULL},
	    {"SELECT 9223372036854775807 AS v", DB_INTEGER, "9223372036854775807"},
	    {"SELECT 1.5 AS v", DB_NUMBER, "1.5"},
	    {"SELECT true AS v", DB_BOOLEAN, "true"},
	    {"SELECT false AS v", DB_BOOLEAN, "false"},
	    {"SELECT '{\"a\": [1]}'::jsonb AS v", DB_JSON, "{\"a\": [1]}"},
	    {"SELECT '2026-11-21 12:00+00'::timestamptz AT TIME ZONE 'UTC' AS v", DB_TEXT,
	     "2026-11-21 12:00:00"},
	    {"SELECT 'infinity'::timestamptz AS v", DB_TIME, "infinity"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(db_rows_t) rows = fetch(cases[i].sql, NULL, 0);

		g_test_message("%s", cases[i].sql);
		g_assert_cmpuint(db_rows_count(rows), ==, 1);
		g_assert_cmpstr(db_rows_column_name(rows, 0), ==, "v");
		g_assert_cmpint((int)db_rows_column_type(rows, 0), ==, (int)cases[i].type);
		g_assert_cmpstr(db_rows_get(rows, 0, 0), ==, cases[i].value);
		g_assert_cmpstr(db_rows_find(rows, 0, "v"), ==, cases[i].value);
		g_assert_null(db_rows_find(rows, 0, "w"));
	}
}

static void test_times(void)
{
	const char *const arguments[] = {"2026-11-21T12:00:00.25Z"};
	g_autoptr(db_rows_t) rows =
	    fetch("SELECT $1::timestamptz AS v, (set_config('timezone', 'Asia/Kolkata', "
		  "false) IS NOT NULL) AS w",
		  arguments, 1);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(db_rows_find(rows, 0, "v"), NULL);

	g_assert_nonnull(time);
	g_assert_cmpint(g_date_time_to_unix(time), ==, 1795262400);
}

static void test_bytes(void)
{
	g_autoptr(db_rows_t) rows =
	    fetch("SELECT '\\x00ff0a41'::bytea AS v, NULL::bytea AS n, ''::bytea AS e", NULL, 0);
	size_t len = 99;
	const char *bytes = db_rows_bytes(rows, 0, "v", &len);

	g_assert_cmpuint(len, ==, 4);
	g_assert_true(memcmp(bytes, "\0\377\nA", 4) == 0);
	g_assert_null(db_rows_bytes(rows, 0, "n", &len));
	g_assert_nonnull(db_rows_bytes(rows, 0, "e", &len));
	g_assert_cmpuint(len, ==, 0);
}

static void test_arguments_and_errors(void)
{
	const char *const arguments[] = {"a'b", NULL};
	g_autoptr(db_rows_t) rows = fetch(
	    "SELECT $1::text AS a, $2::text AS b WHERE false OR $2::text IS NULL", arguments, 2);
	const struct db_statement wrong = {"SELECT $1::bigint", 1};
	struct db_pool *connections = pool();
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(db_rows_find(rows, 0, "a"), ==, "a'b");
	g_assert_null(db_rows_find(rows, 0, "b"));
	g_assert_null(db_rows_fetch(connections, &wrong, arguments, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_INPUT);
	db_pool_free(connections);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rows/types", test_types);
	g_test_add_func("/rows/times", test_times);
	g_test_add_func("/rows/bytes", test_bytes);
	g_test_add_func("/rows/arguments-and-errors", test_arguments_and_errors);
	return g_test_run();
}
