/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl blocks import | export | imports | withdraw: blocks as a list in CSV. An import
 * shows first what it would do, and can be taken back whole.
 */
#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/block_queries.h"

/* --- import ------------------------------------------------------------------------- */

static const struct ctl_option import_options[] = {
    {.name = "apply", .help = "do it"},
    {.name = "why",
     .value = &ctl_value_type_text,
     .help = "the reason, for those who ask later; needed with --apply"},
    {0},
};

/* The file's text; NULL, said on stderr, when it cannot be read or is not UTF-8. Heap. */
static char *read_list(const struct ctl_call *call)
{
	const char *name = ctl_call_argument(call, 1);
	bool is_stdin = strcmp(name, "-") == 0;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	gsize length = 0;

	if (!g_file_get_contents(is_stdin ? "/dev/stdin" : name, &text, &length, &error)) {
		ctl_call_say(call, "%s", error->message);
		return NULL;
	}
	if (!g_utf8_validate_len(text, length, NULL)) {
		ctl_call_say(call, "%s is not UTF-8 text", name);
		return NULL;
	}
	return g_steal_pointer(&text);
}

static unsigned count_of(const struct db_rows *rows, const char *outcome)
{
	unsigned count = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *said = db_rows_find(rows, row, "outcome");

		count +=
		    said && g_str_has_prefix(said, outcome) && strcmp(said, "blocked already") != 0;
	}
	return count;
}

static enum ctl_exit_code print_import_preview(const struct ctl_call *call,
					       const struct db_rows *rows)
{
	static const struct ctl_section section = {
	    .columns = {CTL_COLUMN("line"), CTL_COLUMN("address"), CTL_COLUMN("outcome"),
			CTL_IF_ROOM("is_problem")}};
	unsigned wrong = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++)
		wrong += db_rows_is_true(rows, row, "is_problem");
	g_autofree char *closing = g_strdup_printf(
	    "%s%zu address%s: %u to block, %u wrong\n"
	    "Nothing was changed. %s\n",
	    db_rows_count(rows) > 0 ? "\n" : "", db_rows_count(rows),
	    db_rows_count(rows) == 1 ? "" : "es", count_of(rows, "blocked"), wrong,
	    wrong > 0 ? "Set right what is wrong first." : "Do it with --apply --why TEXT.");
	enum ctl_exit_code exit_code = ctl_view_print(call, &section, rows, closing);

	return exit_code == CTL_EXIT_OK && wrong > 0 ? CTL_EXIT_FAULT : exit_code;
}

static enum ctl_exit_code apply_block_list(struct ctl_call *call, const char *list)
{
	static const struct ctl_section section = {
	    .layout = CTL_SENTENCE,
	    .sentence = "import {import_id}: {blocked|address|addresses} blocked, "
			"{unchanged|line changes|lines change} nothing"};
	const char *const values[] = {list, ctl_call_option(call, "why")};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, &block_queries_import, values, &error);

	return rows ? ctl_view_print(call, &section, rows, NULL)
		    : ctl_error_message_print(call, error);
}

static enum ctl_exit_code run_import(struct ctl_call *call)
{
	if (ctl_call_has(call, "apply") && !ctl_call_has(call, "why"))
		return ctl_call_refuse(call, "--apply needs --why TEXT");
	g_autofree char *list = read_list(call);
	if (!list)
		return CTL_EXIT_FAULT;
	if (ctl_call_has(call, "apply"))
		return apply_block_list(call, list);
	const char *const values[] = {list};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, &block_queries_preview, values, &error);
	return rows ? print_import_preview(call, rows) : ctl_error_message_print(call, error);
}

CTL_COMMAND(command_blocks_import) = {
    .name = "blocks import",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&ctl_value_type_file, CTL_ONE}},
    .summary = "block the addresses of a list: show it first, then --apply",
    .help = "FILE is CSV, a record a line; \"-\" is standard input. Its first line names the\n"
	    "columns: address, and any of reason, why, source, process (blocked for this one\n"
	    "only) and expires_at; commas, semicolons or tabs are between them. Without --apply\n"
	    "nothing is changed, and the exit status is 1 when a line is wrong; with it, all of\n"
	    "the list is imported or nothing. \"blocks withdraw\" takes it back.\n",
    .example = "blocks import old-system.csv --apply --why 'from the old system'",
    .options = {import_options},
    .run = run_import,
};

CTL_COMMAND(command_blocks_imports) = {
    .name = "blocks imports",
    .topic = TOPIC_BLOCKS,
    .summary = "list the imports: who, when, how many, and how many are in force",
    .example = "blocks imports",
    .options = {common_options_limit_50},
    .view = {.parameters = {"limit"},
	     .sections = {{.name = "imports",
			   .statement = &block_queries_imports,
			   .columns = {CTL_COLUMN("id"), CTL_COLUMN("imported_at"),
				       CTL_COLUMN("imported_by"), CTL_COLUMN("blocked"),
				       CTL_COLUMN("in_force"), CTL_COLUMN("why"),
				       CTL_IF_ROOM("withdrawn_at"), CTL_IF_ROOM("withdraw_why")},
			   .empty = "nothing was imported yet"}}},
};

CTL_COMMAND(command_blocks_withdraw) = {
    .name = "blocks withdraw",
    .topic = TOPIC_BLOCKS,
    .arguments = {{&ctl_value_type_id, CTL_ONE}},
    .summary = "take an import back: what it blocked is lifted",
    .help = "The number is that of \"blocks imports\". What was lifted since stays lifted; blocks\n"
	    "that ended earlier, whose place it had taken, are there again.\n",
    .example = "blocks withdraw 3 --why 'the wrong list'",
    .options = {common_options_why},
    .view = {.parameters = {"ID", "why"},
	     .sections = {{.name = "import",
			   .statement = &block_queries_withdraw,
			   .layout = CTL_SENTENCE,
			   .sentence = "import {id} is withdrawn: {lifted|block|blocks} lifted, "
				       "{restored|block|blocks} restored"}}},
};

/* --- export ----------------------------------------------------------------------------- */

static const struct ctl_option export_options[] = {
    {.name = "process",
     .value = &value_process,
     .help = "only those that keep this process from writing"},
    {0},
};

static enum ctl_exit_code run_export(struct ctl_call *call)
{
	const char *const values[] = {ctl_call_option(call, "process")};
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, &block_queries_export, values, &error);

	if (!rows)
		return ctl_error_message_print(call, error);
	if (ctl_call_has(call, "json"))
		return ctl_view_print(call, &(const struct ctl_section){0}, rows, NULL);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		g_string_append_printf(out, "%s\n", db_rows_find(rows, row, "line"));
	return ctl_call_print(out);
}

CTL_COMMAND(command_blocks_export) = {
    .name = "blocks export",
    .topic = TOPIC_BLOCKS,
    .summary = "write the blocks in force as CSV, for \"blocks import\" and for others",
    .example = "blocks export > blocks.csv",
    .options = {export_options},
    .run = run_export,
};
