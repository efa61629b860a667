/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl blocks, block, unblock, reblock.
 */
#include <string.h>

#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/values.h"
#include "db/people/block_queries.h"

static const struct ctl_option list_options[] = {
    {.name = "all", .help = "include lifted blocks"},
    {0},
};

#define BLOCK_COLUMNS                                                                              \
	CTL_COLUMN("address"), CTL_COLUMN("reason"), CTL_COLUMN("source"),                         \
	    CTL_IF_ROOM("only_process"), CTL_COLUMN("blocked_at"), CTL_COLUMN("expires_at"),       \
	    CTL_COLUMN("bounce_id"), CTL_COLUMN("lifted_at"), CTL_IF_ROOM("why"),                  \
	    CTL_IF_ROOM("lifted_by"), CTL_IF_ROOM("lift_why"), CTL_IF_ROOM("blocked_by")

static const struct ctl_view list_view = {
    .parameters = {"TEXT", "all", "limit"},
    .sections = {{.name = "blocks",
		  .statement = &block_queries_list,
		  .columns = {BLOCK_COLUMNS},
		  .empty = "no address is blocked"}},
};

/* An address has a story, beside the fact that it is blocked. */
static const struct ctl_view story_view = {
    .parameters = {"TEXT", "all", "limit"},
    .sections = {{.name = "blocks",
		  .statement = &block_queries_list,
		  .columns = {BLOCK_COLUMNS},
		  .empty = "this address is not blocked"},
		 {.name = "story",
		  .statement = &block_queries_story,
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

static const struct ctl_option block_options[] = {
    {.name = "until",
     .value = &ctl_value_future,
     .help = "the block ends by itself then: 3d, tomorrow, a date"},
    {.name = "process", .value = &value_process, .help = "for this process only"},
    {0},
};

CTL_COMMAND(command_block) = {
    .name = "block",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&value_address, CTL_ONE}},
    .summary = "block an address: nothing is sent there until the block is lifted or ends",
    .example = "block jane@customer.example --why 'asked by phone'",
    .options = {block_options, common_options_why},
    .view = {.parameters = {"ADDRESS", "why", "process", "until"},
	     .sections = {{.name = "block",
			   .statement = &block_queries_block,
			   .layout = CTL_SENTENCE,
			   .sentence = "{address} is blocked",
			   .condition = "newly_blocked",
			   .otherwise = "{address} was blocked already"}}},
};

static const struct ctl_option unblock_options[] = {
    {.name = "process", .value = &value_process, .help = "only the block for this process"},
    {0},
};

CTL_COMMAND(command_unblock) = {
    .name = "unblock",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&value_address, CTL_ONE}},
    .summary = "lift the blocks on an address",
    .help = "What waited only for that is sent. \"reblock\" takes it back.\n",
    .example = "unblock jane@customer.example --why 'a mistake'",
    .options = {unblock_options, common_options_why},
    .view = {.parameters = {"ADDRESS", "why", "process"},
	     .sections = {{.name = "block",
			   .statement = &block_queries_unblock,
			   .layout = CTL_SENTENCE,
			   .sentence = "{address} is not blocked any more",
			   .condition = "was_blocked",
			   .otherwise = "{address} was not blocked"}}},
};

CTL_COMMAND(command_reblock) = {
    .name = "reblock",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&value_address, CTL_ONE}},
    .summary = "block an address again as it was before it was unblocked",
    .help = "The blocks that were lifted last are there again, with their reason, source and\n"
	    "end. Mail that has gone out in between has.\n",
    .example = "reblock jane@customer.example --why 'it was another Jane'",
    .options = {common_options_why},
    .view = {.parameters = {"ADDRESS", "why"},
	     .sections = {{.name = "block",
			   .statement = &block_queries_reblock,
			   .layout = CTL_SENTENCE,
			   .sentence = "{address} is blocked as before",
			   .condition = "newly_blocked",
			   .otherwise = "{address}: no block was lifted that is not in force"}}},
};
