/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Clean text cut, broken, coloured, and drawn as bars, for ctl/framework/table.c.
 */
#ifndef CTL_FRAMEWORK_TABLE_TEXT_H
#define CTL_FRAMEWORK_TABLE_TEXT_H

#include "ctl/framework/table.h"

/* As table_cut; a TABLE_PATH loses its beginning. Heap. */
char *table_cut_as(const char *text, size_t width, enum table_kind kind,
		   const struct table_style *style);

/* Where a line of at most width columns is best broken: behind a blank if there
 * is one in its second half. */
const char *table_break_at(const char *text, size_t width);

/* A value; a word that asks for a look in its colour. */
void table_append_value(GString *out, const char *value, const struct table_style *style);
void table_append_heading(GString *out, const char *text, const struct table_style *style);
/* The name of a column as its heading. Heap. */
char *table_heading_of(const char *name);

/* A bar of that share, 0 to 1, of width columns: in eighths of one where the
 * terminal has the characters for it. */
void table_append_bar(GString *out, double share, size_t width, const struct table_style *style);

#endif
