/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl undo: takes back what followed from many bounces, in one
 * transaction; without --apply it only shows what would be.
 */
#include "ctl/commands/undo.h"

#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "ctl/framework/view.h"
#include "db/operator_queries.h"

static const struct ctl_option options[] = {
    {"since", "TIME", "bounces from then on: 24h, 7d, a date", NULL},
    {"until", "TIME", "bounces before then", NULL},
    {"domain", "DOMAIN", "only to this domain", NULL},
    {"rule", "RULE", "only those this rule decided", NULL},
    {"diagnostic", "TEXT", "only those whose diagnostic contains this", NULL},
    {"apply", NULL, "do it", NULL},
    {"why", "TEXT", "the reason, for those who ask later; needed with --apply", NULL},
    {"no-resend", NULL, "do not send the mails again", NULL},
    {0},
};

static const struct ctl_view apply_view = {
    .binds = "since until domain rule diagnostic why no-resend",
    .sections = {{.name = "undo",
		  .statement = &people_undo,
		  .layout = CTL_SENTENCE,
		  .sentence = "undone ({undo_id}): {bounces|bounce|bounces}, {blocks|block|blocks} "
			      "lifted, {tasks|task|tasks} "
			      "closed, {requeued|mail|mails} sent again",
		  .unless = "is_done",
		  .otherwise = "nothing is left to undo"}},
};

static const char preview_columns[] =
    "bounce_id received_at recipient reason rule? lifts_block closes_task requeues diagnostic?";

static unsigned count_where(const struct db_rows *rows, const char *column)
{
	unsigned count = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *value = db_rows_find(rows, row, column);

		count += value != NULL && g_strcmp0(value, "false") != 0;
	}
	return count;
}

static void add_preview(GString *out, const struct db_rows *rows)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(table_t) table = ctl_output_table(rows, preview_columns);

	if (db_rows_count(rows) > 0)
		table_print(table, &style, out);
	g_string_append_printf(
	    out,
	    "%s%zu bounces: %u blocks to lift, %u with a task to close, %u mails to send again\n"
	    "Nothing was changed. Do it with --apply --why TEXT.\n",
	    db_rows_count(rows) > 0 ? "\n" : "", db_rows_count(rows),
	    count_where(rows, "lifts_block"), count_where(rows, "closes_task"),
	    count_where(rows, "requeues"));
}

static int preview(struct ctl_call *call)
{
	g_autofree const char **values = ctl_view_bind(call, "since until domain rule diagnostic");
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	g_autoptr(db_rows_t) rows =
	    pool == NULL ? NULL : db_rows_fetch(pool, &people_undo_preview, values, &error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (rows == NULL)
		return ctl_output_error(call, error);
	if (ctl_flag(call, "json"))
		ctl_output_json_lines(rows, out);
	else
		add_preview(out, rows);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

static int run_undo(struct ctl_call *call)
{
	if (ctl_option(call, "since") == NULL)
		return ctl_refuse(call->command, "since when? --since TIME");
	if (!ctl_flag(call, "apply"))
		return preview(call);
	if (ctl_option(call, "why") == NULL)
		return ctl_refuse(call->command, "--apply needs --why TEXT");
	return ctl_view_show(call, &apply_view);
}

const struct ctl_command ctl_undo = {
    .name = "undo",
    .arguments = "",
    .summary = "take back what followed from many bounces: show it first, then --apply",
    .example = "undo --since '2026-11-20 18:00' --domain provider.example",
    .help = "Blocks are lifted, tasks closed and communications sent again, in one transaction.\n"
	    "Without --apply nothing is changed.\n",
    .options = options,
    .run = run_undo,
};
