/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl metrics: the one exporter. What the database knows, and behind it what
 * bounce-milter has written into its metrics_file, in Prometheus' text format.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/json.h"
#include "ctl/framework/result.h"
#include "ctl/options/topics.h"
#include "db/operator_queries.h"

/* Each name is announced once, with its rows behind it: they come in order. */
static void append_rows(GString *out, const struct db_rows *rows)
{
	const char *last = "";

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *name = db_rows_find(rows, row, "name");
		const char *labels = db_rows_find(rows, row, "labels");
		const char *value = db_rows_find(rows, row, "value");

		if (strcmp(name, last) != 0)
			g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name,
					       db_rows_find(rows, row, "help"), name,
					       db_rows_find(rows, row, "type"));
		last = name;
		if (value)
			g_string_append_printf(out, "%s%s %s\n", name, labels ? labels : "", value);
	}
}

static void append_versions(GString *out)
{
	g_string_append(out, "# HELP bounce_build_info version of the programs\n"
			     "# TYPE bounce_build_info gauge\n"
			     "bounce_build_info{version=\"" BM_VERSION "\"} 1\n");
}

/* A reader sees the old file or the new one, and may be any account. */
static bool replace_file(const char *path, const GString *text, GError **error)
{
	g_autofree char *fresh = g_strdup_printf("%s.XXXXXX", path);
	int fd = g_mkstemp(fresh);
	bool is_written = fd >= 0 && write(fd, text->str, text->len) == (ssize_t)text->len &&
			  fchmod(fd, 0644) == 0;

	if (fd >= 0 && close(fd) != 0)
		is_written = false;
	if (is_written && g_rename(fresh, path) == 0)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s", path, g_strerror(errno));
	if (fd >= 0)
		g_unlink(fresh);
	return false;
}

static enum ctl_exit_code deliver(const struct ctl_call *call, const GString *out)
{
	const char *path = ctl_call_option(call, "output");
	g_autoptr(GError) error = NULL;

	if (path == NULL)
		return ctl_result_print(out);
	return replace_file(path, out, &error) ? CTL_EXIT_OK : ctl_result_error(call, error);
}

static enum ctl_exit_code run_metrics(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &operator_queries_metrics, NULL, &error);

	if (!rows)
		return ctl_result_error(call, error);
	if (ctl_call_has(call, "json")) {
		ctl_json_append_lines(rows, out);
	} else {
		append_rows(out, rows);
		append_versions(out);
	}
	return deliver(call, out);
}

static const struct ctl_option options[] = {
    {.name = "output", .value = &ctl_value_file, .help = "replace this file, in one step"},
    {0},
};

CTL_COMMAND(command_metrics) = {
    .name = "metrics",
    .topic = TOPIC_OVERVIEW,
    .summary = "print figures for a monitor in Prometheus' text format",
    .help = "Reports, rates, tasks, blocks, the queue, partitions, standbys, versions. Counters\n"
	    "begin anew at midnight (UTC). bounce-milter-metrics.timer writes them where\n"
	    "node_exporter finds them.\n",
    .example = "metrics --output /run/bounce-metrics/bounce.prom",
    .options = {options},
    .run = run_metrics,
};
