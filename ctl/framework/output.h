/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What commands print: rows as a table or as JSON, and what went wrong.
 */
#ifndef CTL_FRAMEWORK_OUTPUT_H
#define CTL_FRAMEWORK_OUTPUT_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "ctl/framework/command.h"
#include "ctl/framework/table.h"
#include "db/rows.h"

/* What standard output can show: its width and colour if it is a terminal. */
struct table_style ctl_output_style(void);

/* Writes all of it. False, said on stderr, when that fails. */
bool ctl_output_write(const char *text);

/* The rows as a table; columns: the names to show, in order, separated by
 * blanks, NULL for all. "name%" is shown with bars, "name?" may be left out (a number
 * also where all are 0), "name~", the last one, goes on in the next line, "name!" is
 * never cut. Columns without any value are left out. Heap, to be freed with table_free. */
struct table *ctl_output_table(const struct db_rows *rows, const char *columns);

/* One row as an object, typed as the columns are. */
void ctl_output_json_row(JsonBuilder *builder, const struct db_rows *rows, size_t row);
/* The builder's root as one line. */
void ctl_output_json_append(JsonBuilder *builder, GString *out);

/* Every row as an object in a line of its own. */
void ctl_output_json_lines(const struct db_rows *rows, GString *out);

/* The template with {column} replaced by the row's value, safe for a terminal;
 * {column|mail|mails} has the word for so many behind it. Heap. */
char *ctl_output_sentence(const char *template, const struct db_rows *rows, size_t row,
			  const struct table_style *style);

/* Says on stderr what is wrong and gives the exit status for it. */
int ctl_output_error(const struct ctl_call *call, const GError *error);

#endif
