/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bars for an inline SVG of 560 by 120: a number for each row. Who cannot see them has the tables
 * of the figures.
 */
#ifndef CONSOLE_ANSWER_CHART_H
#define CONSOLE_ANSWER_CHART_H

#include "console/template/model.h"
#include "db/rows.h"

/* A list "bars" of the columns label and total (x, y, width, height, total, label); "most", the
 * number that the highest bar stands for; "first" and "last", their labels. */
void chart_add(struct model *model, const struct db_rows *rows);

#endif
