/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text in the columns of a terminal.
 */
#include "ctl/terminal/table_text.h"

#include <string.h>

static size_t char_width(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

size_t table_text_width(const char *text)
{
	size_t width = 0;

	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
		width += char_width(g_utf8_get_char(p));
	return width;
}

/* The longest beginning of text that takes at most width columns. */
static const char *end_of_width(const char *text, size_t width)
{
	const char *p = text;

	for (size_t used = 0; *p != '\0'; p = g_utf8_next_char(p)) {
		used += char_width(g_utf8_get_char(p));
		if (used > width)
			break;
	}
	return p;
}

static const char *ellipsis(const struct table_style *style)
{
	return style->utf8 ? "\xe2\x80\xa6" : "~";
}

/* The end of a path says more than its beginning. */
static char *cut_front(const char *text, size_t width, const struct table_style *style)
{
	const char *p = text;

	for (size_t rest = table_text_width(text); rest > width - 1; p = g_utf8_next_char(p))
		rest -= char_width(g_utf8_get_char(p));
	return g_strconcat(ellipsis(style), p, NULL);
}

char *table_text_cut(const char *text, size_t width, enum table_text_cut cut,
		     const struct table_style *style)
{
	if (table_text_width(text) <= width)
		return g_strdup(text);
	if (cut == TABLE_TEXT_CUT_FRONT)
		return cut_front(text, width, style);
	g_autofree char *head = g_strndup(text, (gsize)(end_of_width(text, width - 1) - text));
	return g_strconcat(head, ellipsis(style), NULL);
}

const char *table_text_break(const char *text, size_t width)
{
	const char *end = end_of_width(text, width);
	const char *blank = end;

	if (*end == '\0')
		return end;
	if (*end == ' ')
		return end + 1;
	while (blank > text + (end - text) / 2 && blank[-1] != ' ')
		blank--;
	return blank > text + (end - text) / 2 ? blank : end;
}

/* --- colour ------------------------------------------------------------------ */

/* Words that deserve attention, or say that all is well. */
static const char *color_of(const char *value)
{
	static const struct {
		const char *word;
		const char *color;
	} words[] = {
	    {"hard", "31"},         {"bounced", "31"}, {"error", "31"},     {"blocked", "31"},
	    {"soft", "33"},         {"warning", "33"}, {"technical", "36"}, {"auto_reply", "36"},
	    {"unclassified", "35"}, {"ERROR", "31"},   {"RETRY", "33"},     {"SUCCESS", "32"},
	    {"sent", "32"},         {"done", "32"},    {"ok", "32"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(value, words[i].word) == 0)
			return words[i].color;
	return NULL;
}

void table_text_append_value(GString *out, const char *value, const struct table_style *style)
{
	const char *color = style->color ? color_of(value) : NULL;

	if (color)
		g_string_append_printf(out, "\033[%sm%s\033[0m", color, value);
	else
		g_string_append(out, value);
}

char *table_text_heading(const char *name)
{
	g_autofree char *words = g_strdelimit(g_strdup(name), "_", ' ');

	return g_utf8_strup(words, -1);
}

void table_text_append_heading(GString *out, const char *text, const struct table_style *style)
{
	if (style->color)
		g_string_append_printf(out, "\033[1m%s\033[0m", text);
	else
		g_string_append(out, text);
}

/* --- bars ---------------------------------------------------------------------- */

void table_text_append_bar(GString *out, double share, size_t width,
			   const struct table_style *style)
{
	static const char *const eighths[] = {"",
					      "\xe2\x96\x8f",
					      "\xe2\x96\x8e",
					      "\xe2\x96\x8d",
					      "\xe2\x96\x8c",
					      "\xe2\x96\x8b",
					      "\xe2\x96\x8a",
					      "\xe2\x96\x89"};
	size_t eighth = (size_t)(share * (double)width * 8 + 0.5);

	if (share > 0 && eighth == 0)
		eighth = 1;
	if (!style->utf8)
		eighth = (eighth + 7) / 8 * 8;
	for (size_t i = 0; i < eighth / 8; i++)
		g_string_append(out, style->utf8 ? "\xe2\x96\x88" : "#");
	g_string_append(out, eighths[eighth % 8]);
}
