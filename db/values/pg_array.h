/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One-dimensional arrays in PostgreSQL's text form, {1,2,"a b"}: bigint[], uuid[] and text[]
 * as they travel over the connection. Knows no table.
 */
#ifndef DB_VALUES_PG_ARRAY_H
#define DB_VALUES_PG_ARRAY_H

#include <glib.h>

/* The elements, as texts, ended by NULL; a NULL element is "". What is not an array of one
 * dimension is an empty one. Heap: g_strfreev. */
char **pg_array_read(const char *text);

/* The text form of elements, ended by NULL. Heap. */
char *pg_array_write(const char *const *elements);

#endif
