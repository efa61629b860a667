/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Printing rows.
 */
#include "ctl/framework/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "ctl/framework/exit.h"

/* POSIX: the first of these that is set and not empty decides. */
static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *value = g_getenv(names[i]);

		if (value == NULL || *value == '\0')
			continue;
		g_autofree char *upper = g_ascii_strup(value, -1);
		return strstr(upper, "UTF-8") != NULL || strstr(upper, "UTF8") != NULL;
	}
	return false;
}

struct table_style ctl_output_style(void)
{
	struct table_style style = {.utf8 = true}; /* a file is UTF-8 */
	struct winsize size;
	const char *no_color = g_getenv("NO_COLOR"); /* https://no-color.org */

	if (!isatty(STDOUT_FILENO))
		return style;
	style.width =
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
	style.color = no_color == NULL || *no_color == '\0';
	style.utf8 = is_utf8_locale();
	return style;
}

bool ctl_output_write(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return true;
	fprintf(stderr, "bouncectl: standard output: %s\n", g_strerror(errno));
	return false;
}

/* --- tables -------------------------------------------------------------------- */

struct choice {
	size_t column; /* in the rows */
	enum table_kind kind;
};

static enum table_kind kind_of(enum db_type type)
{
	switch (type) {
	case DB_INTEGER:
	case DB_NUMBER:
		return TABLE_NUMBER;
	case DB_BOOLEAN:
	case DB_TIME:
		return TABLE_WORD;
	case DB_TEXT:
	case DB_JSON:
	case DB_BYTES:
		return TABLE_TEXT;
	}
	return TABLE_TEXT;
}

static bool has_values(const struct db_rows *rows, size_t column)
{
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *value = db_rows_get(rows, row, column);

		if (value != NULL && *value != '\0')
			return true;
	}
	return false;
}

/* Nothing, or nothing but zeros. */
static bool has_figures(const struct db_rows *rows, size_t column)
{
	for (size_t row = 0; row < db_rows_count(rows); row++)
		if (g_strcmp0(db_rows_get(rows, row, column), "0") != 0)
			return true;
	return false;
}

/* What stands behind a name says how it is shown. */
static enum table_kind kind_of_mark(char mark, enum table_kind kind)
{
	switch (mark) {
	case '%':
		return TABLE_BAR;
	case '~':
		return TABLE_WRAP;
	case '!':
		return TABLE_WORD;
	case '?':
		return kind == TABLE_NUMBER ? TABLE_EXTRA_NUMBER : TABLE_EXTRA;
	default:
		return kind;
	}
}

static void choose(const struct db_rows *rows, const char *name, GArray *choices)
{
	size_t len = strcspn(name, "%?~!");

	for (size_t column = 0; column < db_rows_column_count(rows); column++) {
		const char *own = db_rows_column_name(rows, column);

		if (strlen(own) != len || strncmp(own, name, len) != 0 || !has_values(rows, column))
			continue;
		enum table_kind kind =
		    kind_of_mark(name[len], kind_of(db_rows_column_type(rows, column)));
		const struct choice choice = {column, kind};
		if (kind != TABLE_EXTRA_NUMBER || has_figures(rows, column))
			g_array_append_val(choices, choice);
	}
}

static GArray *choose_columns(const struct db_rows *rows, const char *columns)
{
	GArray *choices = g_array_new(FALSE, FALSE, sizeof(struct choice));
	g_auto(GStrv) names = g_strsplit(columns == NULL ? "" : columns, " ", -1);

	for (char **name = names; *name != NULL; name++)
		choose(rows, *name, choices);
	for (size_t column = 0; columns == NULL && column < db_rows_column_count(rows); column++)
		choose(rows, db_rows_column_name(rows, column), choices);
	return choices;
}

/* As people write it: the time to the minute, yes and no. */
static char *value_for_people(const struct db_rows *rows, size_t row, size_t column)
{
	const char *value = db_rows_get(rows, row, column);

	if (value == NULL)
		return NULL;
	switch (db_rows_column_type(rows, column)) {
	case DB_TIME:
		return g_strdelimit(g_strndup(value, strlen("2026-11-21T21:55")), "T", ' ');
	case DB_BOOLEAN:
		return g_strdup(strcmp(value, "true") == 0 ? "yes" : "no");
	case DB_TEXT:
	case DB_INTEGER:
	case DB_NUMBER:
	case DB_JSON:
	case DB_BYTES:
		return g_strdup(value);
	}
	return NULL;
}

static char *value_by_name(const struct db_rows *rows, size_t row, const char *name)
{
	for (size_t column = 0; column < db_rows_column_count(rows); column++)
		if (strcmp(db_rows_column_name(rows, column), name) == 0)
			return value_for_people(rows, row, column);
	return NULL;
}

struct table *ctl_output_table(const struct db_rows *rows, const char *columns)
{
	struct table *table = table_new();
	g_autoptr(GArray) choices = choose_columns(rows, columns);
	g_autofree const char **values = g_new0(const char *, choices->len + 1);

