/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl show: what happened to a communication.
 */
#include "ctl/commands/show.h"

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/topics.h"
#include "db/people/operator_queries.h"

const struct ctl_value_type show_communication = {.name = "COMMUNICATION"};

static const struct ctl_view communication_view = {
    .parameters = {"COMMUNICATION"},
    .sections = {{.name = "communication",
		  .statement = &operator_queries_communication,
		  .layout = CTL_BLOCKS,
		  .empty = "there is no such communication",
		  .is_required = true},
		 {.name = "recipients",
		  .statement = &operator_queries_communication_recipients,
		  .columns = {CTL_COLUMN("address"), CTL_COLUMN("state"), CTL_COLUMN("attempts"),
			      CTL_COLUMN("class"), CTL_COLUMN("reason"), CTL_IF_ROOM("delivery"),
			      CTL_IF_ROOM("first_try_at"), CTL_IF_ROOM("last_try_at"),
			      CTL_IF_ROOM("due_at"), CTL_IF_ROOM("next_attempt_at"),
			      CTL_IF_ROOM("task_id"), CTL_IF_ROOM("is_blocked"),
			      CTL_IF_ROOM("return_date"), CTL_IF_ROOM("new_address"),
			      CTL_IF_ROOM("response"), CTL_IF_ROOM("diagnostic")}},
		 {.name = "story",
		  .statement = &operator_queries_communication_story,
		  .columns = {CTL_COLUMN("at"), CTL_COLUMN("event"), CTL_IF_ROOM("recipient"),
			      CTL_IF_ROOM("bounce_id"), CTL_IF_ROOM("actor"),
			      CTL_WRAPPED("text")}}},
};

static const struct ctl_section found_section = {
    .name = "communications",
    .columns = {CTL_COLUMN("id"), CTL_COLUMN("created_at"), CTL_IF_ROOM("since"),
		CTL_COLUMN("process"), CTL_COLUMN("business_ref"), CTL_COLUMN("status"),
		CTL_COLUMN("recipients"), CTL_IF_ROOM("subject"), CTL_IF_ROOM("matched"),
		CTL_IF_ROOM("envelope_id")}};

/* Where several have the name, all are listed: a number may be one's id and another's reference. */
static enum ctl_exit_code show_found(struct ctl_call *call, const struct db_rows *found)
{
	size_t count = db_rows_count(found);

	if (count == 0) {
		ctl_call_say(call, "no communication has this id, envelope id, Message-ID, "
				   "reference, token, address or queue id of a report; a report "
				   "that belongs to none: bouncectl bounces --queue-id");
		return CTL_EXIT_FAULT;
	}
	if (count > 1)
		return ctl_view_print(call, &found_section, found, NULL);
	ctl_call_set_argument(call, 1, db_rows_find(found, 0, "id"));
	return ctl_view_show(call, &communication_view);
}

enum ctl_exit_code show_run(struct ctl_call *call)
{
	const char *const what[] = {ctl_call_argument(call, 1)};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) found = ctl_connect_fetch(call, &operator_queries_find, what, &error);

	return found ? show_found(call, found) : ctl_error_message_print(call, error);
}

CTL_COMMAND(command_show) = {
    .name = "show",
    .topic = TOPIC_OVERVIEW,
    .arguments = {{&show_communication, CTL_ONE}},
    .summary = "show a communication's whole story: sent, bounced, sent again, who did what",
    .example = "show R-2026-4711",
    .help =
	"COMMUNICATION is an id, an envelope id, a Message-ID, a business reference, a token or\n"
	"return path, an address, or the queue id of a report about it in the MTA's log. Where\n"
	"several fit, they are listed, the newest first; the envelope id is that of one alone.\n",
    .run = show_run,
};
