/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl webhook list | retry: what the receiver of events has not taken.
 */
#include "ctl/framework/command.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"

static const struct db_statement list_events = {
    "SELECT e.id, e.state, e.type, e.communication_id, e.attempts, e.due_at,"
    "  e.task_id, e.created_at, nullif(e.response, '') AS response "
    "FROM bounce.event AS e ORDER BY e.id LIMIT $1::integer",
    1};

static const struct db_statement retry_events = {"SELECT bounce.retry_events() AS events", 0};

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

CTL_COMMAND(command_webhook_retry) = {
    .name = "webhook retry",
    .topic = TOPIC_QUEUE,
    .summary = "send again the events that were given up, and close the task about them",
    .example = "webhook retry",
    .view = {.sections = {{.name = "events",
			   .statement = &retry_events,
			   .layout = CTL_SENTENCE,
			   .sentence = "{events} events are sent again"}}},
};
