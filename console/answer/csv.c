/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Excel and LibreOffice pass over blanks and controls before a formula, and read full-width signs
 * as the narrow ones. Where the comma is for decimals, Excel parts cells by semicolons, quoted or
 * not: a formula could begin behind each. What turns the direction of a text is no better in a
 * table than on a page.
 */
#include "console/answer/csv.h"

#include "base/error.h"
#include "base/printable_text.h"
#include "console/text/sentences.h"

enum { FILE_MAX = 256 * 1024 * 1024 };

const char csv_type[] = "text/csv; charset=utf-8; header=present";

static bool is_passed_over(gunichar c)
{
	return c <= ' ' || c == '\'' || c == '"' || g_unichar_isspace(c);
}

/* Of clean text. */
static bool is_formula(const char *value)
{
	while (*value != '\0' && is_passed_over(g_utf8_get_char(value)))
		value = g_utf8_next_char(value);
	switch (g_utf8_get_char(value)) {
	case '=':
	case '+':
	case '-':
	case '@':
	case 0xff1d:
	case 0xff0b:
	case 0xff0d:
	case 0xff20:
		return true;
	default:
		return false;
	}
}

static void append_csv_field(GString *out, const char *value, bool is_first)
{
	g_autofree char *clean = printable_text_clean(value, true, PRINTABLE_TEXT_ONE_LINE);

	g_string_append(out, is_first ? "\"" : ",\"");
	if (is_formula(clean))
		g_string_append_c(out, '\'');
	for (const char *p = clean; *p != '\0'; p++) {
		if (*p == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *p);
		if (*p == ';' && is_formula(p + 1))
			g_string_append_c(out, '\'');
	}
	g_string_append_c(out, '"');
}

void csv_append_names(GString *out, const struct db_rows *rows)
{
	for (size_t column = 0; column < db_rows_column_count(rows); column++)
		append_csv_field(out, db_rows_column_name(rows, column), column == 0);
	g_string_append(out, "\r\n");
}

void csv_append_row(const struct page_call *call, GString *out, const struct db_rows *rows,
		    size_t row)
{
	for (size_t column = 0; column < db_rows_column_count(rows); column++) {
		g_autofree char *value =
		    sentences_told(NULL, call->console->mark, db_rows_get(rows, row, column));

		append_csv_field(out, value ? value : "", column == 0);
	}
	g_string_append(out, "\r\n");
}

bool csv_write_batch(const struct page_call *call, FILE *file, const struct db_rows *rows,
		     bool is_first, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (is_first)
		csv_append_names(out, rows);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		csv_append_row(call, out, rows, row);
	if (fwrite(out->str, 1, out->len, file) == out->len && ftello(file) <= FILE_MAX)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_INPUT,
		    "the file is too large, or there is no room for it: ask for less of it");
	return false;
}

struct response *csv_response(const struct page_call *call, const struct db_rows *rows,
			      const char *file_name)
{
	GString *out = g_string_new(NULL);

	csv_append_names(out, rows);
	for (size_t row = 0; row < db_rows_count(rows); row++)
		csv_append_row(call, out, rows, row);
	struct response *response = response_new(200, csv_type, out);
	response->file_name = g_strdup(file_name);
	return response;
}
