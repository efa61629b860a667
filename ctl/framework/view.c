/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking and showing.
 */
#include "ctl/framework/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"

void ctl_view_say_limit(const struct ctl_call *call, const struct db_rows *rows)
{
	const char *limit = ctl_option(call, "limit");

	if (limit != NULL && g_ascii_strtoull(limit, NULL, 10) == db_rows_count(rows) &&
	    isatty(STDOUT_FILENO))
		fprintf(stderr, "bouncectl %s: the first %s; --limit N shows more\n",
			call->command->name, limit);
}

static const char *bind_one(const struct ctl_call *call, const char *name)
{
	if (g_ascii_isdigit(*name))
		return ctl_argument(call, (unsigned)g_ascii_strtoull(name, NULL, 10));
	return ctl_option(call, name);
}

const char **ctl_view_bind(const struct ctl_call *call, const char *binds)
{
	g_auto(GStrv) names = g_strsplit(binds == NULL ? "" : binds, " ", -1);
	const char **values = g_new0(const char *, g_strv_length(names) + 1);

	for (guint i = 0; names[i] != NULL && *names[i] != '\0'; i++)
		values[i] = bind_one(call, names[i]);
	return values;
}

/* --- for people ------------------------------------------------------------------ */

static void print_empty(const struct ctl_section *section, GString *out)
{
	if (section->empty != NULL)
		g_string_append_printf(out, "%s\n", section->empty);
}

void ctl_view_sentence(const struct ctl_section *section, const struct db_rows *rows,
		       const struct table_style *style, GString *out)
{
	const char *holds =
	    section->unless != NULL ? db_rows_find(rows, 0, section->unless) : "true";
	const char *template =
	    holds != NULL && strcmp(holds, "true") == 0 ? section->sentence : section->otherwise;
	g_autofree char *text = ctl_output_sentence(template, rows, 0, style);

	g_string_append_printf(out, "%s\n", text);
}

static void print_section(const struct ctl_section *section, const struct db_rows *rows,
			  const struct table_style *style, GString *out)
{
	if (db_rows_count(rows) == 0) {
		print_empty(section, out);
		return;
	}
	if (section->layout == CTL_SENTENCE) {
		ctl_view_sentence(section, rows, style, out);
		return;
	}
	g_autoptr(table_t) table = ctl_output_table(rows, section->columns);
	(section->layout == CTL_TABLE ? table_print : table_print_blocks)(table, style, out);
}

static void print_title(const struct ctl_section *section, const struct table_style *style,
			GString *out)
{
	g_autofree char *title = g_utf8_strup(section->name, -1);

	g_string_append_printf(out, style->color ? "\n\033[1m%s\033[0m\n" : "\n%s\n", title);
}

/* --- JSON -------------------------------------------------------------------------- */

static void add_json_section(JsonBuilder *builder, const struct ctl_section *section,
			     const struct db_rows *rows)
{
	json_builder_set_member_name(builder, section->name);
	if (section->is_required) {
		ctl_output_json_row(builder, rows, 0);
		return;
	}
	json_builder_begin_array(builder);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		ctl_output_json_row(builder, rows, row);
	json_builder_end_array(builder);
}

/* --- both ---------------------------------------------------------------------------- */

/* What is shown so far. */
struct showing {
	bool json;
	bool is_single;
	struct table_style style;
	JsonBuilder *builder;
	GString *out;
};

static void show(struct showing *showing, const struct ctl_section *section, size_t number,
		 const struct db_rows *rows)
{
	if (showing->json && showing->is_single) {
		ctl_output_json_lines(rows, showing->out);
	} else if (showing->json) {
		add_json_section(showing->builder, section, rows);
	} else {
		if (number > 0 && (db_rows_count(rows) > 0 || section->empty != NULL))
			print_title(section, &showing->style, showing->out);
		print_section(section, rows, &showing->style, showing->out);
	}
}

static bool ask(const struct ctl_call *call, const struct ctl_view *view, struct db_pool *pool,
		struct showing *showing, int *status_out)
{
	g_autofree const char **values = ctl_view_bind(call, view->binds);

	for (size_t i = 0; i < CTL_SECTIONS_MAX && view->sections[i].name != NULL; i++) {
		const struct ctl_section *section = &view->sections[i];
		g_autoptr(GError) error = NULL;
		g_autoptr(db_rows_t) rows = db_rows_fetch(pool, section->statement, values, &error);

		if (rows == NULL) {
			*status_out = ctl_output_error(call, error);
			return false;
		}
		if (section->is_required && db_rows_count(rows) == 0) {
			fprintf(stderr, "bouncectl %s: %s\n", call->command->name, section->empty);
			*status_out = CTL_EXIT_FAULT;
			return false;
		}
		show(showing, section, i, rows);
		if (showing->is_single && section->layout == CTL_TABLE)
			ctl_view_say_limit(call, rows);
	}
	return true;
}

int ctl_view_run(struct ctl_call *call)
{
	return ctl_view_show(call, call->command->view);
}

int ctl_view_show(struct ctl_call *call, const struct ctl_view *view)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GString) out = g_string_new(NULL);
	struct showing showing = {.json = ctl_flag(call, "json"),
				  .is_single = view->sections[1].name == NULL,
				  .style = ctl_output_style(),
				  .builder = builder,
				  .out = out};
	int status = CTL_EXIT_OK;

	if (pool == NULL)
		return ctl_output_error(call, error);
	json_builder_begin_object(builder);
	if (!ask(call, view, pool, &showing, &status))
		return status;
	json_builder_end_object(builder);
	if (showing.json && !showing.is_single)
		ctl_output_json_append(builder, out);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}
