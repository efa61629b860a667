/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl copies list | retry | forward | withdraw: letters that bounce-delivery sends to the
 * operator, or to whom the operator forwards them.
 */
#include "ctl/framework/command.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/queue_queries.h"

static const struct db_statement list_copies = {
    "SELECT c.bounce_id, c.state, c.address, c.attempts,"
    "  CASE c.state WHEN 'waiting' THEN c.due_at END AS due_at, c.sent_at, c.task_id,"
    "  c.created_at, c.is_uncertain, c.asked_by, c.why, nullif(c.response, '') AS response "
    "FROM bounce.operator_copy AS c WHERE $1::boolean OR c.state IN ('waiting', 'dead') "
    "ORDER BY c.id DESC LIMIT $2::integer",
    2};

static const struct db_statement retry_copies = {
    "SELECT bounce.retry_copies(bounce_id => $1::bigint) AS copies", 1};

static const struct ctl_option list_options[] = {
    {.name = "all", .help = "those that were sent, withdrawn or erased, too"},
    {0},
};

CTL_COMMAND(command_copies_list) = {
    .name = "copies list",
    .topic = TOPIC_QUEUE,
    .summary = "list the letters for the operator that no server has taken, newest first",
    .help =
	"There are some only while the parameter operator_copy is smtp. A copy is named by its\n"
	"bounce, the number in X-Bounce-Id. ASKED_BY: who sent it on to another person. Dead ones\n"
	"were given up. IS_UNCERTAIN: the answer to a try was lost, so the operator may have it\n"
	"already, or will have it twice, with the same Message-ID.\n",
    .example = "copies list",
    .options = {list_options, common_options_limit_200},
    .view = {.parameters = {"all", "limit"},
	     .sections = {{.name = "copies",
			   .statement = &list_copies,
			   .columns = {CTL_COLUMN("bounce_id"), CTL_COLUMN("state"),
				       CTL_COLUMN("address"), CTL_COLUMN("attempts"),
				       CTL_COLUMN("due_at"), CTL_IF_ROOM("sent_at"),
				       CTL_IF_ROOM("task_id"), CTL_IF_ROOM("created_at"),
				       CTL_IF_ROOM("is_uncertain"), CTL_IF_ROOM("asked_by"),
				       CTL_IF_ROOM("why"), CTL_COLUMN("response")},
			   .empty = "no letter waits"}}},
};

CTL_COMMAND(command_copies_retry) = {
    .name = "copies retry",
    .topic = TOPIC_QUEUE,
    .arguments = {{&ctl_value_type_id, CTL_OPTIONAL}},
    .summary = "send now what waits or were given up now; or bounce ID, even if it was sent",
    .help = "A copy that is sent again has the Message-ID that it had. When none is given up any\n"
	    "more, the task about them is closed.\n",
    .example = "copies retry",
    .view = {.parameters = {"ID"},
	     .sections = {{.name = "copies",
			   .statement = &retry_copies,
			   .layout = CTL_SENTENCE,
			   .sentence = "{copies} copies are sent again"}}},
};

static const struct ctl_option person_options[] = {
    {.name = "why",
     .value = &ctl_value_type_text,
     .help = "what is said to it, and found later in the story of the mail",
     .is_required = true},
    {0},
};

CTL_COMMAND(command_copies_forward) = {
    .name = "copies forward",
    .topic = TOPIC_QUEUE,
    .arguments = {{&ctl_value_type_id, CTL_ONE}, {&value_address, CTL_ONE}},
    .summary = "send the letter of bounce ID on to the person whom it concerns",
    .help = "The whole letter is attached to a mail that says who sends it and why. Its verdict\n"
	    "stays: \"reclassify\" sets that right. To the same address it goes once; \"copies\n"
	    "withdraw\" takes it back as long as no server has it.\n",
    .example = "copies forward 4711 anna@example.org --why 'a question for you'",
    .options = {person_options},
    .view = {.parameters = {"ID", "ADDRESS", "why"},
	     .sections = {{.name = "copies",
			   .statement = &queue_forward_letter,
			   .layout = CTL_SENTENCE,
			   .sentence = "bounce {bounce_id}: {consequence}"}}},
};

CTL_COMMAND(command_copies_withdraw) = {
    .name = "copies withdraw",
    .topic = TOPIC_QUEUE,
    .arguments = {{&ctl_value_type_id, CTL_ONE}, {&value_address, CTL_ONE}},
    .summary = "take back a letter that was sent on, as long as no server has it",
    .example = "copies withdraw 4711 anna@example.org --why 'not hers'",
    .options = {person_options},
    .view = {.parameters = {"ID", "ADDRESS", "why"},
	     .sections = {{.name = "copies",
			   .statement = &queue_withdraw_letter,
			   .layout = CTL_SENTENCE,
			   .sentence = "the letter of bounce {bounce_id} does not go to {address}",
			   .condition = "withdrawn",
			   .otherwise = "nothing waits to be sent on to {address}"}}},
};
