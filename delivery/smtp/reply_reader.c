/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
 *
 * Against the letter, because servers do it and nothing follows from it: a bare LF ends a
 * line, and a text may have any bytes. Codes of any class are replies; what a class means
 * where it was not expected, the dialogue decides. A line with another code than the one
 * before it is no reply: nobody could say which of the two is meant.
 */
#include "delivery/smtp/reply_reader.h"

#include <string.h>

#include "classifier/text/status_code.h"

enum { CODE_DIGITS = 3 };

void reply_reader_init(struct reply_reader *reader)
{
	*reader = (struct reply_reader){.pending = g_string_new(NULL), .lines = g_string_new(NULL)};
}

void reply_reader_clear(struct reply_reader *reader)
{
	g_string_free(reader->pending, TRUE);
	g_string_free(reader->lines, TRUE);
}

void reply_reader_add(struct reply_reader *reader, const char *bytes, gsize len)
{
	g_string_append_len(reader->pending, bytes, (gssize)len);
}

bool reply_reader_is_empty(const struct reply_reader *reader)
{
	return reader->pending->len == 0 && reader->code == 0;
}

/* --- one line ------------------------------------------------------------------- */

/* 0: it begins with no code. */
static int read_code(const char *line, gsize len)
{
	if (len < CODE_DIGITS || line[0] < '1' || line[0] > '9' || !g_ascii_isdigit(line[1]) ||
	    !g_ascii_isdigit(line[2]))
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static void keep_reply_text(GString *lines, const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++)
		g_string_append_c(lines, (guchar)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
	g_string_append_c(lines, '\n');
}

static enum reply_progress take_reply_line(struct reply_reader *reader, const char *line, gsize len)
{
	int code = read_code(line, len);
	char separator = len > CODE_DIGITS ? line[CODE_DIGITS] : ' ';

	if (code == 0 || (reader->code != 0 && code != reader->code) ||
	    (separator != ' ' && separator != '-') || ++reader->line_count > REPLY_LINES_MAX)
		return REPLY_UNREADABLE;
	if (reader->code == 0)
		g_string_truncate(reader->lines, 0);
	reader->code = code;
	if (len > CODE_DIGITS)
		keep_reply_text(reader->lines, line + CODE_DIGITS + 1, len - CODE_DIGITS - 1);
	return separator == ' ' ? REPLY_COMPLETE : REPLY_INCOMPLETE;
}

/* --- the whole ------------------------------------------------------------------- */

/* The length of the status code in front of a line, if its class is the code's. */
static size_t leading_status(const char *line, int code)
{
	size_t len = status_code_length(line);

	return len > 0 && line[0] - '0' == code / 100 &&
		       (line[len] == ' ' || line[len] == '\n' || line[len] == '\0')
		   ? len
		   : 0;
}

static void read_reply_text(const struct reply_reader *reader, struct smtp_reply *reply)
{
	g_auto(GStrv) lines = g_strsplit(reader->lines->str, "\n", -1);
	size_t status_len = lines[0] ? leading_status(lines[0], reply->code) : 0;

	if (status_len > 0 && status_len < sizeof reply->status)
		memcpy(reply->status, lines[0], status_len);
	for (char **line = lines; status_len > 0 && *line; line++)
		if (leading_status(*line, reply->code) == status_len &&
		    strncmp(*line, reply->status, status_len) == 0)
			memmove(*line, *line + status_len, strlen(*line + status_len) + 1);
	for (char **line = lines; *line; line++)
		g_strstrip(*line);
	g_autofree char *joined = g_strjoinv(" ", lines);
	gsize len = MIN(strlen(joined), REPLY_TEXT_BYTES_MAX);
	reply->text = g_strstrip(g_utf8_make_valid(joined, (gssize)len));
}

static void take_reply(struct reply_reader *reader, struct smtp_reply *reply_out)
{
	*reply_out = (struct smtp_reply){.code = reader->code};
	read_reply_text(reader, reply_out);
	reader->code = 0;
	reader->line_count = 0;
}

/* Without the CR, whose LF is still to come. */
static bool is_too_long(const GString *pending)
{
	gsize len = pending->len;

	return len - (len > 0 && pending->str[len - 1] == '\r') > REPLY_LINE_BYTES_MAX;
}

enum reply_progress reply_reader_next(struct reply_reader *reader, struct smtp_reply *reply_out)
{
	GString *pending = reader->pending;
	const char *end;

	while ((end = memchr(pending->str, '\n', pending->len))) {
		gsize len = (gsize)(end - pending->str);
		gsize text_len = len > 0 && end[-1] == '\r' ? len - 1 : len;
		enum reply_progress progress =
		    text_len > REPLY_LINE_BYTES_MAX
			? REPLY_UNREADABLE
			: take_reply_line(reader, pending->str, text_len);

		if (progress == REPLY_UNREADABLE)
			return progress;
		g_string_erase(pending, 0, (gssize)len + 1);
		if (progress == REPLY_COMPLETE) {
			take_reply(reader, reply_out);
			return progress;
		}
	}
	return is_too_long(pending) ? REPLY_UNREADABLE : REPLY_INCOMPLETE;
}
