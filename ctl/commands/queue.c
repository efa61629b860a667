/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl queue list | show | retry | hold | release | cancel | status | metrics.
 */
#include "ctl/commands/queue.h"

#include <stdio.h>
#include <string.h>

#include "ctl/commands/show.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/each.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "db/queue_admin.h"

#define WAITING "PENDING PROCESSING RETRY"
#define NOT_YET "PENDING PROCESSING RETRY ERROR"
#define ANY     "PENDING PROCESSING RETRY ERROR SUCCESS"

/* Of which something can be said before the database is asked. */
#define FILTERS                                                                                    \
	{"process", "NAME", "only this process", NULL},                                            \
	    {"state", "STATE", "only PENDING, PROCESSING, RETRY, ERROR or SUCCESS", NULL},         \
	    {"ref", "TEXT", "only this business reference", NULL},                                 \
	    {"recipient", "ADDRESS", "only those to this address", NULL},                          \
	    {"domain", "DOMAIN", "only those to an address of this domain", NULL},                 \
	{                                                                                          \
		"held", NULL, "only those that are held", NULL                                     \
	}

/* What queue_list wants; states is what is meant where no state is named. */
static struct db_rows *fetch(const struct ctl_call *call, struct db_pool *pool, const char *ids,
			     const char *states, GError **error)
{
	const char *state = ctl_option(call, "state");
	const char *const values[] = {ids,
				      state != NULL ? state : states,
				      ctl_option(call, "process"),
				      ctl_option(call, "ref"),
				      ctl_option(call, "recipient"),
				      ctl_option(call, "domain"),
				      ctl_option(call, "held"),
				      ctl_option(call, "limit")};

	return db_rows_fetch(pool, &queue_list, values, error);
}

/* --- queue list --------------------------------------------------------------------- */

static const struct ctl_option list_options[] = {
    FILTERS,
    {"all", NULL, "what has ended too", NULL},
    {"limit", "N", "at most so many", "200"},
    {0},
};

