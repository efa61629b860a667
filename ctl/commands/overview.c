/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl status, report, shadow: what is waiting, what came back, what would have
 * been done.
 */
#include <string.h>

#include "base/shown_text.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/json.h"
#include "ctl/framework/result.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/values.h"
#include "ctl/terminal/output.h"
#include "ctl/terminal/table.h"
#include "ctl/terminal/table_text.h"
#include "db/people/operator_queries.h"

/* --- status --------------------------------------------------------------------------- */

static const struct ctl_option status_options[] = {
    {.name = "check", .help = "exit with 1 when there is a warning: for a monitor"},
    {0},
};

static bool has_warning(const struct db_rows *rows)
{
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *warning = db_rows_find(rows, row, "warning");

		if (warning && *warning != '\0')
			return true;
	}
	return false;
}

/* The value of a row, a time to the minute; NULL when there is none. */
static char *status_value(const struct db_rows *rows, size_t row)
{
	char *value = g_strdup(db_rows_find(rows, row, "text"));

	if (value && g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:", value, 0, 0))
		value[strlen("2026-11-21 21:55")] = '\0';
	return value;
}

static void add_status_row(struct table *table, const struct db_rows *rows, size_t row)
{
	g_autofree char *name = g_strdelimit(g_strdup(db_rows_find(rows, row, "name")), "_", ' ');
	g_autofree char *value = status_value(rows, row);
	const char *const values[] = {name, value};

	if (!value || *value == '\0')
		return; /* nothing to say about what does not exist */
	table_add_row(table, values);
}

/* What is wrong, in sentences, the most urgent first. */
static void append_summary(GString *out, const struct db_rows *rows)
{
	const struct table_style style = output_style();

	if (!has_warning(rows))
		g_string_append(out, "All is well.\n\n");
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *warning = db_rows_find(rows, row, "warning");

		if (!warning || *warning == '\0')
			continue;
		g_autofree char *name =
		    g_strdelimit(g_strdup(db_rows_find(rows, row, "name")), "_", ' ');
		g_autofree char *clean = shown_text_clean(warning, style.utf8, SHOWN_TEXT_ONE_LINE);
		*name = g_ascii_toupper(*name);
		g_autofree char *value = status_value(rows, row);
		const char *stop = g_str_has_suffix(clean, "?") ? "" : ".";
		g_string_append_printf(out, "%s (%s): %s%s\n", name, value, clean, stop);
	}
	if (has_warning(rows))
		g_string_append_c(out, '\n');
}

/* Names in words, times to the minute. */
static void append_status(GString *out, const struct db_rows *rows)
{
	const struct table_style style = output_style();
	g_autoptr(table_t) table = table_new();

	table_add_column(table, "what", TABLE_WORD);
	table_add_column(table, "value", TABLE_WORD);
	append_summary(out, rows);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		add_status_row(table, rows, row);
	table_print(table, &style, out);
}

/* One object: {"tasks_open": {"value": 3, "warning": null}, ...}. */
static void append_status_json(GString *out, const struct db_rows *rows)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *value = db_rows_find(rows, row, "value");

		json_builder_set_member_name(builder, db_rows_find(rows, row, "name"));
		json_builder_begin_object(builder);
		json_builder_set_member_name(builder, "value");
		json_builder_add_value(builder, value ? json_from_string(value, NULL)
						      : json_node_new(JSON_NODE_NULL));
		ctl_json_string(builder, "warning", db_rows_find(rows, row, "warning"));
		json_builder_end_object(builder);
	}
	ctl_json_append(builder, out);
}

static enum ctl_exit_code run_status(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, &operator_queries_status, NULL, &error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (!rows)
		return ctl_result_error(call, error);
	(ctl_call_has(call, "json") ? append_status_json : append_status)(out, rows);
	enum ctl_exit_code exit_code = ctl_result_print(out);
	if (exit_code == CTL_EXIT_OK && ctl_call_has(call, "check") && has_warning(rows))
		return CTL_EXIT_FAULT;
	return exit_code;
}

