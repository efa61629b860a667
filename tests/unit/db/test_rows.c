/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of any statement against a real PostgreSQL (tests/check.pl has set
 * PGHOST and the rest), and which recipients the watched parameters refuse.
 */
#include <string.h>

#include "base/error.h"
#include "db/parameter_cache.h"
#include "db/rows.h"
#include "db/values/pg_array.h"
#include "db/values/pg_binary_array.h"

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

/* Addresses under a prefix or none, with the parameter on. TOKEN is a valid
 * token of key 1, FORGED one that key 1 did not sign, OTHER one of key 2. */
static const struct {
	const char *prefix;
	const char *address;
	bool refused;
} addresses[] = {
    {"bounce+", "bounce+TOKEN@b.example", false},
    {"bounce+", "BOUNCE+TOKEN@b.example", false},
    {"bounce+", "bounce+FORGED@b.example", true},
    {"bounce+", "bounce+OTHER@b.example", false},
    {"bounce+", "bounce+@b.example", true},
    {"bounce+", "bounce+x@b.example", true},
    {"bounce+", "bounce@b.example", false},
    {"bounce+", "postmaster@b.example", false},
    {"bounce+", "FORGED@b.example", false},
    {"bounce+", "\"bounce+x\"@b.example", false},
    {"bounce+", "bounce+x", false},
    {"bounce+", "", false},
    {"bounce+", "bounce+y@c.example+TOKEN@b.example", false},
    {"", "TOKEN@b.example", false},
    {"", "FORGED@b.example", true},
    {"", "postmaster@b.example", false},
};

static char *fill_in(const char *template)
{
	const struct token_key keys[] = {
	    {.id = 1, .secret = {7}}, {.id = 1, .secret = {8}}, {.id = 2, .secret = {9}}};
	static const char *const words[] = {"TOKEN", "FORGED", "OTHER"};
	const struct token token = {.attempt = 1, .expiry_day = 20000, .recipient_id = 5};
	GString *text = g_string_new(template);

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		char value[TOKEN_DIGITS + 1];

		token_format(&token, &keys[i], value);
		g_string_replace(text, words[i], value, 0);
	}
	return g_string_free(text, FALSE);
}

static void test_refused(void)
{
	struct token_key key = {.id = 1, .secret = {7}};

	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_autofree char *prefix = g_strdup(addresses[i].prefix);
		g_autofree char *address = fill_in(addresses[i].address);
		struct db_parameters parameters = {.refuse_bad_token = true,
						   .return_path_prefix = prefix,
						   .token_keys = &key,
						   .token_key_count = 1};

		g_test_message("%s%s", prefix, address);
		g_assert_true(db_parameters_refuses(&parameters, address) == addresses[i].refused);
		parameters.refuse_bad_token = false;
		g_assert_false(db_parameters_refuses(&parameters, address));
	}
}

/* The text form that PostgreSQL writes, and the same elements written for it. */
static void test_arrays(void)
{
	static const struct {
		const char *text;
		const char *elements; /* parted by | */
		const char *written;
	} rows[] = {
	    {"{}", "", "{}"},
	    {"", "", "{}"},
	    {"{1}", "1", "{\"1\"}"},
	    {"{1,22,333}", "1|22|333", "{\"1\",\"22\",\"333\"}"},
	    {"{a@b.example,\"Anna \\\"A\\\" <a@b.example>\"}",
	     "a@b.example|Anna \"A\" <a@b.example>",
	     "{\"a@b.example\",\"Anna \\\"A\\\" <a@b.example>\"}"},
	    {"{\"\",NULL,\"NULL\",\"a\\\\b\"}", "||NULL|a\\b", "{\"\",\"\",\"NULL\",\"a\\\\b\"}"},
	    {"{\"a,b\",\"{c}\"}", "a,b|{c}", "{\"a,b\",\"{c}\"}"},
	    {"{\"open", "open", "{\"open\"}"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) elements = pg_array_read(rows[i].text);
		g_autofree char *joined = g_strjoinv("|", elements);
		g_autofree char *written = pg_array_write((const char *const *)elements);

		g_assert_cmpstr(joined, ==, rows[i].elements);
		g_assert_cmpstr(written, ==, rows[i].written);
	}
}

static bool array_equals(const GByteArray *array, const guint8 *bytes, size_t len)
{
	return array->len == len && memcmp(array->data, bytes, len) == 0;
}

/* What array_send() says of an empty bytea and one of three octets, and of a jsonb '[1]'. */
static void test_binary_arrays(void)
{
	static const guint8 texts[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 17, 0,   0,    0,   2,
				       0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3,  'a', 0x00, 0xff};
	static const guint8 json[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x0e, 0xda, 0,   0,
				      0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 1,    '[',  '1', ']'};
	static const guint8 none[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17};
	g_autoptr(GByteArray) array = pg_binary_array_new(PG_BINARY_BYTEA, 2);
	g_autoptr(GByteArray) documents = pg_binary_array_new(PG_BINARY_JSONB, 1);
	g_autoptr(GByteArray) empty = pg_binary_array_new(PG_BINARY_BYTEA, 0);

	pg_binary_array_add(array, PG_BINARY_BYTEA, "", 0);
	pg_binary_array_add(array, PG_BINARY_BYTEA, "a\0\xff", 3);
	pg_binary_array_add(documents, PG_BINARY_JSONB, "[1]", 3);
	g_assert_true(array_equals(array, texts, sizeof texts));
	g_assert_true(array_equals(documents, json, sizeof json));
	g_assert_true(array_equals(empty, none, sizeof none));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rows/types", test_types);
	g_test_add_func("/rows/times", test_times);
	g_test_add_func("/rows/bytes", test_bytes);
	g_test_add_func("/rows/arguments-and-errors", test_arguments_and_errors);
	g_test_add_func("/pg-array", test_arrays);
	g_test_add_func("/pg-array/binary", test_binary_arrays);
	g_test_add_func("/parameters/refused", test_refused);
	return g_test_run();
}
