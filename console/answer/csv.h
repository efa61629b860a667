/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows as CSV (RFC 4180): comma, every field in double quotes, UTF-8, the same in every language.
 * Spreadsheets take a field that begins with = + - @ for a formula, whoever wrote it: these get an
 * apostrophe in front, as they do behind a semicolon, which parts cells for some.
 */
#ifndef CONSOLE_ANSWER_CSV_H
#define CONSOLE_ANSWER_CSV_H

#include <stdio.h>

#include <glib.h>

#include "console/answer/page.h"
#include "db/rows.h"

extern const char csv_type[];

void csv_append_names(GString *out, const struct db_rows *rows);
void csv_append_row(const struct page_call *call, GString *out, const struct db_rows *rows,
		    size_t row);

/* Another batch of rows for a file that may be long; the first one has the names above it. False
 * with BM_ERROR_INPUT: the file is too large. */
bool csv_write_batch(const struct page_call *call, FILE *file, const struct db_rows *rows,
		     bool is_first, GError **error) __attribute__((warn_unused_result));

/* All of them as a download, for rows that are few enough for memory. */
struct response *csv_response(const struct page_call *call, const struct db_rows *rows,
			      const char *file_name);

#endif
