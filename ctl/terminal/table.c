/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Laying out tables.
 */
#include "ctl/terminal/table.h"

#include "base/printable_text.h"

#include <string.h>

enum {
	GAP = 2,              /* blanks between columns */
	TEXT_WIDTH_GOOD = 16, /* narrower than that a column says little: drop others first */
	TEXT_WIDTH_MIN = 8,   /* of a column that may be cut */
	WRAP_WIDTH_GOOD = 36, /* the same for a column that continues on the next line */
	WRAP_WIDTH_MIN = 16,
	BAR_WIDTH_MIN = 8, /* of a bar's column */
	BAR_WIDTH_MAX = 40,
	BLOCK_WIDTH_MIN = 12, /* for the values of a block */
};

struct column {
	char *name;
	enum table_kind kind;
};

struct table {
	GArray *columns; /* struct column */
	GPtrArray *rows; /* GPtrArray of char *, one value a column, NULL for absent */
};

static void column_clear(void *data)
{
	g_free(((struct column *)data)->name);
}

static void row_free(void *data)
{
	g_ptr_array_unref(data);
}

struct table *table_new(void)
{
	struct table *table = g_new0(struct table, 1);

	table->columns = g_array_new(FALSE, TRUE, sizeof(struct column));
	g_array_set_clear_func(table->columns, column_clear);
	table->rows = g_ptr_array_new_with_free_func(row_free);
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	g_array_unref(table->columns);
	g_ptr_array_unref(table->rows);
	g_free(table);
}

void table_add_column(struct table *table, const char *name, enum table_kind kind)
{
	const struct column column = {g_strdup(name), kind};

	g_array_append_val(table->columns, column);
}

void table_add_row(struct table *table, const char *const *values)
{
	GPtrArray *row = g_ptr_array_new_full(table->columns->len, g_free);

	for (guint i = 0; i < table->columns->len; i++)
		g_ptr_array_add(row, g_strdup(values[i]));
	g_ptr_array_add(table->rows, row);
}

static const struct column *column_at(const struct table *table, guint i)
{
	return &g_array_index(table->columns, struct column, i);
}

static const char *value_at(const struct table *table, guint row, guint column)
{
	const char *value =
	    g_ptr_array_index((GPtrArray *)g_ptr_array_index(table->rows, row), column);

	return value ? value : "";
}

static void append_padding(GString *out, size_t count)
{
	g_string_append_printf(out, "%*s", (int)count, "");
}

/* --- widths -------------------------------------------------------------------- */

static bool may_be_cut(enum table_kind kind)
{
	return kind == TABLE_TEXT || kind == TABLE_EXTRA || kind == TABLE_PATH ||
	       kind == TABLE_WRAP;
}

static enum table_text_cut cut_of(enum table_kind kind)
{
	return kind == TABLE_PATH ? TABLE_TEXT_CUT_FRONT : TABLE_TEXT_CUT_END;
}

static size_t natural_width(const struct table *table, guint column,
			    const struct table_style *style)
{
	size_t width = table_text_width(column_at(table, column)->name);

	for (guint row = 0; row < table->rows->len; row++) {
		g_autofree char *clean = printable_text_clean(value_at(table, row, column),
							      style->utf8, PRINTABLE_TEXT_ONE_LINE);

		width = MAX(width, table_text_width(clean));
	}
	return width;
}

/* Widths of the columns; 0 is one that is left out. */
static size_t total(const size_t *widths, guint count)
{
	size_t sum = 0;

	for (guint i = 0; i < count; i++)
		if (widths[i] > 0)
			sum += widths[i] + (sum > 0 ? GAP : 0);
	return sum;
}

/* The least width of a column: still comfortable, or just bearable. */
enum floor { FLOOR_GOOD, FLOOR_MIN };

static size_t floor_of(enum table_kind kind, enum floor floor)
{
	if (kind == TABLE_WRAP)
		return floor == FLOOR_GOOD ? WRAP_WIDTH_GOOD : WRAP_WIDTH_MIN;
	return floor == FLOOR_GOOD ? TEXT_WIDTH_GOOD : TEXT_WIDTH_MIN;
}

