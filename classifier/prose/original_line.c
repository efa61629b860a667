/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Nothing is hidden unless somebody else is named behind the words that lead in a list of those
 * who failed.
 */
#include "classifier/prose/original_line.h"

#include <string.h>

#include "classifier/report/correspondents.h"
#include "classifier/text/address.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define LINES_MAX  60  /* of the text, within which both must be */
#define LIST_BYTES 600 /* behind the words that lead in a list */
#define LINE_BYTES 200

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static char *lower_line(const char *line)
{
	line += strspn(line, " \t>*|");
	size_t len = strcspn(line, "\n");
	g_autofree char *flat = text_one_line(line, text_cut_length(line, len, LINE_BYTES));
	return text_lower(flat);
}

/* Somebody else than this one, and none who wrote or got the report. */
static bool names_other(const struct message *message, const char *text, struct slice one)
{
	const char *end = text + strnlen(text, LIST_BYTES);
	struct slice found;
	for (const char *at = text; address_find(at, (size_t)(end - at), &found);
	     at = found.data + found.len) {
		g_autofree char *address = g_strndup(found.data, found.len);
		if ((found.len != one.len ||
		     g_ascii_strncasecmp(found.data, one.data, one.len) != 0) &&
		    !correspondents_is_bystander(message, address))
			return true;
	}
	return false;
}

/* A list of those who failed, below the line, in which somebody else is. */
static bool is_followed_by_list(const struct message *message, const char *line, struct slice one)
{
	for (int i = 0; *line && i < LINES_MAX; i++, line = next_line(line)) {
		g_autofree char *lower = lower_line(line);
		if (words_any(lower, words_recipients_follow))
			return names_other(message, line, one);
	}
	return false;
}

/* The address in a line that says whom the original was written to. */
static bool find_addressee(const struct message *message, const char *line, struct slice *found)
{
	size_t len = strcspn(line, "\n");
	if (!memchr(line, '@', len))
		return false;
	if (!address_find(line, len, found))
		return false;
	g_autofree char *lower = lower_line(line);
	return words_begin(lower, words_original_to) &&
	       is_followed_by_list(message, found->data + found->len, *found);
}

const char *original_line_hide(const struct message *message)
{
	const char *line = message->text, *kept = line;
	GString *out = NULL;
	for (int i = 0; *line && i < LINES_MAX; i++, line = next_line(line)) {
		struct slice found;
		if (!find_addressee(message, line, &found))
			continue;
		out = out ? out : g_string_new(NULL);
		g_string_append_len(out, kept, found.data - kept);
		kept = found.data + found.len;
	}
	if (!out)
		return message->text;
	g_string_append(out, kept);
	const char *text = value_pool_text(message->pool, out->str, out->len);
	g_string_free(out, TRUE);
	return text;
}
