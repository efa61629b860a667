/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl queue list | show | retry | hold | release | cancel | status.
 */
#include <string.h>

#include "ctl/commands/show.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/each_id.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/queue_queries.h"
#include "db/values/pg_array.h"

/* Which states are meant where none is named. */
#define WAITING "{PENDING,PROCESSING,RETRY}"
#define NOT_YET "{PENDING,PROCESSING,RETRY,ERROR}"
#define ANY     "{PENDING,PROCESSING,RETRY,ERROR,SUCCESS}"

static const struct ctl_option filter_options[] = {
    {.name = "process", .value = &value_process, .help = "only this process"},
    {.name = "state", .value = &value_state, .help = "only this state"},
    {.name = "ref", .value = &ctl_value_type_text, .help = "only this business reference"},
    {.name = "recipient", .value = &value_address, .help = "only those to this address"},
    {.name = "domain", .value = &value_domain, .help = "only those to an address of this domain"},
    {.name = "held", .help = "only those that are held"},
    {0},
};

static struct db_rows *fetch_queue(struct ctl_call *call, const char *states, GError **error)
{
	const char *const state[] = {ctl_call_option(call, "state"), NULL};
	g_autofree char *only = state[0] ? pg_array_write(state) : NULL;
	const char *const values[] = {
	    [QUEUE_LIST_STATES] = only ? only : states,
	    [QUEUE_LIST_PROCESS] = ctl_call_option(call, "process"),
	    [QUEUE_LIST_BUSINESS_REF] = ctl_call_option(call, "ref"),
	    [QUEUE_LIST_RECIPIENT] = ctl_call_option(call, "recipient"),
	    [QUEUE_LIST_DOMAIN] = ctl_call_option(call, "domain"),
	    [QUEUE_LIST_HELD] = ctl_call_option(call, "held"),
	    [QUEUE_LIST_LIMIT] = ctl_call_option(call, "limit"),
	};

	return ctl_connect_fetch(call, &queue_list, values, error);
}

/* --- queue list --------------------------------------------------------------------- */

static const struct ctl_option list_options[] = {
    {.name = "all", .help = "what has ended too"},
    {0},
};

static enum ctl_exit_code run_queue_list(struct ctl_call *call)
{
	static const struct ctl_section section = {
	    .columns = {CTL_COLUMN("id"), CTL_COLUMN("process"), CTL_COLUMN("state"),
			CTL_COLUMN("due_at"), CTL_COLUMN("held_at"), CTL_COLUMN("attempts"),
			CTL_COLUMN("recipient"), CTL_IF_ROOM("business_ref"), CTL_IF_ROOM("error"),
			CTL_IF_ROOM("subject")},
	    .empty = "nothing in the queue fits"};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows =
	    fetch_queue(call, ctl_call_has(call, "all") ? ANY : WAITING, &error);

	return rows ? ctl_view_print(call, &section, rows, NULL)
		    : ctl_error_message_print(call, error);
}

CTL_COMMAND(command_queue_list) = {
    .name = "queue list",
    .topic = TOPIC_QUEUE,
    .summary = "list what waits in the delivery queue: state, when it is due, last error",
    .example = "queue list --domain customer.example",
    .options = {filter_options, list_options, common_options_limit_200},
    .run = run_queue_list,
};

CTL_COMMAND(command_queue_show) = {
    .name = "queue show",
    .topic = TOPIC_QUEUE,
    .arguments = {{&show_communication, CTL_ONE}},
    .summary = "show a communication in the queue: the same as \"show\"",
    .example = "queue show 4711",
    .run = show_run,
};

/* --- retry, hold, release, cancel ------------------------------------------------------ */

static const struct ctl_option change_options[] = {
    {.name = "all", .help = "all of them: a name, a filter or this is needed"},
    {.name = "limit",
     .value = &ctl_value_type_count,
     .help = "at most this many",
     .default_value = "1000000"},
    {0},
};

static bool is_chosen(const struct ctl_call *call)
{
	for (size_t i = 0; filter_options[i].name; i++)
		if (ctl_call_has(call, filter_options[i].name))
			return true;
	return ctl_call_has(call, "all");
}

