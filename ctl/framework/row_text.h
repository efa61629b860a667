/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of an answer for people: as a table or in a sentence, with times to the minute and
 * yes and no.
 */
#ifndef CTL_FRAMEWORK_ROW_TEXT_H
#define CTL_FRAMEWORK_ROW_TEXT_H

#include "ctl/framework/command.h"
#include "ctl/terminal/table.h"
#include "db/rows.h"

/* The rows as a table of these columns, ended by a name NULL; NULL or none: all. Columns
 * without any value are left out. Free with table_free. */
struct table *ctl_row_text_table(const struct db_rows *rows, const struct ctl_column *columns);

/* The template with {column} replaced by the value of the first row, safe for a terminal;
 * {column|mail|mails} has the word for so many behind it. A # among the words is the place of
 * the number, and a further | what is said for 0: {column|, # mail|, # mails|}. Heap. */
char *ctl_row_text_sentence(const char *template, const struct db_rows *rows,
			    const struct table_style *style);

#endif
