/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl status: what is wrong, and what is waiting.
 */
#include <string.h>

#include "base/printable_text.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/topics.h"
#include "ctl/terminal/output.h"
#include "ctl/terminal/table.h"
#include "ctl/terminal/table_text.h"
#include "db/people/operator_queries.h"

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
		g_autofree char *clean =
		    printable_text_clean(warning, style.utf8, PRINTABLE_TEXT_ONE_LINE);
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
		return ctl_error_message_print(call, error);
	(ctl_call_has(call, "json") ? append_status_json : append_status)(out, rows);
	enum ctl_exit_code exit_code = ctl_call_print(out);
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