/* Does what the command says with each. */
static enum ctl_exit_code change_ids(struct ctl_call *call, const GPtrArray *ids)
{
	if (ids->len > 0)
		return ctl_each_id_run(call, ids, &call->command->each);
	ctl_call_say(call, "nothing in the queue fits");
	return CTL_EXIT_FAULT;
}

static enum ctl_exit_code change_named(struct ctl_call *call)
{
	g_autoptr(GPtrArray) ids = ctl_each_id_list(call);

	return ids ? change_ids(call, ids) : CTL_EXIT_USAGE;
}

static enum ctl_exit_code change_chosen(struct ctl_call *call, const char *states)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = fetch_queue(call, states, &error);

	if (!rows)
		return ctl_error_message_print(call, error);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		g_ptr_array_add(ids, (char *)db_rows_find(rows, row, "id"));
	return change_ids(call, ids);
}

/* Changes the named communications, or those that the filters choose. */
static enum ctl_exit_code change(struct ctl_call *call, const char *states)
{
	bool is_named = ctl_call_argument(call, 1);

	if (!is_named && !is_chosen(call))
		return ctl_call_refuse(call, "which? A COMMUNICATION, a filter or --all");
	if (is_named && is_chosen(call))
		return ctl_call_refuse(call, "either names or a filter");
	return is_named ? change_named(call) : change_chosen(call, states);
}

static enum ctl_exit_code run_recipient_change(struct ctl_call *call)
{
	return change(call, WAITING);
}

static enum ctl_exit_code run_queue_retry(struct ctl_call *call)
{
	return change(call, NOT_YET);
}

/* Of many, only those that are held. */
static enum ctl_exit_code run_release(struct ctl_call *call)
{
	if (!ctl_call_argument(call, 1) && is_chosen(call))
		ctl_call_set(call, "held", "true");
	return change(call, WAITING);
}

static const struct ctl_option cancel_options[] = {
    {.name = "yes", .help = "do it; without this, only show whom it concerns"},
    {0},
};

/* Whom it means, before anything is done. */
static enum ctl_exit_code run_cancel(struct ctl_call *call)
{
	static const struct ctl_command preview = {
	    .name = "queue cancel",
	    .each = {.section = {.statement = &queue_whom,
				 .sentence = "{id}: would not be sent to {addresses} ({process} "
					     "{business_ref})",
				 .condition = "done",
				 .otherwise = "{id}: nothing of it waits",
				 .empty = "not in the queue"},
		     .parameters = {"COMMUNICATION"}}};
	const struct ctl_command *real = call->command;

	if (ctl_call_has(call, "yes"))
		return run_recipient_change(call);
	call->command = &preview;
	enum ctl_exit_code exit_code = run_recipient_change(call);
	call->command = real;
	if (exit_code == CTL_EXIT_OK && !ctl_call_has(call, "json"))
		ctl_call_say(call, "nothing was changed; do it with --yes");
	return exit_code;
}

CTL_COMMAND(command_queue_retry) = {
    .name = "queue retry",
    .topic = TOPIC_QUEUE,
    .arguments = {{&value_communication, CTL_ANY_NUMBER}},
    .summary = "send again: what waits, at once; what has ended, to those who did not get it",
    .help =
	"What all recipients got is sent again only where it is named itself or by --state.\n"
	"Of each one it is said what will be sent, or why nothing: a block, a hold, a pause.\n"
	"\n"
	"COMMUNICATION is its number, reference, token, Message-ID or envelope id. Where one fits\n"
	"several, they are shown and nothing is done. This and the following three take such\n"
	"names (\"-\": the numbers on standard input), or the filters of \"queue list\", or "
	"--all.\n"
	"Each communication is a transaction of its own: what is refused is said, and the others\n"
	"go on.\n",
    .example = "queue retry R-2026-4711",
    .options = {filter_options, change_options},
    .run = run_queue_retry,
    .each = {.section = {.statement = &queue_retry, .sentence = "{id}: {outcome}"},
	     .parameters = {"COMMUNICATION"},
	     .outcome = &queue_outcome},
};

