/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The memory of a report: every string that was read from a message, made safe and bounded.
 */
#ifndef CLASSIFIER_REPORT_VALUE_POOL_H
#define CLASSIFIER_REPORT_VALUE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "classifier/text/limits.h"
#include "classifier/text/slice.h"

struct value_pool {
	GStringChunk *strings;
	GPtrArray *arrays;           /* freed with the pool */
	const struct limits *limits; /* while the message is read */
	bool is_truncated;           /* a bound was met */
};

struct value_pool *value_pool_new(const struct limits *limits);
void value_pool_free(struct value_pool *pool);

/* The text as one line, valid UTF-8, at most limits.field_bytes. */
const char *value_pool_line(struct value_pool *pool, const char *text, size_t len);
const char *value_pool_string(struct value_pool *pool, const char *text);

/* The same for the value of a header field, its encoded-words (RFC 2047) decoded. */
const char *value_pool_header(struct value_pool *pool, struct slice value);

/* The same for a diagnostic: Exim writes 8-bit bytes in octal. */
const char *value_pool_diagnostic(struct value_pool *pool, const char *text, size_t len);

/* A text of several lines, which must be safe already. */
const char *value_pool_text(struct value_pool *pool, const char *text, size_t len);

/* Takes a list of strings of the pool and ends it with NULL. */
const char *const *value_pool_list(struct value_pool *pool, GPtrArray *list);

#endif
