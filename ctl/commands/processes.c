/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl processes, process show | give | take: which application may use which process.
 * Giving and taking show first who gets it and who loses it; each takes the other back.
 */
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/queue_queries.h"

static const struct ctl_value_type value_application = {.name = "APPLICATION"};

CTL_COMMAND(command_processes) = {
    .name = "processes",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&ctl_value_type_text, CTL_OPTIONAL}},
    .summary = "list the processes, or those whose name contains TEXT, and whose they are",
    .example = "processes news",
    .view = {.parameters = {"TEXT"},
	     .sections = {{.name = "processes",
			   .statement = &queue_queries_processes,
			   .columns = {CTL_COLUMN("process"), CTL_COLUMN("applications"),
				       CTL_IF_ROOM("paused_at"), CTL_IF_ROOM("description")},
			   .empty = "no process"}}},
};

CTL_COMMAND(command_process_show) = {
    .name = "process show",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&value_process, CTL_ONE}},
    .summary = "show one process: whose it is, and who gave it to whom and took it away",
    .example = "process show invoice",
    .view = {.parameters = {"NAME"},
	     .sections = {{.name = "process",
			   .statement = &queue_queries_process,
			   .layout = CTL_BLOCKS,
			   .empty = "there is no such process",
			   .is_required = true},
			  {.name = "history", .statement = &queue_queries_process_history}}},
};

static const struct ctl_option apply_options[] = {
    {.name = "apply", .help = "do it"},
    {.name = "why",
     .value = &ctl_value_type_text,
     .help = "the reason, for those who ask later; needed with --apply"},
    {0},
};

static const struct ctl_section preview_section = {
    .columns = {CTL_COLUMN("role"), CTL_COLUMN("consequence")}};

static const char *const parameters[] = {"NAME", "APPLICATION", "why", NULL};

/* Only shows who gets the process and who loses it. */
static enum ctl_exit_code preview_process(struct ctl_call *call,
					  const struct db_statement *statement)
{
	const char *values[CTL_PARAMETERS_MAX] = {NULL};
	g_autoptr(GError) error = NULL;

	ctl_view_bind(call, parameters, values);
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, statement, values, &error);
	return rows ? ctl_view_print(call, &preview_section, rows,
				     "\nNothing was changed. Do it with --apply --why TEXT.\n")
		    : ctl_error_message_print(call, error);
}

static enum ctl_exit_code run_process_change(struct ctl_call *call,
					     const struct db_statement *statement,
					     const struct ctl_view *apply)
{
	if (!ctl_call_has(call, "apply"))
		return preview_process(call, statement);
	return ctl_call_has(call, "why") ? ctl_view_show(call, apply)
					 : ctl_call_refuse(call, "--apply needs --why TEXT");
}

static enum ctl_exit_code run_give(struct ctl_call *call)
{
	static const struct ctl_view apply = {
	    .parameters = {"NAME", "APPLICATION", "why"},
	    .sections = {{.name = "process",
			  .statement = &queue_queries_process_give,
			  .layout = CTL_SENTENCE,
			  .sentence = "{process} is for {application} now",
			  .condition = "done",
			  .otherwise = "{process} is for {application} already"}},
	};

	return run_process_change(call, &queue_queries_process_preview_give, &apply);
}

CTL_COMMAND(command_process_give) = {
    .name = "process give",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&value_process, CTL_ONE}, {&value_application, CTL_ONE}},
    .summary = "have an application use a process: show who gets and loses it, then --apply",
    .help = "APPLICATION is a role that is a member of bounce_application: it and its members\n"
	    "see the mails of the process, write them and sign their return paths. Others lose\n"
	    "it, unless it is given to them as well. \"process take\" takes it back.\n",
    .example = "process give invoice billing --apply --why 'billing sends them'",
    .options = {apply_options},
    .run = run_give,
};

static enum ctl_exit_code run_take(struct ctl_call *call)
{
	static const struct ctl_view apply = {
	    .parameters = {"NAME", "APPLICATION", "why"},
	    .sections = {{.name = "process",
			  .statement = &queue_queries_process_take,
			  .layout = CTL_SENTENCE,
			  .sentence = "{process} is not for {application} any more",
			  .condition = "done",
			  .otherwise = "{process} was not given to {application}"}},
	};

	return run_process_change(call, &queue_queries_process_preview_take, &apply);
}

CTL_COMMAND(command_process_take) = {
    .name = "process take",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&value_process, CTL_ONE}, {&value_application, CTL_ONE}},
    .summary = "take a process from an application: show who gets and loses it, then --apply",
    .help = "Taken from the last one, it is open to all again, unless the parameter\n"
	    "open_processes is off. \"process give\" takes it back.\n",
    .example = "process take invoice billing --apply --why 'replaced by erp'",
    .options = {apply_options},
    .run = run_take,
};
