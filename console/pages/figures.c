/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What bounce.report_by() says. A page has as many rows as somebody reads, and says so where there
 * are more; the file has all of them.
 */
#include "console/pages/figures.h"

#include <string.h>

#include "console/answer/chart.h"
#include "console/answer/csv.h"
#include "db/people/operator_queries.h"

enum { DAYS = 28, FEW_DAYS = 7, TIMES = 3, ROWS = 60, TIME_ROWS = 400 };
static const char file_limit[] = "100000";

/* TIMES of them are times. */
static const char *const dimensions[] = {"day",    "week",    "month",      "class", "reason",
					 "domain", "process", "remote_mta", NULL};

/* What is asked for. */
struct choice {
	const char *dimension, *process, *until; /* the latter two NULL: all, or until now */
	bool is_time;
	char *since;
};

static void choice_clear(struct choice *choice)
{
	g_free(choice->since);
}
typedef struct choice choice_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(choice_t, choice_clear)

/* By domain or process all that was sent is counted: a week of it unless more is asked for. */
static char *first_day(bool is_time)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) then = g_date_time_add_days(now, 1 - (is_time ? DAYS : FEW_DAYS));

	return g_date_time_format(then, "%Y-%m-%d");
}

static void choose_figures(const struct form *query, struct choice *choice)
{
	const char *given = form_find(query, "since");

	choice->dimension = form_get(query, "by");
	if (!g_strv_contains(dimensions, choice->dimension))
		choice->dimension = dimensions[0];
	for (size_t i = 0; i < TIMES; i++)
		choice->is_time = choice->is_time || strcmp(dimensions[i], choice->dimension) == 0;
	choice->process = form_find(query, "process");
	choice->since = given ? g_strdup(given) : first_day(choice->is_time);
	choice->until = form_find(query, "until");
}

static struct db_rows *fetch_figures(struct page_call *call, const struct choice *choice,
				     const char *limit, GError **error)
{
	const char *const values[] = {choice->dimension, choice->since, choice->until,
				      choice->process, limit};

	return page_fetch(call, &operator_queries_report, values, error);
}

/* --- the page --------------------------------------------------------------------------------- */

static void set_figures_choice(struct page_call *call, const struct choice *choice)
{
	page_add_choices(call, "dimensions", dimensions, choice->dimension);
	model_set(call->model, "by", choice->dimension);
	model_set(call->model, "filter_process", choice->process);
	model_set(call->model, "filter_since", choice->since);
	model_set(call->model, "filter_until", choice->until);
	model_flag(call->model, "is_named", !choice->is_time);
	/* names of others are no words of ours */
	model_flag(call->model, "is_word",
		   strcmp(choice->dimension, "class") == 0 ||
		       strcmp(choice->dimension, "reason") == 0);
	model_flag(call->model, "is_process", strcmp(choice->dimension, "process") == 0);
}

struct response *figures_show(struct page_call *call)
{
	g_autoptr(GError) error = NULL;
	g_auto(choice_t) choice = {0};

	choose_figures(call->request->query, &choice);
	size_t most = choice.is_time ? TIME_ROWS : ROWS;
	g_autofree char *limit = g_strdup_printf("%zu", most);
	g_autoptr(db_rows_t) rows = fetch_figures(call, &choice, limit, &error);
	if (!rows || !page_add_processes(call, choice.process ? choice.process : "", &error))
		return page_fail(call, error);
	chart_add(call->model, rows);
	page_add_rows(call, "figures", rows);
	set_figures_choice(call, &choice);
	model_flag(call->model, "is_cut", db_rows_count(rows) == most);
	model_set(call->model, "rows", limit);
	return page_show(call, "figures", 200);
}

/* --- the file --------------------------------------------------------------------------------- */

struct response *figures_export(struct page_call *call)
{
	g_autoptr(GError) error = NULL;
	g_auto(choice_t) choice = {0};

	choose_figures(call->request->query, &choice);
	g_autoptr(db_rows_t) rows = fetch_figures(call, &choice, file_limit, &error);
	if (!rows)
		return page_fail(call, error);
	return csv_response(call, rows, "figures.csv");
}
