/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Cutting and breaking clean text, for ctl/table.c.
 */
#ifndef CTL_TABLE_TEXT_H
#define CTL_TABLE_TEXT_H

#include "ctl/table.h"

/* As table_cut; a TABLE_PATH loses its beginning. Heap. */
char *table_cut_as(const char *text, size_t width, enum table_kind kind, const struct table_style *style);

/* Where a line of at most width columns is best broken: behind a blank if there
 * is one in its second half. */
const char *table_break_at(const char *text, size_t width);

#endif
