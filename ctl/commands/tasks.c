/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl tasks, task show | assign | postpone | note.
 */
#include "ctl/commands/tasks.h"

#include "ctl/framework/connect.h"
#include "ctl/framework/each.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "ctl/framework/view.h"
#include "db/operator_queries.h"

/* --- tasks --------------------------------------------------------------------- */

static const struct ctl_option list_options[] = {
    CTL_TASK_FILTERS,
    {"all", NULL, "closed ones too", NULL},
    {"sort", "ORDER", "by due, age, count or domain", "due"},
    {"by", "GROUP", "only count them, by domain, kind, reason, process or owner", NULL},
    {"ids", NULL, "only their ids, for \"task assign -\" and the like", NULL},
    {"limit", "N", "at most so many", "200"},
    {0},
};

static const struct ctl_view list_view = {
    .binds = CTL_TASK_BINDS,
    .sections = {{.name = "tasks",
		  .statement = &people_tasks,
		  .columns = "id kind count due_at owner? about reason correction? process? "
			     "business_ref? diagnosis?",
		  .empty = "no open task"}},
};

static const struct ctl_view groups_view = {
    .binds = CTL_TASK_BINDS " by",
    .sections = {{.name = "tasks",
		  .statement = &people_task_groups,
		  .columns = "label kinds? reasons? oldest_at? overdue? bounces? tasks%",
		  .empty = "no open task"}},
};

void ctl_tasks_settle(struct ctl_call *call)
{
	if (ctl_flag(call, "mine"))
		g_hash_table_insert(call->values, g_strdup("owner"), g_strdup(g_get_user_name()));
}

static int print_ids(struct ctl_call *call)
{
	g_autofree const char **values = ctl_view_bind(call, CTL_TASK_BINDS);
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	g_autoptr(db_rows_t) rows =
	    pool == NULL ? NULL : db_rows_fetch(pool, &people_tasks, values, &error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (rows == NULL)
		return ctl_output_error(call, error);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		g_string_append_printf(out, "%s\n", db_rows_find(rows, row, "id"));
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

static int run_tasks(struct ctl_call *call)
{
	ctl_tasks_settle(call);
	if (ctl_flag(call, "ids"))
		return print_ids(call);
	return ctl_view_show(call, ctl_option(call, "by") != NULL ? &groups_view : &list_view);
}

const struct ctl_command ctl_tasks = {
    .name = "tasks",
    .arguments = "",
    .summary = "list the open tasks, the one due first at the top",
    .help =
	"After a weekend, first see what there is (--by domain), then work through it: a whole\n"
	"domain or kind with \"task resolve\" and the same filters, the others one by one.\n",
    .example = "tasks --kind hard_bounce --process invoice",
    .options = list_options,
    .run = run_tasks,
};

/* --- task show ------------------------------------------------------------------ */

static const struct ctl_view show_view = {
    .binds = "1",
    .sections = {{.name = "task",
		  .statement = &people_task,
		  .layout = CTL_BLOCKS,
		  .empty = "there is no such task",
		  .is_required = true},
		 {.name = "ways", .statement = &people_task_ways, .columns = "command! meaning~"},
		 {.name = "mails",
		  .statement = &people_task_mails,
		  .columns = "communication_id address? state attempts? next_attempt_at? process? "
			     "business_ref? subject?"},
		 {.name = "held",
		  .statement = &people_task_held,
		  .columns = "held_at address reason communication_id? diagnostic~"},
		 {.name = "history",
		  .statement = &people_task_story,
		  .columns = "at actor? action text~"}},
};

const struct ctl_command ctl_task_show = {
    .name = "task show",
    .arguments = "ID",
    .summary = "show one task: what it is about, its mails, what is held, who did what",
    .example = "task show 17",
    .run = ctl_view_run,
    .view = &show_view,
};

/* --- task assign, postpone, note ---------------------------------------------------- */

static int run_each(struct ctl_call *call, const struct ctl_each *each)
{
	g_autoptr(GPtrArray) ids = ctl_each_ids(call);
	g_autoptr(GError) error = NULL;

	if (ids == NULL)
		return CTL_EXIT_USAGE;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	return pool == NULL ? ctl_output_error(call, error) : ctl_each_run(call, pool, ids, each);
}

static const struct ctl_option assign_options[] = {
    {"to", "TEXT", "the person", NULL},
    {"me", NULL, "to you, by the name of your account", NULL},
    {"nobody", NULL, "give it back", NULL},
    {"note", "TEXT", "why", NULL},
    {0},
};

static int run_assign(struct ctl_call *call)
{
	static const struct ctl_each to = {
	    .section = {.statement = &people_task_assign, .sentence = "task {id} is {owner}'s"},
	    .binds = "1 to note"};
	static const struct ctl_each nobody = {
	    .section = {.statement = &people_task_assign, .sentence = "task {id} is nobody's"},
	    .binds = "1 - note"};

	if ((ctl_option(call, "to") != NULL) + ctl_flag(call, "me") + ctl_flag(call, "nobody") != 1)
		return ctl_refuse(call->command, "to whom? --to NAME, --me or --nobody");
	if (ctl_flag(call, "me"))
		g_hash_table_insert(call->values, g_strdup("to"), g_strdup(g_get_user_name()));
	return run_each(call, ctl_flag(call, "nobody") ? &nobody : &to);
}

const struct ctl_command ctl_task_assign = {
    .name = "task assign",
    .arguments = "ID...",
    .summary = "give tasks to a person, or give them back",
    .example = "task assign 17 18 --to eva",
    .options = assign_options,
    .run = run_assign,
};

static const struct ctl_option postpone_options[] = {
    {"until", "WHEN", "3d, 2w, tomorrow, 2026-12-24, \"2026-12-24 09:00\"", NULL},
    {"note", "TEXT", "why", NULL},
    {0},
};

static int run_postpone(struct ctl_call *call)
{
	static const struct ctl_each each = {
	    .section = {.statement = &people_task_postpone,
			.sentence = "task {id} is due at {due_at}"},
	    .binds = "1 until note"};

	return run_each(call, &each);
}

const struct ctl_command ctl_task_postpone = {
    .name = "task postpone",
    .arguments = "ID... --until WHEN",
    .summary = "set the due date of tasks",
    .example = "task postpone 17 --until 3d",
    .options = postpone_options,
    .run = run_postpone,
};

static const struct ctl_view note_view = {
    .binds = "1 2",
    .sections = {{.name = "task",
		  .statement = &people_task_note,
		  .layout = CTL_SENTENCE,
		  .sentence = "task {id}: noted"}},
};

const struct ctl_command ctl_task_note = {
    .name = "task note",
    .arguments = "ID TEXT",
    .summary = "write a note into a task's history",
    .example = "task note 17 'they call back'",
    .run = ctl_view_run,
    .view = &note_view,
};