/* Of the columns that may still lose a place, the widest; count if none may. */
static guint widest(const struct table *table, const size_t *widths, enum floor floor)
{
	guint found = table->columns->len;

	for (guint i = 0; i < table->columns->len; i++)
		if (may_be_cut(column_at(table, i)->kind) &&
		    widths[i] > floor_of(column_at(table, i)->kind, floor) &&
		    (found == table->columns->len || widths[i] > widths[found]))
			found = i;
	return found;
}

/* Cuts down to the floor; false where that is not enough. */
static bool shrink(const struct table *table, const struct table_style *style, enum floor floor,
		   size_t *widths)
{
	guint count = table->columns->len;

	while (style->width > 0 && total(widths, count) > style->width) {
		guint i = widest(table, widths, floor);

		if (i == count)
			return false;
		widths[i]--;
	}
	return true;
}

static bool is_extra(enum table_kind kind)
{
	return kind == TABLE_EXTRA || kind == TABLE_EXTRA_NUMBER;
}

/* Leaves out the last extra column; false when there is none any more. */
static bool leave_out_column(const struct table *table, size_t *widths)
{
	for (guint i = table->columns->len; i > 0; i--)
		if (is_extra(column_at(table, i - 1)->kind) && widths[i - 1] > 0) {
			widths[i - 1] = 0;
			return true;
		}
	return false;
}

static void restore(const struct table *table, const size_t *natural, size_t *widths)
{
	for (guint i = 0; i < table->columns->len; i++)
		widths[i] = widths[i] == 0 ? 0 : natural[i];
}

/* Widths that fit; false where there are none. */
static bool fit(const struct table *table, const struct table_style *style, size_t *widths)
{
	g_autofree size_t *natural = g_new0(size_t, table->columns->len + 1);

	for (guint i = 0; i < table->columns->len; i++)
		widths[i] = natural[i] = MAX(natural_width(table, i, style), 1);
	while (!shrink(table, style, FLOOR_GOOD, widths)) {
		if (!leave_out_column(table, widths))
			return shrink(table, style, FLOOR_MIN, widths);
		restore(table, natural, widths);
	}
	return true;
}

/* --- bars ---------------------------------------------------------------------- */

static guint bar_column(const struct table *table)
{
	guint i = 0;

	while (i < table->columns->len && column_at(table, i)->kind != TABLE_BAR)
		i++;
	return i;
}

static double bar_maximum(const struct table *table, guint column)
{
	double maximum = 0;

	for (guint row = 0; column < table->columns->len && row < table->rows->len; row++)
		maximum = MAX(maximum, g_ascii_strtod(value_at(table, row, column), NULL));
	return maximum;
}

/* --- tables -------------------------------------------------------------------- */

static bool is_right(enum table_kind kind)
{
	return kind == TABLE_NUMBER || kind == TABLE_EXTRA_NUMBER || kind == TABLE_BAR;
}

/* A cell, and the blanks to the next one; none at the end of a line. */
static void append_cell(GString *out, const char *text, size_t width, enum table_kind kind,
			bool is_last, const struct table_style *style)
{
	size_t used = MIN(table_text_width(text), width);

	if (is_right(kind))
		append_padding(out, width - used);
	table_text_append_value(out, text, style);
	if (!is_last)
		append_padding(out, (is_right(kind) ? 0 : width - used) + GAP);
}

static void append_headings(const struct table *table, const size_t *widths,
			    const struct table_style *style, GString *out)
{
	GString *line = g_string_new(NULL);

	for (guint i = 0; i < table->columns->len; i++) {
		const struct column *column = column_at(table, i);
		g_autofree char *heading = table_text_heading(column->name);
		g_autofree char *shown =
		    table_text_cut(heading, widths[i], TABLE_TEXT_CUT_END, style);
		const struct table_style plain = {.utf8 = style->utf8};

		if (widths[i] == 0)
			continue;
		append_cell(line, shown, widths[i], column->kind, i + 1 == table->columns->len,
			    &plain);
	}
	table_text_append_heading(out, g_strchomp(line->str), style);
	g_string_append_c(out, '\n');
	g_string_free(line, TRUE);
}

/* Where the column begins. */
static size_t offset_of(const size_t *widths, guint column)
{
	size_t before = total(widths, column);

	return before + (before > 0 ? GAP : 0);
}

