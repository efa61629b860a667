/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bars for an inline SVG of 560 by 120: a number for each row. Who cannot see them has the table
 * beside.
 */
#ifndef CONSOLE_PAGES_CHART_H
#define CONSOLE_PAGES_CHART_H

#include "console/template/model.h"
#include "db/rows.h"

/* A list "bars" of the columns label and total (x, y, width, height, total, label), and "most": the
 * number that the highest bar stands for. */
void chart_add(struct model *model, const struct db_rows *rows);

#endif
