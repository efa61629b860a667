/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text for a terminal: measured, cut, broken into lines, coloured, and drawn as bars. It is
 * expected to be clean already (base/printable_text.h).
 */
#ifndef CTL_TERMINAL_TABLE_TEXT_H
#define CTL_TERMINAL_TABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* What the output can show. */
struct table_style {
	unsigned width; /* columns of the terminal; 0: unlimited, as into a file */
	bool color;     /* ANSI colours for the words of classes and states */
	bool utf8;      /* otherwise ASCII only */
};

/* Terminal columns that the text takes. */
size_t table_text_width(const char *text);

/* Which end of a long text is lost. */
enum table_text_cut { TABLE_TEXT_CUT_END, TABLE_TEXT_CUT_FRONT };

/* The text in at most width columns, which are at least 1. Heap. */
char *table_text_cut(const char *text, size_t width, enum table_text_cut cut,
		     const struct table_style *style);

/* Where a line of at most width columns is best broken: behind a blank if there
 * is one in its second half. */
const char *table_text_break(const char *text, size_t width);

/* The value, coloured if it is a word that stands for a good or bad state. */
void table_text_append_value(GString *out, const char *value, const struct table_style *style);
void table_text_append_heading(GString *out, const char *text, const struct table_style *style);
/* The heading of a column of that name. Heap. */
char *table_text_heading(const char *name);

/* A bar of that share, 0 to 1, of width columns: in eighths of a column where the
 * terminal has the characters for it. */
void table_text_append_bar(GString *out, double share, size_t width,
			   const struct table_style *style);

#endif
