/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl blocks, block, unblock, reblock.
 */
#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
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
    .arguments = {{&ctl_value_type_text, CTL_OPTIONAL}},
    .summary = "list the blocked addresses, or those that contain TEXT; why one is blocked",
    .help = "For a whole address the story is told: the report, how it was judged and how far it\n"
	    "was trusted, the parameters in force then, who blocked and who lifted.\n",
    .example = "blocks jane@customer.example",
    .options = {list_options, common_options_limit_200},
    .run = run_blocks,
};

static const struct ctl_option block_options[] = {
    {.name = "until",
     .value = &ctl_value_type_future,
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
    {.name = "yes", .help = "do it, also where mails go out because of it"},
    {0},
};

static const struct ctl_view unblock_view = {
    .parameters = {"ADDRESS", "why", "process"},
    .sections = {{.name = "block",
		  .statement = &block_queries_unblock,
		  .layout = CTL_SENTENCE,
		  .sentence = "{address} is not blocked any more, {mails|mail|mails} sent",
		  .condition = "was_blocked",
		  .otherwise = "{address} was not blocked"}},
};

static const struct ctl_section waiting_mails = {
    .name = "mails",
    .columns = {CTL_COLUMN("communication_id"), CTL_COLUMN("process"), CTL_COLUMN("business_ref"),
		CTL_IF_ROOM("subject"), CTL_COLUMN("refused_at")},
};

static enum ctl_exit_code print_waiting_mails(struct ctl_call *call, const struct db_rows *rows)
{
	g_autofree char *closing = g_strdup_printf(
	    "\n%zu %s waited for this and would be sent.\n"
	    "Nothing was changed. Do it with --yes.\n",
	    db_rows_count(rows), db_rows_count(rows) == 1 ? "mail has" : "mails have");
	enum ctl_exit_code code = ctl_view_print(call, &waiting_mails, rows, closing);

	return code == CTL_EXIT_OK ? CTL_EXIT_FAULT : code;
}

/* What has gone out cannot be taken back: a lift that sends mails shows them first. */
static enum ctl_exit_code run_unblock(struct ctl_call *call)
{
	const char *const values[] = {ctl_call_argument(call, 1), ctl_call_option(call, "process")};
	g_autoptr(GError) error = NULL;

	if (ctl_call_has(call, "yes"))
		return ctl_view_show(call, &unblock_view);
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &block_queries_unblock_preview, values, &error);
	if (!rows)
		return ctl_error_message_print(call, error);
	return db_rows_count(rows) > 0 ? print_waiting_mails(call, rows)
				       : ctl_view_show(call, &unblock_view);
}

CTL_COMMAND(command_unblock) = {
    .name = "unblock",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&value_address, CTL_ONE}},
    .summary = "lift the blocks on an address",
    .help = "Mails that have waited only for that are sent: they are shown first, nothing is\n"
	    "done and the exit status is 1, unless there is --yes. \"reblock\" takes it back, as\n"
	    "long as they have not gone out.\n",
    .example = "unblock jane@customer.example --why 'a mistake'",
    .options = {unblock_options, common_options_why},
    .run = run_unblock,
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
