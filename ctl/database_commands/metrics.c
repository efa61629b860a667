/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl metrics: the one exporter. What the database knows, and behind it what
 * bounce-milter and bounce-fetch have written into their metrics_file, in Prometheus' text format.
 *
 * While the database is away it says so, and the rest: a file that is left as it was would go on
 * showing the figures of before.
 */
#include <string.h>

#include "base/error.h"
#include "base/prometheus_text.h"
#include "base/replace_file.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/topics.h"
#include "db/people/operator_queries.h"
#include "version.h"

/* Each name is announced once, with its rows behind it: they come in order. */
static void append_rows(GString *out, const struct db_rows *rows)
{
	const char *last = "";

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *name = db_rows_find(rows, row, "name");
		const char *labels = db_rows_find(rows, row, "labels");
		const char *value = db_rows_find(rows, row, "value");

		if (strcmp(name, last) != 0)
			prometheus_text_announce(out, name, db_rows_find(rows, row, "type"),
						 db_rows_find(rows, row, "help"));
		last = name;
		if (value)
			g_string_append_printf(out, "%s%s %s\n", name, labels ? labels : "", value);
	}
}

enum { QUERY_WAIT = 20 }; /* seconds: it is asked again after 30 */

static void append_database_state(GString *out, bool is_database_up)
{
	prometheus_text_append_figure(out, "bounce_metrics_timestamp_seconds", "gauge",
				      "when these figures were told",
				      g_get_real_time() / G_USEC_PER_SEC);
	prometheus_text_append_figure(out, "bounce_database_up", "gauge",
				      "whether the database tells its figures", is_database_up);
}

static void append_versions(GString *out)
{
	prometheus_text_announce(out, "bounce_build_info", "gauge", "version of the programs");
	g_string_append(out, "bounce_build_info{version=\"" BM_VERSION "\"} 1\n");
}

/* Nothing where none runs on this machine. */
static void append_daemon(const char *path, GString *out)
{
	g_autofree char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL))
		g_string_append(out, text);
}

static bool append_daemons(const struct ctl_call *call, GString *out, GError **error)
{
	g_auto(milter_settings_t) settings = {0};

	if (!ctl_connect_settings(call, &settings, error))
		return false;
	append_daemon(settings.metrics_file, out);
	append_daemon(ctl_call_option(call, "fetch"), out);
	return true;
}

enum { FILE_MODE = 0644 }; /* any account may read it */

static enum ctl_exit_code deliver_metrics(const struct ctl_call *call, const GString *out)
{
	const char *path = ctl_call_option(call, "output");
	g_autoptr(GError) error = NULL;

	if (!path)
		return ctl_call_print(out);
	return replace_file(path, out, FILE_MODE, &error) ? CTL_EXIT_OK
							  : ctl_error_message_print(call, error);
}

static enum ctl_exit_code show_metrics_text(const struct ctl_call *call, const struct db_rows *rows)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	append_database_state(out, rows);
	if (rows)
		append_rows(out, rows);
	append_versions(out);
	return append_daemons(call, out, &error) ? deliver_metrics(call, out)
						 : ctl_error_message_print(call, error);
}

static enum ctl_exit_code show_metrics_json(const struct ctl_call *call, const struct db_rows *rows)
{
	g_autoptr(GString) out = g_string_new(NULL);

	ctl_json_append_lines(rows, out);
	return deliver_metrics(call, out);
}

enum { COUNTING_TIME = 30 }; /* seconds: the unit has sixty */

/* Moves the marks up to now: after the first time of a day one call does. */
static bool count_today(struct ctl_call *call, GError **error)
{
	gint64 end = g_get_monotonic_time() + COUNTING_TIME * G_USEC_PER_SEC;
	bool is_more = true;

	while (is_more && g_get_monotonic_time() < end) {
		g_autoptr(db_rows_t) rows =
		    ctl_connect_fetch(call, &operator_queries_count_today, NULL, error);

		if (!rows)
			return false;
		is_more = db_rows_is_true(rows, 0, "is_more");
	}
	return true;
}

static struct db_rows *fetch_metrics(struct ctl_call *call, GError **error)
{
	return count_today(call, error)
		   ? ctl_connect_fetch(call, &operator_queries_metrics, NULL, error)
		   : NULL;
}

static enum ctl_exit_code run_metrics(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;

	call->query_wait = QUERY_WAIT;
	if (!ctl_connect_pool(call, &error))
		return ctl_error_message_print(call, error);
	g_autoptr(db_rows_t) rows = fetch_metrics(call, &error);
	bool is_json = ctl_call_has(call, "json");
	enum ctl_exit_code code = CTL_EXIT_OK;
	if (!is_json)
		code = show_metrics_text(call, rows);
	else if (rows)
		code = show_metrics_json(call, rows);
	return rows || code != CTL_EXIT_OK ? code : ctl_error_message_print(call, error);
}

static const struct ctl_option options[] = {
    {.name = "output", .value = &ctl_value_type_file, .help = "replace this file, in one step"},
    {.name = "fetch",
     .value = &ctl_value_type_file,
     .help = "where bounce-fetch writes its own (metrics_file in its configuration)",
     .default_value = "/run/bounce-fetch/metrics"},
    {0},
};

CTL_COMMAND(command_metrics) = {
    .name = "metrics",
    .topic = TOPIC_OVERVIEW,
    .summary = "print figures for a monitor in Prometheus' text format",
    .help = "Reports, rates, tasks, blocks, the queue, partitions, standbys, versions. Counters\n"
	    "begin anew at midnight (UTC). What a running bounce-milter and bounce-fetch say of\n"
	    "themselves is behind them (metrics_file in their configuration). While the database\n"
	    "is away,\n"
	    "bounce_database_up is 0, its figures are left out, and the exit status is 75.\n"
	    "bounce-milter-metrics.timer writes all of it where node_exporter finds it.\n",
    .example = "metrics --output /run/bounce-metrics/bounce.prom",
    .options = {options},
    .run = run_metrics,
};
