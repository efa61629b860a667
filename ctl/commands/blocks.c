/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl blocks, block, unblock.
 */
#include "ctl/commands/blocks.h"

#include <string.h>

#include "ctl/framework/view.h"
#include "db/operator_queries.h"

static const struct ctl_option list_options[] = {
    {"all", NULL, "lifted ones too", NULL},
    {"limit", "N", "at most so many", "200"},
    {0},
};

static const struct ctl_view list_view = {
    .binds = "1 all limit",
    .sections =
	{{.name = "blocks",
	  .statement = &people_blocks,
	  .columns =
	      "address reason blocked_at bounce_id lifted_at why? lifted_by? lift_why? blocked_by?",
	  .empty = "no address is blocked"}},
};

/* Of an address there is more to tell than that it is blocked. */
static const struct ctl_view story_view = {
    .binds = "1 all limit",
    .sections = {{.name = "blocks",
		  .statement = &people_blocks,
		  .columns =
		      "address reason blocked_at lifted_at blocked_by? lifted_by? lift_why? why?",
		  .empty = "this address is not blocked"},
		 {.name = "story",
		  .statement = &people_block_story,
		  .columns = "at event bounce_id? communication_id? actor? text~",
		  .empty = "and never was"}},
};

static int run_blocks(struct ctl_call *call)
{
	const char *text = ctl_argument(call, 1);
	bool is_address = text != NULL && strchr(text, '@') != NULL && text[0] != '@' &&
			  text[strlen(text) - 1] != '@';

	return ctl_view_show(call, is_address ? &story_view : &list_view);
}

const struct ctl_command ctl_blocks = {
    .name = "blocks",
    .arguments = "[TEXT]",
    .summary = "list the blocked addresses, or those that contain TEXT; why one is blocked",
    .help = "Of a whole address the story is told: the report, how it was judged and how far it\n"
	    "was trusted, the parameters in force then, who blocked and lifted.\n",
    .example = "blocks jane@customer.example",
    .options = list_options,
    .run = run_blocks,
};

static const struct ctl_option why_options[] = {
    {"why", "TEXT", "the reason, for those who ask later", NULL},
    {0},
};

static const struct ctl_view block_view = {
    .binds = "1 why",
    .sections = {{.name = "block",
		  .statement = &people_block,
		  .layout = CTL_SENTENCE,
		  .sentence = "{address} is blocked",
		  .unless = "newly_blocked",
		  .otherwise = "{address} was blocked already"}},
};

const struct ctl_command ctl_block = {
    .name = "block",
    .arguments = "ADDRESS --why TEXT",
    .summary = "block an address: nothing is sent there until the block is lifted",
    .example = "block jane@customer.example --why 'asked by phone'",
    .options = why_options,
    .run = ctl_view_run,
    .view = &block_view,
};

static const struct ctl_view unblock_view = {
    .binds = "1 why",
    .sections = {{.name = "block",
		  .statement = &people_unblock,
		  .layout = CTL_SENTENCE,
		  .sentence = "{address} is not blocked any more",
		  .unless = "was_blocked",
		  .otherwise = "{address} was not blocked"}},
};

const struct ctl_command ctl_unblock = {
    .name = "unblock",
    .arguments = "ADDRESS --why TEXT",
    .summary = "lift the block on an address",
    .example = "unblock jane@customer.example --why 'a mistake'",
    .options = why_options,
    .run = ctl_view_run,
    .view = &unblock_view,
};
