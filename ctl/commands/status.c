/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl status: what is waiting, and what is not as it usually is.
 */
#include "ctl/commands/status.h"

#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "ctl/framework/view.h"
#include "db/operator_queries.h"

static const struct ctl_option options[] = {
    {"check", NULL, "exit status 1 when there is a warning: for a monitor", NULL},
    {0},
};

static bool has_warning(const struct db_rows *rows)
{
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *warning = db_rows_find(rows, row, "warning");

		if (warning != NULL && *warning != '\0')
			return true;
	}
	return false;
}

/* Words for names, and times to the minute. */
static struct table *table_of(const struct db_rows *rows)
{
	struct table *table = table_new();

	table_add_column(table, "what", TABLE_WORD);
	table_add_column(table, "value", TABLE_WORD);
	if (has_warning(rows))
		table_add_column(table, "warning", TABLE_WRAP);
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		g_autofree char *name =
		    g_strdelimit(g_strdup(db_rows_find(rows, row, "name")), "_", ' ');
		g_autofree char *value = g_strdup(db_rows_find(rows, row, "text"));
		const char *const values[] = {name, value, db_rows_find(rows, row, "warning")};

		if (value == NULL || (*value == '\0' && values[2] == NULL))
			continue; /* of what is not, there is nothing to say */

		if (value != NULL &&
		    g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:", value, 0, 0))
			value[strlen("2026-11-21 21:55")] = '\0';
		table_add_row(table, values);
	}
	return table;
}

static void add_member(JsonBuilder *builder, const char *name, const char *json)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_value(builder, json == NULL ? json_node_new(JSON_NODE_NULL)
						     : json_from_string(json, NULL));
}

/* One object: {"tasks_open": {"value": 3, "warning": null}, ...}. */
static void add_json(GString *out, const struct db_rows *rows)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *warning = db_rows_find(rows, row, "warning");

		json_builder_set_member_name(builder, db_rows_find(rows, row, "name"));
		json_builder_begin_object(builder);
		add_member(builder, "value", db_rows_find(rows, row, "value"));
		json_builder_set_member_name(builder, "warning");
		if (warning == NULL)
			json_builder_add_null_value(builder);
		else
			json_builder_add_string_value(builder, warning);
		json_builder_end_object(builder);
	}
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
}

static int run_status(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	g_autoptr(db_rows_t) rows =
	    pool == NULL ? NULL : db_rows_fetch(pool, &people_status, NULL, &error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (rows == NULL)
		return ctl_output_error(call, error);
	if (ctl_flag(call, "json")) {
		add_json(out, rows);
	} else {
		const struct table_style style = ctl_output_style();
		g_autoptr(table_t) table = table_of(rows);
		table_print(table, &style, out);
	}
	if (!ctl_output_write(out->str))
		return CTL_EXIT_OUTPUT;
	return ctl_flag(call, "check") && has_warning(rows) ? CTL_EXIT_FAULT : CTL_EXIT_OK;
}

const struct ctl_command ctl_status = {
    .name = "status",
    .arguments = "",
    .summary = "say what is waiting: tasks, blocks, the queue, the last report seen",
    .help = "A warning is something that a person should look at: a task overdue, blocks held, no\n"
	    "report for longer than usual, a submission server that cannot be used, mail that is\n"
	    "due and not sent. With --check the exit status is 1 then, and 75 when the database\n"
	    "is away.\n",
    .example = "status --check",
    .options = options,
    .run = run_status,
};