CTL_COMMAND(command_status) = {
    .name = "status",
    .topic = TOPIC_OVERVIEW,
    .summary = "say what is waiting: tasks, blocks, the queue, the last report seen",
    .help = "It begins with what is wrong, the most urgent first, or says that all is well.\n"
	    "A warning is something that a person should look at: a task overdue, blocks held, no\n"
	    "report for longer than usual, a submission server that cannot be used, mail that is\n"
	    "due and not sent. With --check the exit status is 1 then, and 75 when the database\n"
	    "is away. With --json it is one object, each name with value and warning, which is\n"
	    "null when all is well.\n",
    .example = "status --check",
    .options = {status_options},
    .run = run_status,
};

/* --- report ------------------------------------------------------------------------------ */

static const char *const dimensions[] = {"class",      "reason", "process", "domain",
					 "remote_mta", "rule",   "trust",   "hour",
					 "day",        "week",   "month",   NULL};
static const struct ctl_value value_dimension = {
    .name = "DIMENSION", .kind = CTL_VALUE_WORD, .words = dimensions};

static const struct ctl_option report_options[] = {
    {.name = "by", .value = &value_dimension, .help = "what to count by", .default_value = "class"},
    {.name = "process", .value = &value_process, .help = "only this process"},
    {0},
};

CTL_COMMAND(command_report) = {
    .name = "report",
    .topic = TOPIC_OVERVIEW,
    .summary = "count what came back, with a chart and its rate",
    .help = "RATE is FAILED in per cent of SENT, the mails sent in this time: of this process,\n"
	    "domain or week, and for other dimensions of all. FAILED are the hard, soft and\n"
	    "technical ones about mails of ours. What fits none, or only knows an address, may be\n"
	    "a stranger's word and is not among them; nor are test addresses.\n"
	    "What was taken back by \"undo\" is left out, and counted as TAKEN BACK. What is no\n"
	    "failure, such as a report of a delay or of success, is a notice.\n",
    .example = "report --by domain --since 7d",
    .options = {report_options, common_options_month, common_options_limit_50},
    .view = {.parameters = {"by", "since", "until", "process", "limit"},
	     .sections = {{.name = "report",
			   .statement = &operator_queries_report,
			   .columns = {CTL_COLUMN("label"), CTL_IF_ROOM("hard"),
				       CTL_IF_ROOM("soft"), CTL_IF_ROOM("technical"),
				       CTL_IF_ROOM("auto_reply"), CTL_IF_ROOM("unclassified"),
				       CTL_IF_ROOM("notices"), CTL_IF_ROOM("taken_back"),
				       CTL_IF_ROOM("failed"), CTL_IF_ROOM("sent"),
				       CTL_IF_ROOM("rate"), CTL_BAR("total")},
			   .empty = "nothing came back in this time"}}},
};

/* --- shadow ------------------------------------------------------------------------------- */

static const struct ctl_option shadow_options[] = {
    {.name = "process", .value = &value_process, .help = "only this process"},
    {.name = "since", .value = &ctl_value_past, .help = "from then on: 24h, 7d, a date"},
    {0},
};

CTL_COMMAND(command_shadow) = {
    .name = "shadow",
    .topic = TOPIC_OVERVIEW,
    .summary = "list what would have been done, had shadow mode been off",
    .example = "shadow --process invoice",
    .options = {shadow_options, common_options_limit_200},
    .view = {.parameters = {"process", "since", "limit"},
	     .sections = {{.name = "shadow",
			   .statement = &operator_queries_shadow,
			   .columns = {CTL_COLUMN("bounce_id"), CTL_COLUMN("received_at"),
				       CTL_COLUMN("process"), CTL_COLUMN("address"),
				       CTL_COLUMN("class"), CTL_COLUMN("reason"),
				       CTL_COLUMN("trust"), CTL_COLUMN("would_block"),
				       CTL_COLUMN("would_resend"), CTL_COLUMN("would_make_task"),
				       CTL_COLUMN("would_follow_up"), CTL_COLUMN("consequence")},
			   .empty = "nothing was done in shadow mode"}}},
};
