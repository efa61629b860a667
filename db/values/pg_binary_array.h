/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One-dimensional arrays in PostgreSQL's binary form, for values that are long: nothing in them is
 * escaped, neither here nor by the server. Knows no table.
 */
#ifndef DB_VALUES_PG_BINARY_ARRAY_H
#define DB_VALUES_PG_BINARY_ARRAY_H

#include <stddef.h>

#include <glib.h>

/* Of the elements; their numbers are PostgreSQL's, and never change. */
enum pg_binary_type {
	PG_BINARY_BYTEA = 17,
	PG_BINARY_JSONB = 3802,
};

/* An array that is to get count elements, each by pg_binary_array_add. Heap: g_byte_array_unref. */
GByteArray *pg_binary_array_new(enum pg_binary_type type, size_t count);

/* The next element; type as above. What is no JSON is refused by the server. */
void pg_binary_array_add(GByteArray *array, enum pg_binary_type type, const char *bytes,
			 size_t len);

#endif
