/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking and showing.
 */
#include "ctl/framework/view.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/framework/row_text.h"
#include "ctl/terminal/output.h"

void ctl_view_bind(const struct ctl_call *call, const char *const *names, const char **values)
{
	for (size_t i = 0; names[i]; i++)
		values[i] = ctl_call_value(call, names[i]);
}

/* --- for people ------------------------------------------------------------------ */

bool ctl_view_holds(const struct ctl_section *section, const struct db_rows *rows)
{
	return !section->condition || db_rows_is_true(rows, 0, section->condition);
}

void ctl_view_append_sentence(const struct ctl_section *section, const struct db_rows *rows,
			      const struct table_style *style, GString *out)
{
	const char *template =
	    ctl_view_holds(section, rows) ? section->sentence : section->otherwise;
	g_autofree char *text = ctl_row_text_sentence(template, rows, style);

	g_string_append_printf(out, "%s\n", text);
}

static void append_view_section(const struct ctl_section *section, const struct db_rows *rows,
				const struct table_style *style, GString *out)
{
	if (db_rows_count(rows) == 0) {
		if (section->empty)
			g_string_append_printf(out, "%s\n", section->empty);
		return;
	}
	if (section->layout == CTL_SENTENCE) {
		ctl_view_append_sentence(section, rows, style, out);
		return;
	}
	g_autoptr(table_t) table = ctl_row_text_table(rows, section->columns);
	(section->layout == CTL_TABLE ? table_print : table_print_blocks)(table, style, out);
}

static void append_title(const struct ctl_section *section, const struct table_style *style,
			 GString *out)
{
	g_autofree char *title = g_utf8_strup(section->name, -1);

	g_string_append_c(out, '\n');
	table_text_append_heading(out, title, style);
	g_string_append_c(out, '\n');
}

/* On a terminal: that a list is as long as --limit allows, so that it may not be all. */
static void say_limit(const struct ctl_call *call, const struct ctl_section *section,
		      const struct db_rows *rows)
{
	const char *limit = ctl_call_option(call, "limit");

	if (section->layout == CTL_TABLE && limit &&
	    g_ascii_strtoull(limit, NULL, 10) == db_rows_count(rows) && isatty(STDOUT_FILENO))
		ctl_call_say(call, "the first %s; --limit N shows more", limit);
}

/* --- one section ------------------------------------------------------------------- */

enum ctl_exit_code ctl_view_print(const struct ctl_call *call, const struct ctl_section *section,
				  const struct db_rows *rows, const char *closing)
{
	const struct table_style style = output_style();
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl_call_has(call, "json")) {
		ctl_json_append_lines(rows, out);
	} else {
		append_view_section(section, rows, &style, out);
		g_string_append(out, closing ? closing : "");
	}
	say_limit(call, section, rows);
	return ctl_call_print(out);
}

/* NULL, said, when it cannot be had. */
static struct db_rows *ask_section(struct ctl_call *call, const struct ctl_section *section,
				   const char *const *values, enum ctl_exit_code *exit_out)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, section->statement, values, &error);

	if (!rows) {
		*exit_out = ctl_error_message_print(call, error);
		return NULL;
	}
	if (section->is_required && db_rows_count(rows) == 0) {
		ctl_call_say(call, "%s", section->empty);
		*exit_out = CTL_EXIT_FAULT;
		return NULL;
	}
	return g_steal_pointer(&rows);
}

/* --- several sections ---------------------------------------------------------------- */

struct showing {
	bool json;
	struct table_style style;
	JsonBuilder *builder;
	GString *out;
	unsigned count; /* sections so far */
};

static void add_view_section(struct showing *showing, const struct ctl_section *section,
			     const struct db_rows *rows)
{
	if (showing->json && section->is_required) {
		ctl_json_row(showing->builder, section->name, rows);
	} else if (showing->json) {
		ctl_json_rows(showing->builder, section->name, rows);
	} else {
		if (showing->count > 0 && (db_rows_count(rows) > 0 || section->empty))
			append_title(section, &showing->style, showing->out);
		append_view_section(section, rows, &showing->style, showing->out);
	}
	showing->count++;
}

static enum ctl_exit_code show_sections(struct ctl_call *call, const struct ctl_view *view,
					const char *const *values)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();
	g_autoptr(GString) out = g_string_new(NULL);
	struct showing showing = {ctl_call_has(call, "json"), output_style(), builder, out, 0};
	enum ctl_exit_code exit_code = CTL_EXIT_OK;

	for (const struct ctl_section *section = view->sections; section->name; section++) {
		g_autoptr(db_rows_t) rows = ask_section(call, section, values, &exit_code);

		if (!rows)
			return exit_code;
		add_view_section(&showing, section, rows);
	}
	if (showing.json)
		ctl_json_append(builder, out);
	return ctl_call_print(out);
}

/* --- all -------------------------------------------------------------------------------- */

enum ctl_exit_code ctl_view_run(struct ctl_call *call)
{
	return ctl_view_show(call, &call->command->view);
}

enum ctl_exit_code ctl_view_show(struct ctl_call *call, const struct ctl_view *view)
{
	const char *values[CTL_PARAMETERS_MAX + 1] = {NULL};
	enum ctl_exit_code exit_code = CTL_EXIT_OK;

	ctl_view_bind(call, view->parameters, values);
	if (view->sections[1].name)
		return show_sections(call, view, values);
	g_autoptr(db_rows_t) rows = ask_section(call, &view->sections[0], values, &exit_code);
	return rows ? ctl_view_print(call, &view->sections[0], rows, NULL) : exit_code;
}
