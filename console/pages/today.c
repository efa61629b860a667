/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What bounce.status() says, the most urgent first, and the open tasks by kind.
 */
#include "console/pages/today.h"

#include <string.h>

#include "console/answer/chart.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

#define DAYS  "28"
#define HOURS "24"

/* "queue_waiting" to "queue waiting", a word of the catalogue. */
static char *name_in_words(const char *name)
{
	return g_strdelimit(g_strdup(name), "_", ' ');
}

/* Where there is more about a figure. */
static const struct lead {
	const char *name, *place;
} leads[] = {
    {"tasks open", "to_tasks"},
    {"oldest task at", "to_tasks"},
    {"tasks overdue", "to_overdue"},
    {"outages open", "to_outages"},
    {"blocks held", "to_outages"},
    {"unclassified day", "to_letters"},
    {"shadow processes", "to_shadow"},
    {"processes paused", "to_queue"},
    {"queue waiting", "to_queue"},
    {"queue due", "to_queue"},
    {"queue oldest due at", "to_queue"},
    {"queue held", "to_held"},
    {"queue processing", "to_queue"},
    {"queue leases expired", "to_queue"},
    {"submission server down since", "to_queue"},
};

static void set_lead(struct model *line, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(leads); i++)
		if (strcmp(leads[i].name, name) == 0) {
			model_flag(line, leads[i].place, true);
			model_flag(line, "is_lead", true);
		}
}

static bool is_parameter_time(const char *name)
{
	return g_str_has_suffix(name, " at") || g_str_has_suffix(name, " since") ||
	       g_str_has_suffix(name, " until");
}

static bool add_status(struct page_call *call, GError **error)
{
	g_autoptr(db_rows_t) rows = page_fetch(call, &operator_queries_status, NULL, error);
	bool is_well = true;

	for (size_t row = 0; rows && row < db_rows_count(rows); row++) {
		g_autofree char *warning = page_told(call, db_rows_find(rows, row, "warning"));
		const char *text = db_rows_find(rows, row, "text");
		bool is_warning = warning && *warning != '\0';
		g_autofree char *name = name_in_words(db_rows_find(rows, row, "name"));

		if (!is_warning && (!text || *text == '\0'))
			continue;
		struct model *line = model_add(call->model, is_warning ? "warnings" : "facts");
		model_set(line, "name", name);
		set_lead(line, name);
		model_set(line, is_parameter_time(name) ? "at" : "value", text ? text : "");
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

/* --- the charts ------------------------------------------------------------------------------- */

static bool add_chart(struct page_call *call, const struct db_statement *statement,
		      const char *count, const char *title, GError **error)
{
	const char *const values[] = {count};
	g_autoptr(db_rows_t) rows = page_fetch(call, statement, values, error);
	struct model *chart = rows ? model_add(call->model, "charts") : NULL;

	if (!chart)
		return false;
	chart_add(chart, rows);
	model_set(chart, "title", title);
	model_set(chart, "name", count);
	return true;
}

static bool add_charts(struct page_call *call, GError **error)
{
	return add_chart(call, &console_queries_hours, HOURS, N_("What came back in 24 hours"),
			 error) &&
	       add_chart(call, &console_queries_days, DAYS, N_("What came back in four weeks"),
			 error);
}

struct response *today_show(struct page_call *call)
{
	g_autoptr(GError) error = NULL;

	if (!add_status(call, &error) || !add_kinds(call, NULL, "kinds", &error) ||
	    !add_kinds(call, call->session->name, "mine", &error) || !add_charts(call, &error) ||
	    !page_load(call, "rates", &console_queries_process_rates, NULL, &error))
		return page_fail(call, error);
	return page_show(call, "today", 200);
}
