/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tables for people: columns as wide as they need to be and no wider than the
 * terminal, one block a row where even that is too narrow. Whatever a stranger
 * wrote cannot move the cursor. Knows nothing of databases and terminals.
 */
#ifndef CTL_FRAMEWORK_TABLE_H
#define CTL_FRAMEWORK_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum table_kind {
	TABLE_WORD,   /* shown whole */
	TABLE_TEXT,   /* may be cut at the end where the terminal is too narrow */
	TABLE_EXTRA,  /* as TABLE_TEXT; left out where that is not enough, the last one first */
	TABLE_PATH,   /* may be cut in front */
	TABLE_WRAP,   /* goes on in the next line; only as the last column */
	TABLE_NUMBER, /* to the right, whole */
	TABLE_EXTRA_NUMBER, /* the same, left out where there is no room for it */
	TABLE_BAR,          /* a number as a bar beside it, in what is left of the width */
};

/* What the output can show. */
struct table_style {
	unsigned width; /* columns of the terminal; 0: as wide as it takes, as into a file */
	bool color;     /* ANSI colours for the words of classes and states */
	bool utf8;      /* otherwise ASCII only */
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

/* Text that is safe on a terminal: valid UTF-8 (or ASCII), no control or
 * direction characters; line ends are kept where keep_lines says so. Heap. */
enum table_lines { TABLE_ONE_LINE, TABLE_KEEP_LINES };
char *table_clean(const char *text, bool utf8, enum table_lines lines);
/* A clean text in at most width columns, which are at least 1. Heap. */
char *table_cut(const char *text, size_t width, const struct table_style *style);
/* Terminal columns that a clean text takes. */
size_t table_text_width(const char *text);

typedef struct table table_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(table_t, table_free)

#endif
