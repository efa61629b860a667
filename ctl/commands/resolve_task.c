/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl task resolve: one task, several, or all that a filter chooses. Whom it means and
 * what would become of each is shown first; it is done with --yes.
 */
#include <string.h>

#include "ctl/commands/tasks.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/each_id.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"
#include "db/values/pg_array.h"

/* --- the ways ----------------------------------------------------------------------- */

static const struct ctl_option options[] = {
    {.name = "address",
     .value = &value_address,
     .help = "this is the right address: every mail of the task is sent there"},
    {.name = "suggested", .help = "the suggested address is the right one"},
    {.name = "works", .help = "the address works: lift its block, send its mails again"},
    {.name = "arrived", .help = "the outcome was unknown: the mails did arrive"},
    {.name = "dead", .help = "the address is dead: block it"},
    {.name = "outage", .help = "it was an outage: nothing is blocked, mails are sent again"},
    {.name = "no-outage", .help = "it was no outage: the held blocks are made"},
    {.name = "no-resend", .help = "with --works or --outage: do not send again what came back"},
    {.name = "note",
     .value = &ctl_value_type_text,
     .help = "what is to be remembered; --works needs it"},
    {.name = "limit",
     .value = &ctl_value_type_count,
     .help = "at most this many",
     .default_value = "1000"},
    {.name = "yes",
     .help = "do it; without this, only show whom it concerns and what would be done"},
    {0},
};

#define NO_TASK "no address was suggested, or there is no such open task"

struct way {
	const char *option;
	const char *resolution; /* as bounce.preview_task() calls it */
	struct ctl_each_id each;
};

/* Each way to resolve a task has an option and a statement of its own; the first is the plain
 * one. */