	for (guint i = 0; i < choices->len; i++) {
		const struct choice *choice = &g_array_index(choices, struct choice, i);

		table_add_column(table, db_rows_column_name(rows, choice->column), choice->kind);
	}
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		for (guint i = 0; i < choices->len; i++)
			values[i] = value_for_people(
			    rows, row, g_array_index(choices, struct choice, i).column);
		table_add_row(table, values);
		for (guint i = 0; i < choices->len; i++)
			g_free((char *)values[i]);
	}
	return table;
}

/* --- JSON ---------------------------------------------------------------------- */

static void add_parsed(JsonBuilder *builder, const char *text)
{
	g_autoptr(JsonParser) parser = json_parser_new();

	if (json_parser_load_from_data(parser, text, -1, NULL) &&
	    json_parser_get_root(parser) != NULL)
		json_builder_add_value(builder, json_node_copy(json_parser_get_root(parser)));
	else
		json_builder_add_null_value(builder);
}

static void add_value(JsonBuilder *builder, enum db_type type, const char *value)
{
	switch (type) {
	case DB_INTEGER:
		json_builder_add_int_value(builder, g_ascii_strtoll(value, NULL, 10));
		break;
	case DB_NUMBER:
		json_builder_add_double_value(builder, g_ascii_strtod(value, NULL));
		break;
	case DB_BOOLEAN:
		json_builder_add_boolean_value(builder, strcmp(value, "true") == 0);
		break;
	case DB_JSON:
		add_parsed(builder, value);
		break;
	case DB_TEXT:
	case DB_TIME:
	case DB_BYTES: {
		g_autofree char *valid = g_utf8_make_valid(value, -1);
		json_builder_add_string_value(builder, valid);
		break;
	}
	}
}

void ctl_output_json_row(JsonBuilder *builder, const struct db_rows *rows, size_t row)
{
	json_builder_begin_object(builder);
	for (size_t column = 0; column < db_rows_column_count(rows); column++) {
		const char *value = db_rows_get(rows, row, column);

		json_builder_set_member_name(builder, db_rows_column_name(rows, column));
		if (value == NULL)
			json_builder_add_null_value(builder);
		else
			add_value(builder, db_rows_column_type(rows, column), value);
	}
	json_builder_end_object(builder);
}

void ctl_output_json_append(JsonBuilder *builder, GString *out)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, FALSE);

	g_string_append(out, text);
	g_string_append_c(out, '\n');
}

void ctl_output_json_lines(const struct db_rows *rows, GString *out)
{
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		g_autoptr(JsonBuilder) builder = json_builder_new();

		ctl_output_json_row(builder, rows, row);
		ctl_output_json_append(builder, out);
	}
}

/* --- sentences and errors --------------------------------------------------------- */

/* "name", or "name|one|many": the value, and the word for so many. */
static char *value_in_words(const char *spec, const struct db_rows *rows, size_t row)
{
	g_auto(GStrv) parts = g_strsplit(spec, "|", 3);
	char *value = value_by_name(rows, row, parts[0]);

	if (g_strv_length(parts) < 3)
		return value;
	g_autofree char *count = value;
	return g_strjoin(" ", count == NULL ? "" : count, parts[g_strcmp0(count, "1") == 0 ? 1 : 2],
			 NULL);
}

char *ctl_output_sentence(const char *template, const struct db_rows *rows, size_t row,
			  const struct table_style *style)
{
	GString *text = g_string_new(NULL);

	for (const char *p = template; *p != '\0';) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (end == NULL) {
			g_string_append_c(text, *p++);
			continue;
		}
		g_autofree char *name = g_strndup(p + 1, (gsize)(end - p - 1));
		g_autofree char *value = value_in_words(name, rows, row);
		g_autofree char *clean =
		    table_clean(value == NULL ? "" : value, style->utf8, TABLE_ONE_LINE);
		g_string_append(text, clean);
		p = end + 1;
	}
	return g_string_free(text, FALSE);
}

/* The database speaks to programmers: its functions by our names. */
static char *in_our_words(const char *text)
{
	static const char *const words[][2] = {
	    {"resolve_task_corrected", "--address"},
	    {"resolve_task_unblocked", "--works"},
	    {"resolve_task_arrived", "--arrived"},
	    {"resolve_task_dead", "--dead"},
	    {"SELECT bounce.confirm_outage(task, note) or bounce.dismiss_outage(task, note).",
	     "--no-outage or --outage."},
	    {"confirm_outage", "--no-outage"},
	    {"dismiss_outage", "--outage"},
	    {"resolve_task (", "without an option ("},
	    {"resolve_task(task, note)", "\"bouncectl task resolve\" without an option"},
	    {"(task, note)", ""},
	    {"SELECT bounce.lift_block(address, why)", "bouncectl unblock"},
	};
	GString *ours = g_string_new(text);

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		g_string_replace(ours, words[i][0], words[i][1], 0);
	return g_string_free(ours, FALSE);
}

int ctl_output_error(const struct ctl_call *call, const GError *error)
{
	g_autofree char *said = db_error_for_people(error);
	g_autofree char *text = in_our_words(said);
	g_autofree char *clean = table_clean(text, true, TABLE_KEEP_LINES);

	fprintf(stderr, "bouncectl %s: %s\n", call->command->name, clean);
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN
		   ? CTL_EXIT_TEMPFAIL
		   : CTL_EXIT_FAULT;
}
