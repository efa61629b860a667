/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl tasks, task show | assign | postpone | note. "task resolve" is in
 * resolve_task.c.
 */
#include "ctl/commands/tasks.h"

#include "ctl/framework/connect.h"
#include "ctl/framework/each_id.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"

/* --- tasks --------------------------------------------------------------------- */

const struct ctl_option tasks_filter_options[] = {
    {.name = "kind", .value = &value_task_kind, .help = "only this kind"},
    {.name = "reason", .value = &value_task_reason, .help = "only this reason"},
    {.name = "domain", .value = &value_domain, .help = "only this remote domain"},
    {.name = "process", .value = &value_process, .help = "only this process"},
    {.name = "owner",
     .value = &ctl_value_type_name,
     .help = "only those of this person; \"\" for those of nobody"},
    {.name = "mine", .help = "only yours, by the name of your account"},
    {.name = "text",
     .value = &ctl_value_type_text,
     .help = "only those with this in address, diagnosis, subject, reference or note"},
    {0},
};

static const char *const orders[] = {"due", "age", "count", "domain", NULL};
static const char *const groups[] = {"domain", "kind", "reason", "process", "owner", NULL};

static const struct ctl_option list_options[] = {
    {.name = "address",
     .value = &ctl_value_type_text,
     .help = "only those whose address or domain contains this"},
    {.name = "overdue", .help = "only those past their due date"},
    {.name = "due",
     .value = &ctl_value_type_future,
     .help = "only those due before then: 3d, tomorrow, a date"},
    {.name = "since",
     .value = &ctl_value_type_past,
     .help = "only those made from then on: 24h, 7d, a date"},
    {.name = "until", .value = &ctl_value_type_past, .help = "only those made before then"},
    {.name = "all", .help = "include closed tasks"},
    {.name = "sort",
     .value = &(const struct ctl_value_type){.name = "ORDER",
					     .kind = CTL_VALUE_TYPE_WORD,
					     .words = orders},
     .help = "the order",
     .default_value = "due"},
    {.name = "by",
     .value = &(const struct ctl_value_type){.name = "GROUP",
					     .kind = CTL_VALUE_TYPE_WORD,
					     .words = groups},
     .help = "only count them by this"},
    {.name = "ids", .help = "only their ids, for \"task assign -\" and the like"},
    {0},
};

static const struct ctl_view list_view = {
    .parameters = {[TASKS_OWNER] = "owner",
		   [TASKS_KIND] = "kind",
		   [TASKS_ADDRESS] = "address",
		   [TASKS_PROCESS] = "process",
		   [TASKS_CLOSED] = "all",
		   [TASKS_LIMIT] = "limit",
		   [TASKS_DOMAIN] = "domain",
		   [TASKS_REASON] = "reason",
		   [TASKS_TEXT] = "text",
		   [TASKS_OVERDUE] = "overdue",
		   [TASKS_DUE_BEFORE] = "due",
		   [TASKS_MADE_SINCE] = "since",
		   [TASKS_MADE_BEFORE] = "until",
		   [TASKS_ORDER] = "sort",
		   [TASKS_GROUP] = "by"},
    .sections = {{.name = "tasks",
		  .statement = &operator_queries_tasks,
		  .columns = {CTL_COLUMN("id"), CTL_COLUMN("about"), CTL_COLUMN("kind"),
			      CTL_COLUMN("reason"), CTL_IF_ROOM("count"), CTL_COLUMN("since"),
			      CTL_IF_ROOM("why"), CTL_IF_ROOM("correction"),
			      CTL_IF_ROOM("new_address"), CTL_IF_ROOM("what_next"),
			      CTL_IF_ROOM("business_ref"), CTL_IF_ROOM("process"),
			      CTL_IF_ROOM("due_at"), CTL_IF_ROOM("owner")},
		  .empty = "no open task"}},
};

static const struct ctl_section groups_section = {
    .name = "tasks",
    .statement = &operator_queries_task_groups,
    .columns = {CTL_COLUMN("label"), CTL_IF_ROOM("kinds"), CTL_IF_ROOM("reasons"),
		CTL_IF_ROOM("oldest_at"), CTL_IF_ROOM("overdue"), CTL_IF_ROOM("bounces"),
		CTL_BAR("tasks")},
    .empty = "no open task",
};

void tasks_resolve_mine(struct ctl_call *call)
{
	if (ctl_call_has(call, "mine"))
		ctl_call_set(call, "owner", g_get_user_name());
}

static enum ctl_exit_code print_ids(struct ctl_call *call)
{
	const char *values[CTL_PARAMETERS_MAX] = {NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);

	ctl_view_bind(call, list_view.parameters, values);
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &operator_queries_task_ids, values, &error);
	if (!rows)
		return ctl_error_message_print(call, error);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		g_string_append_printf(out, "%s\n", db_rows_find(rows, row, "id"));
	return ctl_call_print(out);
}

static enum ctl_exit_code run_tasks(struct ctl_call *call)
{
	struct ctl_view view = list_view;

	tasks_resolve_mine(call);
	if (ctl_call_has(call, "ids"))
		return print_ids(call);
	if (ctl_call_has(call, "by"))
		view.sections[0] = groups_section;
	return ctl_view_show(call, &view);
}

