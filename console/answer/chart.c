/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whole numbers: a hundredth of a bar is nothing to see.
 */
#include "console/answer/chart.h"

enum { WIDTH = 560, HEIGHT = 120, GAP = 2, THINNEST = 1 };

static guint64 chart_number_of(const struct db_rows *rows, size_t row, const char *column)
{
	const char *value = db_rows_find(rows, row, column);

	return value ? g_ascii_strtoull(value, NULL, 10) : 0;
}

static void set_chart_number(struct model *model, const char *name, guint64 number)
{
	g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);

	model_set(model, name, text);
}

static void add_bar(struct model *model, const struct db_rows *rows, size_t row, guint64 most)
{
	guint64 total = chart_number_of(rows, row, "total");
	guint64 height = most > 0 ? total * HEIGHT / most : 0;
	guint64 left = row * WIDTH / db_rows_count(rows);
	guint64 width = (row + 1) * WIDTH / db_rows_count(rows) - left;
	struct model *bar = model_add(model, "bars");

	set_chart_number(bar, "x", left);
	set_chart_number(bar, "y", HEIGHT - height);
	set_chart_number(bar, "width", width > GAP ? width - GAP : THINNEST);
	set_chart_number(bar, "height", height);
	set_chart_number(bar, "total", total);
	model_set(bar, "label", db_rows_find(rows, row, "label"));
}

void chart_add(struct model *model, const struct db_rows *rows)
{
	guint64 most = 0;
	size_t count = db_rows_count(rows);

	for (size_t row = 0; row < db_rows_count(rows); row++)
		most = MAX(most, chart_number_of(rows, row, "total"));
	for (size_t row = 0; row < db_rows_count(rows); row++)
		add_bar(model, rows, row, most);
	set_chart_number(model, "most", most);
	model_set(model, "first", count > 0 ? db_rows_find(rows, 0, "label") : NULL);
	model_set(model, "last", count > 0 ? db_rows_find(rows, count - 1, "label") : NULL);
}
