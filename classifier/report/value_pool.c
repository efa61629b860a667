/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The empty string is never stored: it is a constant.
 */
#include "classifier/report/value_pool.h"

#include <string.h>

#include "classifier/mime/mime.h"
#include "classifier/text/octal.h"
#include "classifier/text/text.h"

struct value_pool *value_pool_new(const struct limits *limits)
{
	struct value_pool *pool = g_new(struct value_pool, 1);
	*pool = (struct value_pool){
	    .strings = g_string_chunk_new(1024),
	    .arrays = g_ptr_array_new_with_free_func(g_free),
	    .limits = limits,
	};
	return pool;
}

void value_pool_free(struct value_pool *pool)
{
	g_string_chunk_free(pool->strings);
	g_ptr_array_unref(pool->arrays);
	g_free(pool);
}

const char *value_pool_line(struct value_pool *pool, const char *text, size_t len)
{
	size_t max = pool->limits->field_bytes;
	if (len > 2 * max)
		pool->is_truncated = true;
	g_autofree char *line = text_one_line(text, MIN(len, 2 * max));
	g_autofree char *clean = text_clean(line, strlen(line), max);
	return *clean ? g_string_chunk_insert(pool->strings, clean) : "";
}

const char *value_pool_string(struct value_pool *pool, const char *text)
{
	return value_pool_line(pool, text, strlen(text));
}

const char *value_pool_header(struct value_pool *pool, struct slice value)
{
	g_autofree char *decoded =
	    mime_decode_value(value.data, MIN(value.len, pool->limits->header_bytes));
	return value_pool_string(pool, decoded);
}

const char *value_pool_diagnostic(struct value_pool *pool, const char *text, size_t len)
{
	len = MIN(len, 4 * pool->limits->field_bytes);
	if (!memmem(text, len, "\\2", 2) && !memmem(text, len, "\\3", 2))
		return value_pool_line(pool, text, len);
	size_t count;
	g_autofree char *bytes = octal_decode_bytes(text, len, &count);
	g_autofree char *words = text_from_charset(bytes, count, "", 2 * count);
	return value_pool_string(pool, words);
}

const char *value_pool_text(struct value_pool *pool, const char *text, size_t len)
{
	return len > 0 ? g_string_chunk_insert_len(pool->strings, text, (gssize)len) : "";
}

const char *const *value_pool_list(struct value_pool *pool, GPtrArray *list)
{
	g_ptr_array_add(list, NULL);
	gpointer *strings = g_ptr_array_free(list, FALSE);
	g_ptr_array_add(pool->arrays, strings);
	return (const char *const *)strings;
}
