/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl replay: judges the stored reports by today's rules, shows what differs, and with
 * --apply corrects it.
 */
#include <stdio.h>

#include "base/progress.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/common_options.h"
#include "ctl/options/rule_files.h"
#include "ctl/options/topics.h"
#include "ctl/terminal/output.h"
#include "ctl/terminal/table.h"
#include "db/people/operator_queries.h"
#include "intake/intake.h"

static const char *const difference_columns[] = {
    "bounce_id", "recipient", "old_class", "old_reason", "new_class", "new_reason", "new_rule"};

struct replay {
	struct ctl_call *call;
	struct ruleset *rules;
	struct limits limits;
	struct table *table; /* NULL: JSON, at once */
	size_t read;
	size_t different;
	size_t applied;
	struct progress progress;
};

/* The database keeps the envelope: only the words are judged anew. */
static char *document_of(const struct replay *replay, const struct db_rows *reports, size_t row)
{
	static const char *const nobody[] = {NULL};
	size_t len = 0;
	const char *bytes = db_rows_bytes(reports, row, "raw", &len);
	const struct envelope envelope = {.source = "replay",
					  .sender = "",
					  .recipients = nobody,
					  .queue_id = "",
					  .client = "",
					  .size = len};

	return !bytes ? NULL
		      : intake_document(replay->rules, &replay->limits, &envelope, bytes, len);
}

static bool show_differences(struct replay *replay, const struct db_rows *rows)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!replay->table) {
		ctl_json_append_lines(rows, out);
		return output_write(out->str);
	}
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *values[G_N_ELEMENTS(difference_columns)];

		for (size_t i = 0; i < G_N_ELEMENTS(difference_columns); i++)
			values[i] = db_rows_find(rows, row, difference_columns[i]);
		table_add_row(replay->table, values);
	}
	return true;
}

static bool apply_replay(struct replay *replay, const char *id, const char *document,
			 GError **error)
{
	const char *const arguments[] = {id, document, ctl_call_option(replay->call, "why")};
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(replay->call, &operator_queries_replay_apply, arguments, error);

	if (!rows)
		return false;
	replay->applied += g_ascii_strtoull(db_rows_find(rows, 0, "applied"), NULL, 10);
	return true;
}

static bool replay_report(struct replay *replay, const struct db_rows *reports, size_t row,
			  GError **error)
{
	const char *id = db_rows_find(reports, row, "id");
	g_autofree char *document = document_of(replay, reports, row);
	const char *const arguments[] = {id, document};

	progress_step(&replay->progress, "reports read", ++replay->read, 0);
	if (!document)
		return true;
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(replay->call, &operator_queries_replay_differences, arguments, error);
	if (!rows)
		return false;
	replay->different += db_rows_count(rows);
	if (db_rows_count(rows) == 0)
		return true;
	return show_differences(replay, rows) &&
	       (!ctl_call_has(replay->call, "apply") || apply_replay(replay, id, document, error));
}

static bool replay_batch(struct replay *replay, char **after, bool *more_out, GError **error)
{
	const char *const arguments[] = {ctl_call_option(replay->call, "since"),
					 ctl_call_option(replay->call, "until"), *after, "100"};
	g_autoptr(db_rows_t) reports =
	    ctl_connect_fetch(replay->call, &operator_queries_replay_reports, arguments, error);

	if (!reports)
		return false;
	size_t count = db_rows_count(reports);
	for (size_t row = 0; row < count && !progress_is_interrupted(); row++)
		if (!replay_report(replay, reports, row, error))
			return false;
	*more_out = count > 0 && !progress_is_interrupted();
	if (count > 0) {
		g_free(*after);
		*after = g_strdup(db_rows_find(reports, count - 1, "id"));
	}
	return true;
}

static bool replay_all(struct replay *replay, GError **error)
{
	g_autofree char *after = g_strdup("0");
	bool more = true;

	while (more)
		if (!replay_batch(replay, &after, &more, error))
			return false;
	return true;
}

static bool print_replayed(const struct replay *replay)
{
	const struct table_style style = output_style();
	g_autoptr(GString) out = g_string_new(NULL);

	if (replay->different > 0)
		table_print(replay->table, &style, out);
	g_string_append_printf(out, "%s%zu reports read, %zu verdicts differ",
			       replay->different > 0 ? "\n" : "", replay->read, replay->different);
	if (ctl_call_has(replay->call, "apply"))
		g_string_append_printf(out, ", %zu set right\n", replay->applied);
	else
		g_string_append(
		    out, replay->different > 0
			     ? ".\nNothing was changed. Set them right with --apply --why TEXT.\n"
			     : "\n");
	return output_write(out->str);
}

/* Also what was done before it failed. */
static bool finish(struct replay *replay)
{
	progress_clear(&replay->progress);
	return !replay->table || print_replayed(replay);
}

static enum ctl_exit_code replay(struct replay *replay)
{
	g_autoptr(GError) error = NULL;

	progress_block_signals();
	bool done = replay_all(replay, &error);
	if (!finish(replay))
		return CTL_EXIT_OUTPUT;
	if (progress_is_interrupted()) {
		fputs("bouncectl replay: interrupted; the same call goes on\n", stderr);
		return CTL_EXIT_TEMPFAIL;
	}
	if (done)
		return CTL_EXIT_OK;
	return error ? ctl_error_message_print(replay->call, error) : CTL_EXIT_OUTPUT;
}

static struct table *new_replay_table(void)
{
	struct table *table = table_new();

	for (size_t i = 0; i < G_N_ELEMENTS(difference_columns); i++)
		table_add_column(table, difference_columns[i], i == 0 ? TABLE_NUMBER : TABLE_TEXT);
	return table;
}

static enum ctl_exit_code run_replay(struct ctl_call *call)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(ruleset_t) rules = NULL;
	g_autoptr(table_t) table = ctl_call_has(call, "json") ? NULL : new_replay_table();

	if (ctl_connect_settings(call, &settings, &error))
		rules = rule_files_load(call, &settings, &error);
	if (!rules || !ctl_connect_pool(call, &error))
		return ctl_error_message_print(call, error);
	struct replay job = {.call = call,
			     .rules = rules,
			     .limits = intake_settings_limits(&settings.intake),
			     .table = table};
	return replay(&job);
}

static const struct ctl_option options[] = {
    {.name = "apply", .help = "correct the verdicts, and what followed from them"},
    {.name = "why",
     .value = &ctl_value_type_text,
     .help = "a note for those who ask later",
     .default_value = "replayed with changed rules"},
    {0},
};

CTL_COMMAND(command_replay) = {
    .name = "replay",
    .topic = TOPIC_CORRECTIONS,
    .summary = "judge the stored reports by today's rules: show what differs, then --apply",
    .example = "replay --since 7d --site new.rules",
    .help = "Without --apply nothing is changed. Reports whose message is not kept any more stay\n"
	    "as they are, and so does a bounce that a person has reclassified. Each report is a\n"
	    "transaction of its own; Ctrl-C stops between two.\n",
    .options = {common_options_month, options, rule_files_options},
    .run = run_replay,
};