/* As many lines as it takes, each below the other. */
static void append_broken(GString *out, const char *text, size_t offset, size_t width)
{
	for (const char *p = text; *p != '\0';) {
		const char *end = table_text_break(p, width);
		g_autofree char *line = g_strndup(p, (gsize)(end - p));

		if (p != text) {
			g_string_append_c(out, '\n');
			append_padding(out, offset);
		}
		g_string_append(out, g_strchomp(line));
		p = end;
	}
}

static void append_row(const struct table *table, guint row, const size_t *widths, double maximum,
		       const struct table_style *style, GString *out)
{
	guint count = table->columns->len;
	guint bar = bar_column(table);

	for (guint i = 0; i < count; i++) {
		enum table_kind kind = column_at(table, i)->kind;

		if (widths[i] == 0)
			continue;
		g_autofree char *clean = printable_text_clean(value_at(table, row, i), style->utf8,
							      PRINTABLE_TEXT_ONE_LINE);
		if (kind == TABLE_WRAP) {
			append_broken(out, clean, offset_of(widths, i), widths[i]);
			continue;
		}
		g_autofree char *shown = may_be_cut(kind)
					     ? table_text_cut(clean, widths[i], cut_of(kind), style)
					     : g_strdup(clean);

		append_cell(out, shown, widths[i], kind, i + 1 == count && bar == count, style);
	}
	if (bar < count && maximum > 0) {
		size_t used = total(widths, count) + GAP;
		size_t room =
		    style->width == 0 ? BAR_WIDTH_MAX : style->width - MIN(used, style->width);

		table_text_append_bar(out,
				      g_ascii_strtod(value_at(table, row, bar), NULL) / maximum,
				      MIN(room, BAR_WIDTH_MAX), style);
	}
	while (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

void table_print(const struct table *table, const struct table_style *style, GString *out)
{
	g_autofree size_t *widths = g_new0(size_t, table->columns->len);
	guint bar = bar_column(table);
	struct table_style inner = *style;

	if (bar < table->columns->len && style->width > GAP + BAR_WIDTH_MIN)
		inner.width = style->width - GAP - BAR_WIDTH_MIN;
	if (!fit(table, &inner, widths)) {
		table_print_blocks(table, style, out);
		return;
	}
	append_headings(table, widths, style, out);
	for (guint row = 0; row < table->rows->len; row++)
		append_row(table, row, widths, bar_maximum(table, bar), style, out);
}

/* --- blocks -------------------------------------------------------------------- */

static void append_wrapped(GString *out, const char *text, size_t indent,
			   const struct table_style *style)
{
	size_t width =
	    style->width > indent + BLOCK_WIDTH_MIN ? style->width - indent : BLOCK_WIDTH_MIN;
	const char *p = text;

	if (style->width == 0) {
		table_text_append_value(out, text, style);
		g_string_append_c(out, '\n');
		return;
	}
	do {
		const char *end = table_text_break(p, width);
		g_autofree char *line = g_strndup(p, (gsize)(end - p));

		if (p != text)
			append_padding(out, indent);
		table_text_append_value(out, g_strchomp(line), style);
		g_string_append_c(out, '\n');
		p = end;
	} while (*p != '\0');
}

void table_print_blocks(const struct table *table, const struct table_style *style, GString *out)
{
	size_t name_width = 0;

	for (guint i = 0; i < table->columns->len; i++)
		name_width = MAX(name_width, table_text_width(column_at(table, i)->name));
	for (guint row = 0; row < table->rows->len; row++) {
		if (row > 0)
			g_string_append_c(out, '\n');
		for (guint i = 0; i < table->columns->len; i++) {
			g_autofree char *clean = printable_text_clean(
			    value_at(table, row, i), style->utf8, PRINTABLE_TEXT_ONE_LINE);
			g_autofree char *name =
			    g_strdelimit(g_strdup(column_at(table, i)->name), "_", ' ');

			if (*clean == '\0')
				continue;
			table_text_append_heading(out, name, style);
			append_padding(out, name_width - table_text_width(name) + GAP);
			append_wrapped(out, clean, name_width + GAP, style);
		}
	}
}