static const struct way ways[] = {
    {.option = "",
     .resolution = "done",
     .each = {.section = {.statement = &operator_queries_task_resolve,
			  .sentence = "task {id} is done",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note"}}},
    {.option = "address",
     .resolution = "corrected",
     .each = {.section = {.statement = &operator_queries_task_corrected,
			  .sentence = "task {id} is done: {resent|mail is|mails are} sent again, "
				      "to {address}{waits}",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note", "address"}}},
    {.option = "suggested",
     .resolution = "suggested",
     .each = {.section = {.statement = &operator_queries_task_suggested,
			  .sentence = "task {id} is done: {resent|mail is|mails are} sent again, "
				      "to {address}{waits}",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note"}}},
    {.option = "works",
     .resolution = "unblocked",
     .each = {.section = {.statement = &operator_queries_task_unblocked,
			  .sentence = "task {id} is done: {block}{resent|mail is|mails are} sent "
				      "again{waits}",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note", "no-resend"}}},
    {.option = "dead",
     .resolution = "dead",
     .each = {.section = {.statement = &operator_queries_task_dead,
			  .sentence = "task {id} is done: {about} is blocked{scope}",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note"}}},
    {.option = "arrived",
     .resolution = "arrived",
     .each = {.section = {.statement = &operator_queries_task_arrived,
			  .sentence = "task {id} is done: {arrived|mail counts|mails count} as "
				      "arrived",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note"}}},
    {.option = "outage",
     .resolution = "dismissed",
     .each = {.section = {.statement = &operator_queries_task_outage_dismiss,
			  .sentence = "task {id} is done: nothing was blocked, "
				      "{undone|bounce|bounces} undone",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note", "no-resend"}}},
    {.option = "no-outage",
     .resolution = "confirmed",
     .each = {.section = {.statement = &operator_queries_task_outage_real,
			  .sentence = "task {id} is done: {blocked|address is|addresses are} "
				      "blocked",
			  .empty = NO_TASK},
	      .parameters = {"ID", "note"}}},
};

/* NULL, said, when there are two. */
static const struct way *chosen_way(const struct ctl_call *call)
{
	const struct way *way = &ways[0];

	for (size_t i = 1; i < G_N_ELEMENTS(ways); i++) {
		if (!ctl_call_has(call, ways[i].option))
			continue;
		if (way != &ways[0]) {
			ctl_call_refuse(call, "one way only: --%s or --%s", way->option,
					ways[i].option);
			return NULL;
		}
		way = &ways[i];
	}
	if (strcmp(way->option, "works") == 0 && !ctl_call_has(call, "note")) {
		ctl_call_refuse(call, "--works needs a --note: how do you know?");
		return NULL;
	}
	return way;
}

/* --- what a filter chooses ------------------------------------------------------------ */

static bool is_filtered(const struct ctl_call *call)
{
	for (size_t i = 0; tasks_filter_options[i].name; i++)
		if (ctl_call_has(call, tasks_filter_options[i].name))
			return true;
	return false;
}

static struct db_rows *fetch_task_ways(struct ctl_call *call, GError **error)
{
	const char *const values[TASKS_PARAMETERS] = {
	    [TASKS_OWNER] = ctl_call_option(call, "owner"),
	    [TASKS_KIND] = ctl_call_option(call, "kind"),
	    [TASKS_PROCESS] = ctl_call_option(call, "process"),
	    [TASKS_LIMIT] = ctl_call_option(call, "limit"),
	    [TASKS_DOMAIN] = ctl_call_option(call, "domain"),
	    [TASKS_REASON] = ctl_call_option(call, "reason"),
	    [TASKS_TEXT] = ctl_call_option(call, "text"),
	};

	return ctl_connect_fetch(call, &operator_queries_task_ids, values, error);
}

/* --- showing it first ------------------------------------------------------------------ */

static struct db_rows *fetch_preview(struct ctl_call *call, const GPtrArray *ids,
				     const struct way *way, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (guint i = 0; i < ids->len; i++)
		g_ptr_array_add(list, ids->pdata[i]);
	g_ptr_array_add(list, NULL);
	g_autofree char *array = pg_array_write((const char *const *)list->pdata);
	const char *const values[] = {array, way->resolution, ctl_call_option(call, "note"),
				      ctl_call_option(call, "address"),
				      ctl_call_option(call, "no-resend")};

	return ctl_connect_fetch(call, &operator_queries_task_preview, values, error);
}

static char *preview_closing(const struct db_rows *rows)
{
	size_t possible = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++)
		possible += db_rows_is_true(rows, row, "is_possible");
	size_t refused = db_rows_count(rows) - possible;
	g_autofree char *others =
	    refused > 0 ? g_strdup_printf(", %zu would be refused", refused) : g_strdup("");
	return g_strdup_printf("\n%zu of %zu would be resolved%s.\nNothing was changed.%s\n",
			       possible, db_rows_count(rows), others,
			       possible > 0 ? " Do it with --yes." : "");
}

static enum ctl_exit_code preview_resolution(struct ctl_call *call, const GPtrArray *ids,
					     const struct way *way)
{
	static const struct ctl_section section = {
	    .columns = {CTL_COLUMN("id"), CTL_COLUMN("about"), CTL_IF_ROOM("reason"),
			CTL_IF_ROOM("business_ref"), CTL_IF_ROOM("process"),
			CTL_COLUMN("is_possible"), CTL_WRAPPED("outcome")}};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = fetch_preview(call, ids, way, &error);

	if (!rows)
		return ctl_error_message_print(call, error);
	g_autofree char *closing = preview_closing(rows);
	return ctl_view_print(call, &section, rows, closing);
}

static enum ctl_exit_code resolve_tasks(struct ctl_call *call, const GPtrArray *ids,
					const struct way *way)
{
	return ctl_call_has(call, "yes") ? ctl_each_id_run(call, ids, &way->each)
					 : preview_resolution(call, ids, way);
}

static enum ctl_exit_code resolve_named(struct ctl_call *call, const struct way *way)
{
	g_autoptr(GPtrArray) ids = ctl_each_id_list(call);

	return ids ? resolve_tasks(call, ids, way) : CTL_EXIT_USAGE;
}

static enum ctl_exit_code resolve_filtered(struct ctl_call *call, const struct way *way)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) tasks = fetch_task_ways(call, &error);

	if (!tasks)
		return ctl_error_message_print(call, error);
	if (db_rows_count(tasks) == 0) {
		ctl_call_say(call, "no open task fits");
		return CTL_EXIT_FAULT;
	}
	for (size_t row = 0; row < db_rows_count(tasks); row++)
		g_ptr_array_add(ids, (char *)db_rows_find(tasks, row, "id"));
	return resolve_tasks(call, ids, way);
}

/* --- the command ------------------------------------------------------------------------ */

static enum ctl_exit_code run_resolve(struct ctl_call *call)
{
	const struct way *way = chosen_way(call);
	bool is_named = ctl_call_argument(call, 1);

	if (!way)
		return CTL_EXIT_USAGE;
	if (is_named == is_filtered(call))
		return ctl_call_refuse(call,
				       "which? IDs, or a filter: --domain DOMAIN, --kind KIND ...");
	tasks_resolve_mine(call);
	return is_named ? resolve_named(call, way) : resolve_filtered(call, way);
}

CTL_COMMAND(command_task_resolve) = {
    .name = "task resolve",
    .topic = TOPIC_TASKS,
    .arguments = {{&value_task, CTL_ANY_NUMBER}},
    .summary = "close tasks, and do what follows",
    .help =
	"Without one of the ways below a task is closed and nothing else happens. \"-\" reads\n"
	"the IDs from standard input; a filter (--kind, --domain ...) chooses them. Whom it\n"
	"means, and what would become of each, is shown first; --yes does it. It can be taken\n"
	"back with \"task reopen\".\n"
	"\n"
	"Each task is a transaction of its own: what is refused is said, the others go on, and\n"
	"the exit status is 1.\n",
    .example = "task resolve 17 --works --note 'phoned them' --yes",
    .options = {options, tasks_filter_options},
    .run = run_resolve,
};
