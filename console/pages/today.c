/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What bounce.status() says, the most urgent first, and the open tasks by kind.
 */
#include "console/pages/today.h"

#include <string.h>

#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

enum { CHART_WIDTH = 560, CHART_HEIGHT = 120, DAYS = 28, GAP = 2 };

/* "queue_waiting" to "queue waiting", a word of the catalogue. */
static char *name_in_words(const char *name)
{
	return g_strdelimit(g_strdup(name), "_", ' ');
}

static bool add_status(struct page_call *call, GError **error)
{
	g_autoptr(db_rows_t) rows = page_fetch(call, &operator_queries_status, NULL, error);
	bool is_well = true;

	for (size_t row = 0; rows && row < db_rows_count(rows); row++) {
		const char *warning = db_rows_find(rows, row, "warning");
		const char *text = db_rows_find(rows, row, "text");
		bool is_warning = warning && *warning != '\0';
		g_autofree char *name = name_in_words(db_rows_find(rows, row, "name"));

		if (!is_warning && (!text || *text == '\0'))
			continue;
		struct model *line = model_add(call->model, is_warning ? "warnings" : "facts");
		model_set(line, "name", name);
		model_set(line, "value", text ? text : "");
		model_set(line, "warning", warning ? warning : "");
		is_well = is_well && !is_warning;
	}
	model_flag(call->model, "is_well", is_well);
	return rows;
}

static bool add_kinds(struct page_call *call, const char *owner, const char *list, GError **error)
{
	const char *const values[] = {owner};

	return page_load(call, list, &console_queries_kinds, values, error);
}

/* --- the chart
 * ------------------------------------------------------------------------------------ */

static guint64 number_of(const struct db_rows *rows, size_t row, const char *column)
{
	const char *value = db_rows_find(rows, row, column);

	return value ? g_ascii_strtoull(value, NULL, 10) : 0;
}

static void set_number(struct model *model, const char *name, guint64 number)
{
	g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);

	model_set(model, name, text);
}

static void add_bar(struct page_call *call, const struct db_rows *rows, size_t row, guint64 most)
{
	guint64 total = number_of(rows, row, "total");
	guint64 height = most > 0 ? total * CHART_HEIGHT / most : 0;
	guint64 width = CHART_WIDTH / DAYS;
	struct model *bar = model_add(call->model, "bars");

	set_number(bar, "x", row * width);
	set_number(bar, "y", CHART_HEIGHT - height);
	set_number(bar, "width", width - GAP);
	set_number(bar, "height", height);
	set_number(bar, "total", total);
	model_set(bar, "day", db_rows_find(rows, row, "label"));
}

static bool add_chart(struct page_call *call, GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) since = g_date_time_add_days(now, -(DAYS - 1));
	g_autofree char *day = g_date_time_format(since, "%Y-%m-%d");
	const char *const values[] = {"day", day, NULL, "28"};
	g_autoptr(db_rows_t) rows = page_fetch(call, &operator_queries_report, values, error);
	guint64 most = 0;

	for (size_t row = 0; rows && row < db_rows_count(rows); row++)
		most = MAX(most, number_of(rows, row, "total"));
	for (size_t row = 0; rows && row < db_rows_count(rows); row++)
		add_bar(call, rows, row, most);
	set_number(call->model, "most", most);
	return rows;
}

struct response *today_show(struct page_call *call)
{
	g_autoptr(GError) error = NULL;

	if (!add_status(call, &error) || !add_kinds(call, NULL, "kinds", &error) ||
	    !add_kinds(call, call->session->name, "mine", &error) || !add_chart(call, &error))
		return page_fail(call, error);
	return page_show(call, "today", 200);
}
