/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl webhook list | retry: what the receiver of events has not taken.
 */
#include "ctl/framework/call.h"
#include "ctl/framework/command.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"

static const struct db_statement list_events = {
    "SELECT e.id, e.state, e.type, e.communication_id, e.attempts,"
    "  CASE WHEN isfinite(e.due_at) THEN e.due_at END AS due_at, e.task_id,"
    "  e.created_at, nullif(e.response, '') AS response "
    "FROM bounce.event AS e ORDER BY e.id LIMIT $1::integer",
    1};

static const struct db_statement events_to_retry = {
    "SELECT e.id, e.state, e.type, e.communication_id, e.attempts, e.created_at,"
    "  nullif(e.response, '') AS response "
    "FROM bounce.events_to_retry(event_id => $1::bigint) AS e ORDER BY e.id",
    1};

static const struct db_statement retry_events = {
    "SELECT r.events, r.events > 0 AS done "
    "FROM bounce.retry_events(event_id => $1::bigint) AS r (events)",
    1};

CTL_COMMAND(command_webhook_list) = {
    .name = "webhook list",
    .topic = TOPIC_QUEUE,
    .summary = "list the events that the webhook's receiver has not taken, the dead ones too",
    .example = "webhook list",
    .options = {common_options_limit_200},
    .view = {.parameters = {"limit"},
	     .sections = {{.name = "events",
			   .statement = &list_events,
			   .columns = {CTL_COLUMN("id"), CTL_COLUMN("state"), CTL_COLUMN("type"),
				       CTL_COLUMN("communication_id"), CTL_COLUMN("attempts"),
				       CTL_COLUMN("due_at"), CTL_IF_ROOM("task_id"),
				       CTL_IF_ROOM("created_at"), CTL_IF_ROOM("response")},
			   .empty = "no event waits"}}},
};

static const struct ctl_option retry_options[] = {
    {.name = "dry-run", .help = "only show which ones that would be"},
    {0},
};

static const struct ctl_view retry_preview = {
    .parameters = {"ID"},
    .sections = {{.name = "events",
		  .statement = &events_to_retry,
		  .columns = {CTL_COLUMN("id"), CTL_COLUMN("state"), CTL_COLUMN("type"),
			      CTL_COLUMN("communication_id"), CTL_COLUMN("attempts"),
			      CTL_IF_ROOM("created_at"), CTL_COLUMN("response")},
		  .empty = "no event is to be sent again"}},
};

static const struct ctl_view retry_view = {
    .parameters = {"ID"},
    .sections = {{.name = "events",
		  .statement = &retry_events,
		  .layout = CTL_SENTENCE,
		  .sentence = "{events|event is|events are} sent again",
		  .condition = "done",
		  .otherwise = "no event is to be sent again"}},
};

static enum ctl_exit_code run_retry(struct ctl_call *call)
{
	return ctl_view_show(call, ctl_call_has(call, "dry-run") ? &retry_preview : &retry_view);
}

CTL_COMMAND(command_webhook_retry) = {
    .name = "webhook retry",
    .topic = TOPIC_QUEUE,
    .arguments = {{&ctl_value_type_id, CTL_OPTIONAL}},
    .summary = "send now what was given up or waits for another attempt; or event ID alone",
    .help =
	"ID is that of \"webhook list\". What a receiver has taken cannot be taken back, so look\n"
	"first with --dry-run. When none is given up any more, the task about them is closed.\n",
    .example = "webhook retry --dry-run",
    .options = {retry_options},
    .run = run_retry,
};
