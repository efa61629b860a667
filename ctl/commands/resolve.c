/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl task resolve: one task, several, or all that a filter chooses; the
 * last is shown first and done with --yes.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/commands/tasks.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/each.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "db/operator_queries.h"

static const struct ctl_option options[] = {
    {"address", "ADDRESS", "this is the right address: every mail of the task is sent there", NULL},
    {"suggested", NULL, "the suggested address is the right one", NULL},
    {"works", NULL, "the address works: lift its block, send its mails again", NULL},
    {"arrived", NULL, "of an unknown outcome: the mails did arrive", NULL},
    {"dead", NULL, "the address is dead: block it", NULL},
    {"outage", NULL, "an outage task: it was one; nothing is blocked, mails are sent again", NULL},
    {"no-outage", NULL, "an outage task: it was none; the held blocks are made", NULL},
    {"no-resend", NULL, "with --works or --outage: do not send anything again", NULL},
    {"note", "TEXT", "what is to be remembered; --works needs it", NULL},
    {"kind", "KIND", "instead of IDs: all open tasks of this kind", NULL},
    {"reason", "REASON", "of this reason", NULL},
    {"domain", "DOMAIN", "of this remote domain", NULL},
    {"process", "NAME", "of this process", NULL},
    {"owner", "NAME", "of this person; \"\" for those of nobody", NULL},
    {"mine", NULL, "yours, by the name of your account", NULL},
    {"text", "TEXT", "with this in address, diagnosis, subject, reference or note", NULL},
    {"limit", "N", "at most so many", "1000"},
    {"yes", NULL, "do it: without it what a filter chooses is only shown", NULL},
    {0},
};

#define WAY(option_name, statement_name, bind_list, words, meaning)                                \
	{                                                                                          \
		option_name, meaning,                                                              \
		{                                                                                  \
			.section =                                                                 \
			    {.statement = &statement_name,                                         \
			     .sentence = words,                                                    \
			     .empty = "no address was suggested, or there is no such open task"},  \
			.binds = bind_list                                                         \
		}                                                                                  \
	}

struct way {
	const char *option;
	const char *meaning; /* for the preview */
	struct ctl_each each;
};

/* Each way to resolve a task has an option, and a statement of its own; the first is the plain one.
 */
static const struct way ways[] = {
    WAY("", people_task_resolve, "1 note", "task {id} is done", "closed; nothing else happens"),
    WAY("address", people_task_corrected, "1 note address",
	"task {id} is done: {resent|mail is|mails are} sent again, to {address}",
	"closed; their mails are sent to that address"),
    WAY("suggested", people_task_suggested, "1 note",
	"task {id} is done: {resent|mail is|mails are} sent again, to {address}",
	"closed; their mails are sent to the address in CORRECTION"),
    WAY("works", people_task_unblocked, "1 note no-resend",
	"task {id} is done: the block is lifted, {resent|mail is|mails are} sent again",
	"closed; the blocks are lifted and the mails sent again"),
    WAY("dead", people_task_dead, "1 note", "task {id} is done: the address is blocked",
	"closed; the addresses are blocked"),
    WAY("arrived", people_task_arrived, "1 note",
	"task {id} is done: {arrived|mail counts|mails count} as arrived",
	"closed; their mails count as arrived"),
    WAY("outage", people_task_outage_dismiss, "1 note no-resend",
	"task {id} is done: nothing was blocked, {resent|mail is|mails are} sent again",
	"closed; nothing is blocked and the mails are sent again"),
    WAY("no-outage", people_task_outage_real, "1 note",
	"task {id} is done: {blocked|address is|addresses are} blocked",
	"closed; the held blocks are made"),
};

/* NULL, said, when there are two. */
static const struct way *chosen_way(const struct ctl_call *call)
{
	const struct way *way = &ways[0];

	for (size_t i = 1; i < G_N_ELEMENTS(ways); i++) {
		if (!ctl_flag(call, ways[i].option))
			continue;
		if (way != &ways[0]) {
			ctl_refuse(call->command, "one way only: --%s or --%s", way->option,
				   ways[i].option);
			return NULL;
		}
		way = &ways[i];
	}
	if (strcmp(way->option, "works") == 0 && ctl_option(call, "note") == NULL) {
		ctl_refuse(call->command, "--works needs a --note: how do you know?");
		return NULL;
	}
	return way;
}

/* --- what a filter chooses ------------------------------------------------------------ */

static bool is_filtered(const struct ctl_call *call)
{
	static const char *const filters[] = {"kind",  "reason", "domain", "process",
					      "owner", "mine",   "text"};

	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
		if (ctl_flag(call, filters[i]))
			return true;
	return false;
}

static struct db_rows *fetch(const struct ctl_call *call, struct db_pool *pool, GError **error)
{
	g_autofree const char **values =
	    ctl_view_bind(call, "owner kind - process - limit domain reason text - - - - -");

	return db_rows_fetch(pool, &people_tasks, values, error);
}

static int preview(const struct ctl_call *call, const struct db_rows *tasks, const struct way *way)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(table_t) table = ctl_output_table(
	    tasks, "id kind count about reason correction? process? owner? diagnosis?");
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl_flag(call, "json")) {
		ctl_output_json_lines(tasks, out);
	} else {
		table_print(table, &style, out);
		ctl_view_say_limit(call, tasks);
		g_string_append_printf(
		    out, "\n%zu tasks would be %s.\nNothing was changed. Do it with --yes.\n",
		    db_rows_count(tasks), way->meaning);
	}
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

static int resolve_filtered(struct ctl_call *call, struct db_pool *pool, const struct way *way)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) tasks = fetch(call, pool, &error);

	if (tasks == NULL)
		return ctl_output_error(call, error);
	if (db_rows_count(tasks) == 0) {
		fputs("bouncectl task resolve: no open task fits\n", stderr);
		return CTL_EXIT_FAULT;
	}
	if (!ctl_flag(call, "yes"))
		return preview(call, tasks, way);
	for (size_t row = 0; row < db_rows_count(tasks); row++)
		g_ptr_array_add(ids, (char *)db_rows_find(tasks, row, "id"));
	return ctl_each_run(call, pool, ids, &way->each);
}

/* --- the command ------------------------------------------------------------------------ */

static int run_resolve(struct ctl_call *call)
{
	const struct way *way = chosen_way(call);
	bool is_named = ctl_argument(call, 1) != NULL;
	g_autoptr(GError) error = NULL;

	if (way == NULL)
		return CTL_EXIT_USAGE;
	if (is_named == is_filtered(call))
		return ctl_refuse(call->command,
				  "which? IDs, or a filter: --domain DOMAIN, --kind KIND ...");
	ctl_tasks_settle(call);
	g_autoptr(GPtrArray) ids = ctl_each_ids(call);
	if (ids == NULL)
		return CTL_EXIT_USAGE;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	if (pool == NULL)
		return ctl_output_error(call, error);
	return is_named ? ctl_each_run(call, pool, ids, &way->each)
			: resolve_filtered(call, pool, way);
}

const struct ctl_command ctl_task_resolve = {
    .name = "task resolve",
    .arguments = "[ID]...",
    .summary = "close tasks, and do what follows",
    .help = "Without one of the ways below a task is closed and nothing else happens. IDs are\n"
	    "resolved at once; \"-\" reads them from standard input. What a filter (--kind,\n"
	    "--domain ...) chooses is shown first, and resolved with --yes, each in a transaction "
	    "of its own.\n",
    .example = "task resolve 17 --works --note 'phoned them'",
    .options = options,
    .run = run_resolve,
};
