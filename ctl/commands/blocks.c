/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl blocks, block, unblock.
 */
#include <string.h>

#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/values.h"
#include "db/operator_queries.h"

static const struct ctl_option list_options[] = {
    {.name = "all", .help = "lifted ones too"},
    {0},
};

static const struct ctl_view list_view = {
    .parameters = {"TEXT", "all", "limit"},
    .sections = {{.name = "blocks",
		  .statement = &operator_queries_blocks,
		  .columns = {CTL_COLUMN("address"), CTL_COLUMN("reason"), CTL_COLUMN("blocked_at"),
			      CTL_COLUMN("bounce_id"), CTL_COLUMN("lifted_at"), CTL_IF_ROOM("why"),
			      CTL_IF_ROOM("lifted_by"), CTL_IF_ROOM("lift_why"),
			      CTL_IF_ROOM("blocked_by")},
		  .empty = "no address is blocked"}},
};

/* An address has a story, beside the fact that it is blocked. */
static const struct ctl_view story_view = {
    .parameters = {"TEXT", "all", "limit"},
    .sections = {{.name = "blocks",
		  .statement = &operator_queries_blocks,
		  .columns = {CTL_COLUMN("address"), CTL_COLUMN("reason"), CTL_COLUMN("blocked_at"),
			      CTL_COLUMN("lifted_at"), CTL_IF_ROOM("blocked_by"),
			      CTL_IF_ROOM("lifted_by"), CTL_IF_ROOM("lift_why"),
			      CTL_IF_ROOM("why")},
		  .empty = "this address is not blocked"},
		 {.name = "story",
		  .statement = &operator_queries_block_story,
		  .columns = {CTL_COLUMN("at"), CTL_COLUMN("event"), CTL_IF_ROOM("bounce_id"),
			      CTL_IF_ROOM("communication_id"), CTL_IF_ROOM("actor"),
			      CTL_WRAPPED("text")},
		  .empty = "and never was"}},
};

static enum ctl_exit_code run_blocks(struct ctl_call *call)
{
	const char *text = ctl_call_argument(call, 1);
	bool is_address =
	    text && strchr(text, '@') && text[0] != '@' && text[strlen(text) - 1] != '@';

	return ctl_view_show(call, is_address ? &story_view : &list_view);
}

CTL_COMMAND(command_blocks) = {
    .name = "blocks",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&ctl_value_text, CTL_OPTIONAL}},
    .summary = "list the blocked addresses, or those that contain TEXT; why one is blocked",
    .help = "For a whole address the story is told: the report, how it was judged and how far it\n"
	    "was trusted, the parameters in force then, who blocked and who lifted.\n",
    .example = "blocks jane@customer.example",
    .options = {list_options, common_options_limit_200},
    .run = run_blocks,
};

CTL_COMMAND(command_block) = {
    .name = "block",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&value_address, CTL_ONE}},
    .summary = "block an address: nothing is sent there until the block is lifted",
    .example = "block jane@customer.example --why 'asked by phone'",
    .options = {common_options_why},
    .view = {.parameters = {"ADDRESS", "why"},
	     .sections = {{.name = "block",
			   .statement = &operator_queries_block,
			   .layout = CTL_SENTENCE,
			   .sentence = "{address} is blocked",
			   .condition = "newly_blocked",
			   .otherwise = "{address} was blocked already"}}},
};

CTL_COMMAND(command_unblock) = {
    .name = "unblock",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&value_address, CTL_ONE}},
    .summary = "lift the block on an address",
    .example = "unblock jane@customer.example --why 'a mistake'",
    .options = {common_options_why},
    .view = {.parameters = {"ADDRESS", "why"},
	     .sections = {{.name = "block",
			   .statement = &operator_queries_unblock,
			   .layout = CTL_SENTENCE,
			   .sentence = "{address} is not blocked any more",
			   .condition = "was_blocked",
			   .otherwise = "{address} was not blocked"}}},
};
