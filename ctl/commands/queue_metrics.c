/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl queue metrics: the queue's figures in the text format of Prometheus.
 */
#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/json.h"
#include "ctl/framework/result.h"
#include "ctl/options/topics.h"
#include "db/queue_admin.h"

/* Prometheus, text format 0.0.4: a label's value escapes backslash, quote and line feed. */
static char *label_of(const char *value)
{
	GString *label = g_string_new(NULL);

	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\n') {
			g_string_append(label, "\\n");
			continue;
		}
		if (*p == '\\' || *p == '"')
			g_string_append_c(label, '\\');
		g_string_append_c(label, *p);
	}
	return g_string_free(label, FALSE);
}

struct figure {
	const char *name;
	const char *help;
	const char *label;      /* the column whose value is the label */
	const char *columns[5]; /* where there are several, each is a state; ended by NULL */
};

static void add_figure(GString *out, const struct db_rows *rows, const struct figure *figure)
{
	g_string_append_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", figure->name, figure->help,
			       figure->name);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		for (size_t i = 0; figure->columns[i] != NULL; i++) {
			g_autofree char *label = label_of(db_rows_find(rows, row, figure->label));

			g_string_append_printf(out, "%s{%s=\"%s\"", figure->name, figure->label,
					       label);
			if (figure->columns[1] != NULL)
				g_string_append_printf(out, ",state=\"%s\"", figure->columns[i]);
			g_string_append_printf(out, "} %s\n",
					       db_rows_find(rows, row, figure->columns[i]));
		}
}

static void add_servers(GString *out, const struct db_rows *rows)
{
	g_string_append(
	    out, "# HELP bounce_delivery_server_up whether the submission server can be used\n"
		 "# TYPE bounce_delivery_server_up gauge\n");
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		g_autofree char *label = label_of(db_rows_find(rows, row, "server"));

		g_string_append_printf(out, "bounce_delivery_server_up{server=\"%s\"} %d\n", label,
				       strcmp(db_rows_find(rows, row, "works"), "true") == 0);
	}
}

static void add_metrics(GString *out, const struct db_rows *processes,
			const struct db_rows *domains, const struct db_rows *servers)
{
	static const struct figure figures[] = {
	    {"bounce_queue_communications",
	     "communications in the delivery queue",
	     "process",
	     {"due", "scheduled", "held", "processing"}},
	    {"bounce_queue_oldest_due_seconds", "since when the oldest is due", "process",
	     CTL_COLUMN("oldest_due_seconds")},
	    {"bounce_queue_oldest_seconds", "age of the oldest that waits", "process",
	     CTL_COLUMN("oldest_seconds")},
	};
	static const struct figure domain = {
	    "bounce_queue_domain_recipients",
	    "recipients that wait, of the remote domains with most of them", "domain",
	    CTL_COLUMN("recipients")};

	for (size_t i = 0; i < G_N_ELEMENTS(figures); i++)
		add_figure(out, processes, &figures[i]);
	add_figure(out, domains, &domain);
	add_servers(out, servers);
}

static enum ctl_exit_code run_metrics(struct ctl_call *call)
{
	static const char *const domains_max[] = {"50"}; /* a monitor keeps every label for ever */
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(db_rows_t) domains = NULL;
	g_autoptr(db_rows_t) servers = NULL;
	g_autoptr(db_rows_t) processes = ctl_connect_fetch(call, &queue_processes, NULL, &error);

	if (processes)
		domains = ctl_connect_fetch(call, &queue_domains, domains_max, &error);
	if (domains)
		servers = ctl_connect_fetch(call, &queue_servers, NULL, &error);
	if (!servers)
		return ctl_result_error(call, error);
	if (ctl_call_has(call, "json"))
		ctl_json_append_lines(processes, out);
	else
		add_metrics(out, processes, domains, servers);
	return ctl_result_print(out);
}

CTL_COMMAND(command_queue_metrics) = {
    .name = "queue metrics",
    .topic = TOPIC_QUEUE,
    .summary = "print depth and age of the queue for a monitor: Prometheus' text format",
    .help = "By process and by the 50 remote domains for which most waits, and whether the\n"
	    "submission servers can be used. With --json one object for each process.\n",
    .example = "queue metrics > /var/lib/node_exporter/bounce.prom",
    .run = run_metrics,
};