CTL_COMMAND(command_queue_hold) = {
    .name = "queue hold",
    .topic = TOPIC_QUEUE,
    .arguments = {{&value_communication, CTL_ANY_NUMBER}},
    .summary = "send nothing of it until it is released",
    .example = "queue hold --process newsletter",
    .options = {filter_options, change_options},
    .run = run_recipient_change,
    .each = {.section = {.statement = &queue_hold,
			 .sentence = "{id} is held",
			 .condition = "done",
			 .otherwise = "{id} was held already, or has ended"},
	     .parameters = {"COMMUNICATION"}},
};

CTL_COMMAND(command_queue_release) = {
    .name = "queue release",
    .topic = TOPIC_QUEUE,
    .arguments = {{&value_communication, CTL_ANY_NUMBER}},
    .summary = "end a hold",
    .example = "queue release --process newsletter",
    .options = {filter_options, change_options},
    .run = run_release,
    .each = {.section = {.statement = &queue_release,
			 .sentence = "{id} is released",
			 .condition = "done",
			 .otherwise = "{id} was not held"},
	     .parameters = {"COMMUNICATION"}},
};

CTL_COMMAND(command_queue_cancel) = {
    .name = "queue cancel",
    .topic = TOPIC_QUEUE,
    .arguments = {{&value_communication, CTL_ANY_NUMBER}},
    .summary = "do not send what still waits; what was sent stays sent",
    .help = "It first shows whom it concerns; --yes does it, \"queue retry\" takes it back.\n",
    .example = "queue cancel 4711 --yes",
    .options = {filter_options, change_options, cancel_options},
    .run = run_cancel,
    .each = {.section = {.statement = &queue_cancel,
			 .sentence = "{id}: cancelled for {recipients|recipient|recipients}",
			 .condition = "done",
			 .otherwise = "{id}: nothing of it waits"},
	     .parameters = {"COMMUNICATION"}},
};

/* --- figures ------------------------------------------------------------------------------ */

static const struct ctl_option status_options[] = {
    {.name = "limit",
     .value = &ctl_value_type_count,
     .help = "show at most this many domains",
     .default_value = "20"},
    {0},
};

CTL_COMMAND(command_queue_status) = {
    .name = "queue status",
    .topic = TOPIC_QUEUE,
    .summary = "say how deep and how old the queue is, by state, process and domain",
    .help = "It also says whether the submission servers can be used.\n",
    .example = "queue status --json",
    .options = {status_options},
    .view =
	{.parameters = {"limit"},
	 .sections =
	     {{.name = "states",
	       .statement = &queue_states,
	       .columns = {CTL_COLUMN("state"), CTL_COLUMN("communications"), CTL_IF_ROOM("due"),
			   CTL_IF_ROOM("held"), CTL_IF_ROOM("lease_expired"),
			   CTL_COLUMN("oldest_at"), CTL_COLUMN("next_due_at")}},
	      {.name = "processes",
	       .statement = &queue_processes,
	       .columns = {CTL_COLUMN("process"), CTL_COLUMN("due"), CTL_COLUMN("scheduled"),
			   CTL_IF_ROOM("paused_at"), CTL_IF_ROOM("held"), CTL_IF_ROOM("processing"),
			   CTL_IF_ROOM("oldest_due_seconds"), CTL_IF_ROOM("oldest_seconds")},
	       .empty = "no process"},
	      {.name = "domains",
	       .statement = &queue_domains,
	       .columns = {CTL_COLUMN("domain"), CTL_COLUMN("recipients"), CTL_IF_ROOM("due"),
			   CTL_COLUMN("next_due_at"), CTL_IF_ROOM("tries"),
			   CTL_WRAPPED("response")},
	       .empty = "nothing waits"},
	      {.name = "servers",
	       .statement = &queue_servers,
	       .columns = {CTL_COLUMN("server"), CTL_COLUMN("works"), CTL_COLUMN("problem_since"),
			   CTL_IF_ROOM("failures"), CTL_IF_ROOM("probe_at"), CTL_IF_ROOM("task_id"),
			   CTL_WRAPPED("problem")},
	       .empty = "no server had a problem yet"}}},
};
