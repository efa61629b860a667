/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON of rows and members.
 */
#include "ctl/framework/json.h"

#include <string.h>

#include "base/printable_text.h"
#include "ctl/terminal/table_text.h"

/* --- values ------------------------------------------------------------------------ */

static void add_string(JsonBuilder *builder, const char *value)
{
	g_autofree char *valid = g_utf8_make_valid(value, -1);

	json_builder_add_string_value(builder, valid);
}

static void add_parsed(JsonBuilder *builder, const char *text)
{
	g_autoptr(JsonParser) parser = json_parser_new();

	if (json_parser_load_from_data(parser, text, -1, NULL) && json_parser_get_root(parser))
		json_builder_add_value(builder, json_node_copy(json_parser_get_root(parser)));
	else
		json_builder_add_null_value(builder);
}

static void add_json_value(JsonBuilder *builder, enum db_type type, const char *value)
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
	case DB_BYTES:
		add_string(builder, value);
		break;
	}
}

static void add_json_row(JsonBuilder *builder, const struct db_rows *rows, size_t row)
{
	json_builder_begin_object(builder);
	for (size_t column = 0; column < db_rows_column_count(rows); column++) {
		const char *value = db_rows_get(rows, row, column);

		json_builder_set_member_name(builder, db_rows_column_name(rows, column));
		if (value)
			add_json_value(builder, db_rows_column_type(rows, column), value);
		else
			json_builder_add_null_value(builder);
	}
	json_builder_end_object(builder);
}

/* --- members ------------------------------------------------------------------------- */

JsonBuilder *ctl_json_new(void)
{
	return json_builder_begin_object(json_builder_new());
}

void ctl_json_string(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	if (value)
		add_string(builder, value);
	else
		json_builder_add_null_value(builder);
}

void ctl_json_integer(JsonBuilder *builder, const char *name, gint64 value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, value);
}

void ctl_json_boolean(JsonBuilder *builder, const char *name, bool value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, value);
}

void ctl_json_strings(JsonBuilder *builder, const char *name, const GPtrArray *values)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_array(builder);
	for (guint i = 0; i < values->len; i++)
		add_string(builder, values->pdata[i]);
	json_builder_end_array(builder);
}

void ctl_json_row(JsonBuilder *builder, const char *name, const struct db_rows *rows)
{
	json_builder_set_member_name(builder, name);
	if (db_rows_count(rows) > 0)
		add_json_row(builder, rows, 0);
	else
		json_builder_add_null_value(builder);
}

void ctl_json_rows(JsonBuilder *builder, const char *name, const struct db_rows *rows)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_array(builder);
	for (size_t row = 0; rows && row < db_rows_count(rows); row++)
		add_json_row(builder, rows, row);
	json_builder_end_array(builder);
}

/* --- lines ---------------------------------------------------------------------------- */

static void append_root(JsonBuilder *builder, GString *out)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, FALSE);

	printable_text_append_json(out, text);
	g_string_append_c(out, '\n');
}

void ctl_json_append(JsonBuilder *builder, GString *out)
{
	json_builder_end_object(builder);
	append_root(builder, out);
}

void ctl_json_append_lines(const struct db_rows *rows, GString *out)
{
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		g_autoptr(JsonBuilder) builder = json_builder_new();

		add_json_row(builder, rows, row);
		append_root(builder, out);
	}
}
