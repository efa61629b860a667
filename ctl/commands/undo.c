/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl undo: takes back what followed from many bounces, in one
 * transaction; without --apply it only shows what would be.
 */
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"

static const struct ctl_option options[] = {
    {.name = "domain", .value = &value_domain, .help = "only to this domain"},
    {.name = "rule",
     .value = &(const struct ctl_value_type){.name = "RULE"},
     .help = "only those this rule decided"},
    {.name = "diagnostic",
     .value = &ctl_value_type_text,
     .help = "only those whose diagnostic contains this"},
    {.name = "apply", .help = "do it"},
    {.name = "why",
     .value = &ctl_value_type_text,
     .help = "the reason, for those who ask later; needed with --apply"},
    {.name = "no-resend", .help = "do not send again what came back"},
    {.name = "list", .help = "show what was undone, and when"},
    {.name = "take-back",
     .value = &ctl_value_type_id,
     .help = "all is as before the undo of this number; needs --why"},
    {0},
};

/* The preview takes the first five parameters. */
static const struct ctl_view apply_view = {
    .parameters = {"since", "until", "domain", "rule", "diagnostic", "why", "no-resend"},
    .sections = {{.name = "undo",
		  .statement = &operator_queries_undo,
		  .layout = CTL_SENTENCE,
		  .sentence = "undone ({undo_id}): {bounces|bounce|bounces}, {blocks|block|blocks} "
			      "lifted, {tasks|task|tasks} "
			      "closed, {requeued|mail|mails} sent again",
		  .condition = "is_done",
		  .otherwise = "nothing is left to undo"}},
};

static const struct ctl_view list_view = {
    .parameters = {"limit"},
    .sections = {{.name = "undos",
		  .statement = &operator_queries_undo_list,
		  .columns = {CTL_COLUMN("id"), CTL_COLUMN("at"), CTL_COLUMN("actor"),
			      CTL_COLUMN("bounces"), CTL_COLUMN("why"),
			      CTL_IF_ROOM("taken_back_at"), CTL_IF_ROOM("taken_back_why")},
		  .empty = "nothing was undone yet"}},
};

static const struct ctl_view take_back_view = {
    .parameters = {"take-back", "why"},
    .sections = {{.name = "undo",
		  .statement = &operator_queries_redo,
		  .layout = CTL_SENTENCE,
		  .sentence = "undo {undo_id} is taken back: {blocks|block|blocks}, "
			      "{tasks|task|tasks} and {restored|mail|mails} as before, "
			      "{sent|mail|mails} sent since"}},
};

static guint64 sum_of(const struct db_rows *rows, const char *column)
{
	guint64 sum = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++)
		sum += g_ascii_strtoull(db_rows_find(rows, row, column), NULL, 10);
	return sum;
}

static unsigned count_where(const struct db_rows *rows, const char *column)
{
	unsigned count = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *value = db_rows_find(rows, row, column);

		count += value && g_strcmp0(value, "false") != 0;
	}
	return count;
}

static enum ctl_exit_code print_undo_preview(const struct ctl_call *call,
					     const struct db_rows *rows)
{
	static const struct ctl_section section = {
	    .columns = {CTL_COLUMN("bounce_id"), CTL_COLUMN("received_at"), CTL_COLUMN("recipient"),
			CTL_COLUMN("reason"), CTL_IF_ROOM("rule"), CTL_COLUMN("lifts_block"),
			CTL_COLUMN("closes_task"), CTL_COLUMN("requeues"), CTL_IF_ROOM("kept_back"),
			CTL_IF_ROOM("diagnostic")}};
	guint64 sent = ctl_call_has(call, "no-resend") ? 0 : count_where(rows, "requeues");
	g_autofree char *closing = g_strdup_printf(
	    "%s%zu bounces: %u blocks to lift, %u with a task to close, %" G_GUINT64_FORMAT
	    " mails to send again\n"
	    "Nothing was changed. Do it with --apply --why TEXT.\n",
	    db_rows_count(rows) > 0 ? "\n" : "", db_rows_count(rows),
	    count_where(rows, "lifts_block"), count_where(rows, "closes_task"),
	    sent + sum_of(rows, "kept_back"));

	return ctl_view_print(call, &section, rows, closing);
}

static enum ctl_exit_code preview_undo(struct ctl_call *call)
{
	const char *values[CTL_PARAMETERS_MAX] = {NULL};
	g_autoptr(GError) error = NULL;

	ctl_view_bind(call, apply_view.parameters, values);
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &operator_queries_undo_preview, values, &error);
	return rows ? print_undo_preview(call, rows) : ctl_error_message_print(call, error);
}

static enum ctl_exit_code run_undo(struct ctl_call *call)
{
	if (ctl_call_has(call, "list"))
		return ctl_view_show(call, &list_view);
	if (ctl_call_has(call, "take-back"))
		return ctl_call_has(call, "why")
			   ? ctl_view_show(call, &take_back_view)
			   : ctl_call_refuse(call, "--take-back needs --why TEXT");
	if (!ctl_call_has(call, "since"))
		return ctl_call_refuse(call, "since when? --since TIME");
	if (!ctl_call_has(call, "apply"))
		return preview_undo(call);
	if (!ctl_call_has(call, "why"))
		return ctl_call_refuse(call, "--apply needs --why TEXT");
	return ctl_view_show(call, &apply_view);
}

CTL_COMMAND(command_undo) = {
    .name = "undo",
    .topic = TOPIC_CORRECTIONS,
    .summary = "take back what followed from many bounces: show it first, then --apply",
    .example = "undo --since '2026-11-20 18:00' --domain provider.example",
    .help = "Blocks are lifted, tasks closed and communications sent again, in one transaction.\n"
	    "An address that a person has called dead stays blocked. What a block has kept\n"
	    "back is sent in any case. Without --apply nothing is changed. --take-back brings\n"
	    "it all back, but for mails that were sent since.\n",
    .options = {common_options_period, options, common_options_limit_50},
    .run = run_undo,
};
