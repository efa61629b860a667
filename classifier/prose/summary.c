/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By the subject, or by lines that count something: a report on one mail counts nothing.
 */
#include "classifier/prose/summary.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define COUNTS_MIN   3   /* lines that count, for a summary */
#define LINES_MAX    200 /* that are looked at */
#define LABEL_BYTES  60  /* before a number, or after it */
#define NUMBER_BYTES 9

/* "Postfix SMTP server: errors from mx.example[192.0.2.1]" */
bool summary_is_transcript(const struct message *message)
{
	static const char begin[] = "Transcript of session follows.";
	const char *subject = message->header->subject;
	return (strstr(subject, " server: errors from ") ||
		strstr(subject, " client: errors from ")) &&
	       strncmp(message->text + strspn(message->text, " \n"), begin, sizeof begin - 1) == 0;
}

/* A number as one counts: 12, 1200, 14%; no reply code. Its length, or 0. */
static size_t count_length(const char *at)
{
	size_t digits = strspn(at, "0123456789");
	if (digits == 0 || digits > NUMBER_BYTES || (digits == 3 && strchr("245", at[0])))
		return 0;
	return digits + (at[digits] == '%');
}

/* "     12   bounced" */
static bool begins_with_count(const char *line, size_t len)
{
	size_t indent = strspn(line, " \t");
	size_t number = indent < len ? count_length(line + indent) : 0;
	const char *label = line + indent + number;
	return number > 0 && (strncmp(label, "  ", 2) == 0 || *label == '\t') &&
	       len < indent + number + LABEL_BYTES;
}

/* "bounced: 12", and nothing else on the line */
static bool ends_with_count(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', MIN(len, (size_t)LABEL_BYTES));
	if (!colon || colon == line)
		return false;
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	size_t number = value < line + len ? count_length(value) : 0;
	return number > 0 && value + number + strspn(value + number, " \t") == line + len;
}

static bool is_counting(const char *text)
{
	int counts = 0;
	for (int lines = 0; *text && lines < LINES_MAX && counts < COUNTS_MIN; lines++) {
		size_t len = strcspn(text, "\n");
		counts += begins_with_count(text, len) || ends_with_count(text, len);
		text += len + (text[len] == '\n');
	}
	return counts >= COUNTS_MIN;
}

/* Behind ":" and the like the subjects of reports quote the original's. */
static bool is_named_so(const char *subject)
{
	g_autofree char *lower = text_lower(subject);
	if (words_begin(lower, words_report_subject) || words_any(lower, words_report_phrase))
		lower[strcspn(lower, ":(\"-")] = '\0';
	return words_any(lower, words_summary_subject);
}

bool summary_is(const struct message *message)
{
	if (*message->original.header.message_id || *message->original.header.from ||
	    message->original.header.to[0])
		return false;
	return is_named_so(message->header->subject) || is_counting(message->text);
}
