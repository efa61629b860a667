/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows in the words and shapes of people.
 */
#include "ctl/framework/row_text.h"

#include "base/printable_text.h"

#include <string.h>

/* --- which columns, and how ----------------------------------------------------------- */

struct shown_column {
	size_t column; /* in the rows */
	enum table_kind kind;
};

static enum table_kind kind_of_type(enum db_type type)
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

		if (value && *value != '\0')
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

static enum table_kind kind_to_show(enum ctl_show show, enum table_kind kind)
{
	switch (show) {
	case CTL_SHOW:
		return kind;
	case CTL_SHOW_IF_ROOM:
		return kind == TABLE_NUMBER ? TABLE_EXTRA_NUMBER : TABLE_EXTRA;
	case CTL_SHOW_WHOLE:
		return TABLE_WORD;
	case CTL_SHOW_WRAPPED:
		return TABLE_WRAP;
	case CTL_SHOW_BAR:
		return TABLE_BAR;
	}
	return kind;
}

static void choose_shown_columns(const struct db_rows *rows, size_t column, enum ctl_show show,
				 GArray *chosen)
{
	const struct shown_column shown = {
	    column, kind_to_show(show, kind_of_type(db_rows_column_type(rows, column)))};

	if (has_values(rows, column) &&
	    (shown.kind != TABLE_EXTRA_NUMBER || has_figures(rows, column)))
		g_array_append_val(chosen, shown);
}

static size_t column_named(const struct db_rows *rows, const char *name)
{
	size_t column = 0;

	while (column < db_rows_column_count(rows) &&
	       strcmp(db_rows_column_name(rows, column), name) != 0)
		column++;
	return column;
}

static GArray *choose_columns(const struct db_rows *rows, const struct ctl_column *columns)
{
	GArray *chosen = g_array_new(FALSE, FALSE, sizeof(struct shown_column));
	bool takes_all = !columns || !columns->name;
	size_t count = db_rows_column_count(rows);

	for (size_t column = 0; takes_all && column < count; column++)
		choose_shown_columns(rows, column, CTL_SHOW, chosen);
	for (; !takes_all && columns->name; columns++) {
		size_t column = column_named(rows, columns->name);

		if (column < count)
			choose_shown_columns(rows, column, columns->show, chosen);
	}
	return chosen;
}

/* --- values ----------------------------------------------------------------------------- */

/* In a story the order matters, and there are seconds; elsewhere the minute is enough. */
static size_t time_length(const struct db_rows *rows, size_t column)
{
	return strcmp(db_rows_column_name(rows, column), "at") == 0 ? strlen("2026-11-21T21:55:59")
								    : strlen("2026-11-21T21:55");
}

/* As people write it: the time to the minute, yes and no. */
static char *value_for_people(const struct db_rows *rows, size_t row, size_t column)
{
	const char *value = db_rows_get(rows, row, column);

	if (!value)
		return NULL;
	switch (db_rows_column_type(rows, column)) {
	case DB_TIME:
		return g_strdelimit(g_strndup(value, time_length(rows, column)), "T", ' ');
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

static char *value_named(const struct db_rows *rows, size_t row, const char *name)
{
	size_t column = column_named(rows, name);

	return column < db_rows_column_count(rows) ? value_for_people(rows, row, column) : NULL;
}

/* --- tables ------------------------------------------------------------------------------ */

static void add_table_row(struct table *table, const struct db_rows *rows, size_t row,
			  const GArray *chosen)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < chosen->len; i++)
		g_ptr_array_add(
		    values, value_for_people(rows, row,
					     g_array_index(chosen, struct shown_column, i).column));
	table_add_row(table, (const char *const *)values->pdata);
}

struct table *ctl_row_text_table(const struct db_rows *rows, const struct ctl_column *columns)
{
	struct table *table = table_new();
	g_autoptr(GArray) chosen = choose_columns(rows, columns);

	for (guint i = 0; i < chosen->len; i++) {
		const struct shown_column *shown = &g_array_index(chosen, struct shown_column, i);

		table_add_column(table, db_rows_column_name(rows, shown->column), shown->kind);
	}
	for (size_t row = 0; row < db_rows_count(rows); row++)
		add_table_row(table, rows, row, chosen);
	return table;
}

/* --- sentences ----------------------------------------------------------------------------- */

/* By the parts of "name|one|many" or "name|one|many|none": the words for so many. */
static char *count_in_words(const char *count, char **parts)
{
	bool has_none = g_strv_length(parts) > 3;
	bool is_none = strcmp(count, "0") == 0;
	const char *words = has_none && is_none ? parts[3] : parts[strcmp(count, "1") == 0 ? 1 : 2];
	const char *place = strchr(words, '#');

	if (has_none && is_none)
		return g_strdup(words);
	if (!place)
		return g_strjoin(" ", count, words, NULL);
	return g_strdup_printf("%.*s%s%s", (int)(place - words), words, count, place + 1);
}

static char *value_in_words(const char *spec, const struct db_rows *rows, size_t row)
{
	g_auto(GStrv) parts = g_strsplit(spec, "|", 4);
	char *value = value_named(rows, row, parts[0]);

	if (g_strv_length(parts) < 3)
		return value;
	g_autofree char *count = value;
	return count_in_words(count ? count : "", parts);
}

char *ctl_row_text_sentence(const char *template, const struct db_rows *rows,
			    const struct table_style *style)
{
	GString *text = g_string_new(NULL);

	for (const char *p = template; *p != '\0';) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (!end) {
			g_string_append_c(text, *p++);
			continue;
		}
		g_autofree char *name = g_strndup(p + 1, (gsize)(end - p - 1));
		g_autofree char *value = value_in_words(name, rows, 0);
		g_autofree char *clean =
		    printable_text_clean(value ? value : "", style->utf8, PRINTABLE_TEXT_ONE_LINE);
		g_string_append(text, clean);
		p = end + 1;
	}
	return g_string_free(text, FALSE);
}