static int run_list(struct ctl_call *call)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	g_autoptr(db_rows_t) rows =
	    pool == NULL ? NULL
			 : fetch(call, pool, NULL, ctl_flag(call, "all") ? ANY : WAITING, &error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (rows == NULL)
		return ctl_output_error(call, error);
	if (ctl_flag(call, "json")) {
		ctl_output_json_lines(rows, out);
	} else if (db_rows_count(rows) == 0) {
		g_string_append(out, "nothing in the queue fits\n");
	} else {
		g_autoptr(table_t) table =
		    ctl_output_table(rows, "id process state due_at held_at attempts recipient "
					   "business_ref? error? subject?");
		table_print(table, &style, out);
		ctl_view_say_limit(call, rows);
	}
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

const struct ctl_command ctl_queue_list = {
    .name = "queue list",
    .arguments = "",
    .summary = "list what waits in the delivery queue: state, when it is due, last error",
    .example = "queue list --domain customer.example",
    .options = list_options,
    .run = run_list,
};

const struct ctl_command ctl_queue_show = {
    .name = "queue show",
    .arguments = "COMMUNICATION",
    .summary = "show a communication in the queue: the same as \"show\"",
    .example = "queue show 4711",
    .run = ctl_show_run,
};

/* --- retry, hold, release, cancel ------------------------------------------------------ */

static const struct ctl_option change_options[] = {
    FILTERS,
    {"all", NULL, "all of them: an ID, a filter or this is needed", NULL},
    {"limit", "N", "at most so many", "1000000"},
    {0},
};

static bool is_chosen(const struct ctl_call *call)
{
	static const char *const filters[] = {"process", "state", "ref", "recipient",
					      "domain",  "held",  "all"};

	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
		if (ctl_option(call, filters[i]) != NULL)
			return true;
	return false;
}

/* What the filters choose. */
static GPtrArray *chosen_ids(const struct ctl_call *call, struct db_pool *pool, const char *states,
			     GError **error)
{
	g_autoptr(db_rows_t) rows = fetch(call, pool, NULL, states, error);

	if (rows == NULL)
		return NULL;
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		g_ptr_array_add(ids, g_strdup(db_rows_find(rows, row, "id")));
	return ids;
}

static int change(struct ctl_call *call, const char *states, const struct ctl_each *each)
{
	g_autoptr(GPtrArray) ids = ctl_each_ids(call);
	g_autoptr(GError) error = NULL;

	if (ids == NULL)
		return CTL_EXIT_USAGE;
	if (ids->len == 0 && ctl_argument(call, 1) == NULL && !is_chosen(call))
		return ctl_refuse(call->command, "which? An ID, a filter or --all");
	if (ids->len > 0 && is_chosen(call))
		return ctl_refuse(call->command, "either IDs or a filter");
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	if (pool != NULL && ctl_argument(call, 1) == NULL) {
		g_ptr_array_unref(ids);
		ids = chosen_ids(call, pool, states, &error);
	}
	if (pool == NULL || ids == NULL)
		return ctl_output_error(call, error);
	if (ids->len == 0) {
		fprintf(stderr, "bouncectl %s: nothing in the queue fits\n", call->command->name);
		return CTL_EXIT_FAULT;
	}
	return ctl_each_run(call, pool, ids, each);
}

static int run_retry(struct ctl_call *call)
{
	static const struct ctl_each each = {
	    .section = {.statement = &queue_retry, .sentence = "{id}: {outcome}"},
	    .binds = "1",
	    .outcome = &queue_outcome};

	return change(call, NOT_YET, &each);
}

const struct ctl_command ctl_queue_retry = {
    .name = "queue retry",
    .arguments = "[ID]...",
    .summary = "send again: what waits, at once; what has ended, to those who did not get it",
    .help =
	"What all recipients got is sent again only where it is named by its ID or by --state.\n"
	"Of each one is said what will be sent.\n",
    .example = "queue retry --domain customer.example --state ERROR",
    .options = change_options,
    .run = run_retry,
};

static int run_hold(struct ctl_call *call)
{
	static const struct ctl_each each = {
	    .section = {.statement = &queue_hold,
			.sentence = "{id} is held",
			.unless = "done",
			.otherwise = "{id} was held already, or has ended"},
	    .binds = "1"};

	return change(call, WAITING, &each);
}

const struct ctl_command ctl_queue_hold = {
    .name = "queue hold",
    .arguments = "[ID]...",
    .summary = "send nothing of it until it is released",
    .example = "queue hold --process newsletter",
    .options = change_options,
    .run = run_hold,
};

static int run_release(struct ctl_call *call)
{
	static const struct ctl_each each = {.section = {.statement = &queue_release,
							 .sentence = "{id} is released",
							 .unless = "done",
							 .otherwise = "{id} was not held"},
					     .binds = "1"};

	if (ctl_argument(call, 1) == NULL && is_chosen(call)) /* of many only those that are held */
		g_hash_table_insert(call->values, g_strdup("held"), g_strdup("true"));
	return change(call, WAITING, &each);
}

const struct ctl_command ctl_queue_release = {
    .name = "queue release",
    .arguments = "[ID]...",
    .summary = "end a hold",
    .example = "queue release --process newsletter",
    .options = change_options,
    .run = run_release,
};

static int run_cancel(struct ctl_call *call)
{
	static const struct ctl_each each = {
	    .section = {.statement = &queue_cancel,
			.sentence = "{id}: cancelled for {recipients|recipient|recipients}",
			.unless = "done",
			.otherwise = "{id}: nothing of it waits"},
	    .binds = "1"};

	return change(call, WAITING, &each);
}

const struct ctl_command ctl_queue_cancel = {
    .name = "queue cancel",
    .arguments = "[ID]...",
    .summary = "do not send what still waits; who got it, got it",
    .example = "queue cancel 4711",
    .options = change_options,
    .run = run_cancel,
};

/* --- figures ------------------------------------------------------------------------------ */

static const struct ctl_option status_options[] = {
    {"limit", "N", "at most so many domains", "20"},
    {0},
};

static const struct ctl_view status_view = {
    .binds = "limit",
    .sections = {{.name = "states",
		  .statement = &queue_states,
		  .columns = "state communications due? held? by_application? lease_expired? "
			     "oldest_at next_due_at"},
		 {.name = "processes",
		  .statement = &queue_processes,
		  .columns =
		      "process due scheduled held? processing? oldest_due_seconds? oldest_seconds?",
		  .empty = "no process"},
		 {.name = "domains",
		  .statement = &queue_domains,
		  .columns = "domain recipients due? next_due_at tries? response~",
		  .empty = "nothing waits"},
		 {.name = "servers",
		  .statement = &queue_servers,
		  .columns = "server works problem_since failures? probe_at? task_id? problem~",
		  .empty = "no server had a problem yet"}},
};

const struct ctl_command ctl_queue_status = {
    .name = "queue status",
    .arguments = "",
    .summary = "say how deep and how old the queue is, by state, process and domain",
    .example = "queue status --json",
    .options = status_options,
    .run = ctl_view_run,
    .view = &status_view,
};

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
	const char *label;      /* the column that says of what */
	const char *columns[5]; /* of several, each is a state; ended by NULL */
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
	    {"bounce_queue_oldest_due_seconds",
	     "since when the oldest is due",
	     "process",
	     {"oldest_due_seconds"}},
	    {"bounce_queue_oldest_seconds",
	     "age of the oldest that waits",
	     "process",
	     {"oldest_seconds"}},
	};
	static const struct figure domain = {
	    "bounce_queue_domain_recipients",
	    "recipients that wait, of the remote domains with most of them",
	    "domain",
	    {"recipients"}};

	for (size_t i = 0; i < G_N_ELEMENTS(figures); i++)
		add_figure(out, processes, &figures[i]);
	add_figure(out, domains, &domain);
	add_servers(out, servers);
}

static int run_metrics(struct ctl_call *call)
{
	static const char *const domains_max[] = {"50"}; /* a monitor keeps every label for ever */
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	g_autoptr(db_rows_t) processes =
	    pool == NULL ? NULL : db_rows_fetch(pool, &queue_processes, NULL, &error);
	g_autoptr(db_rows_t) domains =
	    processes == NULL ? NULL : db_rows_fetch(pool, &queue_domains, domains_max, &error);
	g_autoptr(db_rows_t) servers =
	    domains == NULL ? NULL : db_rows_fetch(pool, &queue_servers, NULL, &error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (servers == NULL)
		return ctl_output_error(call, error);
	if (ctl_flag(call, "json"))
		ctl_output_json_lines(processes, out);
	else
		add_metrics(out, processes, domains, servers);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

const struct ctl_command ctl_queue_metrics = {
    .name = "queue metrics",
    .arguments = "",
    .summary = "print depth and age of the queue for a monitor: Prometheus' text format",
    .help = "With --json one object for each process.\n",
    .example = "queue metrics > /var/lib/node_exporter/bounce.prom",
    .run = run_metrics,
};