CTL_COMMAND(command_tasks) = {
    .name = "tasks",
    .topic = TOPIC_TASKS,
    .summary = "list the open tasks, the most urgent at the top",
    .help =
	"After a weekend, first see what there is (--by domain), then work through it: a whole\n"
	"domain or kind with \"task resolve\" and the same filters, the others one by one.\n",
    .example = "tasks --kind hard_bounce --process invoice",
    .options = {tasks_filter_options, list_options, common_options_limit_200},
    .run = run_tasks,
};

/* --- task show ------------------------------------------------------------------ */

CTL_COMMAND(command_task_show) = {
    .name = "task show",
    .topic = TOPIC_TASKS,
    .arguments = {{&value_task, CTL_ONE}},
    .summary = "show one task: what it is about, its mails, what is held, who did what",
    .help = "The diagnosis is told in words, with the correction offered for a typing error and\n"
	    "the ways to resolve the task.\n",
    .example = "task show 17",
    .view = {.parameters = {"ID"},
	     .sections =
		 {{.name = "task",
		   .statement = &operator_queries_task,
		   .layout = CTL_BLOCKS,
		   .empty = "there is no such task",
		   .is_required = true},
		  {.name = "ways",
		   .statement = &operator_queries_task_ways,
		   .columns = {CTL_WHOLE("command"), CTL_WRAPPED("meaning")},
		   .empty = "none for this account: an operator decides on outages and paused "
			    "processes; \"task reopen\" opens a closed task"},
		  {.name = "mails",
		   .statement = &operator_queries_task_mails,
		   .columns = {CTL_COLUMN("communication_id"), CTL_IF_ROOM("address"),
			       CTL_COLUMN("state"), CTL_IF_ROOM("attempts"),
			       CTL_IF_ROOM("next_attempt_at"), CTL_IF_ROOM("process"),
			       CTL_IF_ROOM("business_ref"), CTL_IF_ROOM("subject")}},
		  {.name = "held",
		   .statement = &operator_queries_task_held,
		   .columns = {CTL_COLUMN("held_at"), CTL_COLUMN("address"), CTL_COLUMN("reason"),
			       CTL_IF_ROOM("communication_id"), CTL_WRAPPED("diagnostic")}},
		  {.name = "history",
		   .statement = &operator_queries_task_story,
		   .columns = {CTL_COLUMN("at"), CTL_IF_ROOM("actor"), CTL_COLUMN("action"),
			       CTL_WRAPPED("text")}}}},
};

/* --- task assign, postpone, note ---------------------------------------------------- */

static const struct ctl_option assign_options[] = {
    {.name = "to", .value = &ctl_value_type_text, .help = "the person"},
    {.name = "me", .help = "to you, by the name of your account"},
    {.name = "nobody", .help = "give it back"},
    {.name = "note", .value = &ctl_value_type_text, .help = "why"},
    {0},
};

static enum ctl_exit_code run_assign(struct ctl_call *call)
{
	static const struct ctl_each_id to = {
	    .section = {.statement = &operator_queries_task_assign,
			.sentence = "task {id} is {owner}'s"},
	    .parameters = {"ID", "to", "note"}};
	static const struct ctl_each_id nobody = {
	    .section = {.statement = &operator_queries_task_assign,
			.sentence = "task {id} is nobody's"},
	    .parameters = {"ID", "to", "note"}};

	if (ctl_call_has(call, "to") + ctl_call_has(call, "me") + ctl_call_has(call, "nobody") != 1)
		return ctl_call_refuse(call, "to whom? --to NAME, --me or --nobody");
	if (ctl_call_has(call, "me"))
		ctl_call_set(call, "to", g_get_user_name());
	return ctl_each_id_run_all(call, ctl_call_has(call, "nobody") ? &nobody : &to);
}

CTL_COMMAND(command_task_assign) = {
    .name = "task assign",
    .topic = TOPIC_TASKS,
    .arguments = {{&value_task, CTL_ONE_OR_MORE}},
    .summary = "give tasks to a person, or give them back",
    .help = "\"-\" as ID stands for the ids on standard input, here and with the commands below.\n",
    .example = "task assign 17 18 --to eva",
    .options = {assign_options},
    .run = run_assign,
};

static const struct ctl_option postpone_options[] = {
    {.name = "until",
     .value = &ctl_value_type_future,
     .help = "3d, 2w, tomorrow, 2026-12-24, \"2026-12-24 09:00\"",
     .is_required = true},
    {.name = "note", .value = &ctl_value_type_text, .help = "why"},
    {0},
};

CTL_COMMAND(command_task_postpone) = {
    .name = "task postpone",
    .topic = TOPIC_TASKS,
    .arguments = {{&value_task, CTL_ONE_OR_MORE}},
    .summary = "set the due date of tasks",
    .example = "task postpone 17 --until 3d",
    .options = {postpone_options},
    .each = {.section = {.statement = &operator_queries_task_postpone,
			 .sentence = "task {id} is due at {due_at}"},
	     .parameters = {"ID", "until", "note"}},
};

CTL_COMMAND(command_task_note) = {
    .name = "task note",
    .topic = TOPIC_TASKS,
    .arguments = {{&value_task, CTL_ONE}, {&ctl_value_type_text, CTL_ONE}},
    .summary = "write a note into a task's history",
    .example = "task note 17 'they call back'",
    .view = {.parameters = {"ID", "TEXT"},
	     .sections = {{.name = "task",
			   .statement = &operator_queries_task_note,
			   .layout = CTL_SENTENCE,
			   .sentence = "task {id}: noted"}}},
};
