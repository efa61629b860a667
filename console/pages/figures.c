/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What bounce.report_by() says.
 */
#include "console/pages/figures.h"

#include <string.h>

#include "console/pages/chart.h"
#include "db/people/operator_queries.h"

enum { DAYS = 28, FEW_DAYS = 7, TIMES = 3 };
static const char limit[] = "60";

/* TIMES of them are times. */
static const char *const dimensions[] = {"day",    "week",    "month",      "class", "reason",
					 "domain", "process", "remote_mta", NULL};

/* By domain or process all that was sent is counted: a week of it unless more is asked for. */
static char *first_day(const char *dimension)
{
	bool is_time = false;

	for (size_t i = 0; i < TIMES; i++)
		is_time = is_time || strcmp(dimensions[i], dimension) == 0;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) then = g_date_time_add_days(now, 1 - (is_time ? DAYS : FEW_DAYS));

	return g_date_time_format(then, "%Y-%m-%d");
}

struct response *figures_show(struct page_call *call)
{
	const struct form *query = call->request->query;
	const char *dimension = form_get(query, "by");
	const char *given = form_find(query, "since");
	g_autoptr(GError) error = NULL;

	if (!g_strv_contains(dimensions, dimension))
		dimension = dimensions[0];
	g_autofree char *since = given ? g_strdup(given) : first_day(dimension);
	const char *const values[] = {dimension, since, form_find(query, "until"), limit};
	g_autoptr(db_rows_t) rows = page_fetch(call, &operator_queries_report, values, &error);
	if (!rows)
		return page_fail(call, error);
	chart_add(call->model, rows);
	page_add_rows(call, "figures", rows);
	page_add_choices(call, "dimensions", dimensions, dimension);
	model_set(call->model, "by", dimension);
	model_set(call->model, "filter_since", since);
	model_set(call->model, "filter_until", form_get(query, "until"));
	/* names of others are no words of ours */
	model_flag(call->model, "is_word",
		   strcmp(dimension, "class") == 0 || strcmp(dimension, "reason") == 0);
	return page_show(call, "figures", 200);
}
