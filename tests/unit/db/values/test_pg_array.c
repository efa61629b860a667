/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Arrays in PostgreSQL's text form and in its binary one.
 */
#include <stdbool.h>
#include <string.h>

#include "db/values/pg_array.h"
#include "db/values/pg_binary_array.h"

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
	g_test_add_func("/pg-array", test_arrays);
	g_test_add_func("/pg-array/binary", test_binary_arrays);
	return g_test_run();
}
