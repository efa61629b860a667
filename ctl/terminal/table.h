/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tables for people: columns as wide as they need to be and no wider than the
 * terminal, one block a row where even that is too narrow. Text from outside cannot
 * move the cursor. Knows nothing of databases, commands or the terminal at hand.
 */
#ifndef CTL_TERMINAL_TABLE_H
#define CTL_TERMINAL_TABLE_H

#include <glib.h>

#include "ctl/terminal/table_text.h"

enum table_kind {
	TABLE_WORD,   /* shown whole */
	TABLE_TEXT,   /* may be cut at the end where the terminal is too narrow */
	TABLE_EXTRA,  /* as TABLE_TEXT; dropped where cutting is not enough, the last one first */
	TABLE_PATH,   /* may lose its beginning */
	TABLE_WRAP,   /* continues on the next line; only as the last column */
	TABLE_NUMBER, /* to the right, whole */
	TABLE_EXTRA_NUMBER, /* the same, dropped where there is no room for it */
	TABLE_BAR,          /* a number as a bar beside it, in what is left of the width */
};

struct table;

struct table *table_new(void);
void table_free(struct table *table);

/* Columns first, then rows. name is the heading, lower case with underscores. */
void table_add_column(struct table *table, const char *name, enum table_kind kind);
/* One value a column; NULL is absent. Copies. */
void table_add_row(struct table *table, const char *const *values);

/* Heading and rows; or blocks, where the columns cannot be made to fit. */
void table_print(const struct table *table, const struct table_style *style, GString *out);
/* Every row as a block of "name  value" lines; long values go on in the next line. */
void table_print_blocks(const struct table *table, const struct table_style *style, GString *out);

typedef struct table table_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(table_t, table_free)

#endif
