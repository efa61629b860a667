/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines, and mails as lines with a "." put before those that begin with one.
 */
#include "fetch/pop3/dialogue.h"

#include <string.h>

void pop3_dialogue_init(struct pop3_dialogue *dialogue, struct stream *stream, unsigned reply_wait,
			unsigned transfer_wait)
{
	*dialogue = (struct pop3_dialogue){.stream = stream,
					   .reply_wait = reply_wait,
					   .transfer_wait = transfer_wait,
					   .line = g_string_new(NULL)};
}

void pop3_dialogue_clear(struct pop3_dialogue *dialogue)
{
	g_clear_pointer(&dialogue->stream, stream_close);
	g_string_free(dialogue->line, TRUE);
	dialogue->line = NULL;
}

/* --- lines ------------------------------------------------------------------------------ */

static bool read_pop3_line(struct pop3_dialogue *dialogue)
{
	int byte;
	int last = 0;

	g_string_truncate(dialogue->line, 0);
	while ((byte = stream_get(dialogue->stream)) >= 0 && byte != '\n') {
		if (dialogue->line->len >= POP3_LINE_BYTES_MAX)
			return stream_fail(dialogue->stream, "a line of the answer does not end");
		if (byte != '\r')
			g_string_append_c(dialogue->line, byte < ' ' ? ' ' : (char)byte);
		last = byte;
	}
	dialogue->has_crlf = last == '\r';
	return byte >= 0;
}

/* What the server says is shown to people. */
static void strip(struct pop3_dialogue *dialogue, size_t len)
{
	g_string_erase(dialogue->line, 0, (gssize)len);
	g_autofree char *valid = g_utf8_make_valid(dialogue->line->str, -1);
	g_autofree char *shown = stream_shown(dialogue->stream, g_strstrip(valid));
	g_string_assign(dialogue->line, shown);
}

enum pop3_answer pop3_dialogue_hear(struct pop3_dialogue *dialogue)
{
	static const struct {
		const char *word;
		enum pop3_answer answer;
	} known[] = {{"+OK", POP3_OK}, {"-ERR", POP3_ERR}, {"+", POP3_CONTINUE}};

	if (!read_pop3_line(dialogue))
		return POP3_BROKEN;
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		size_t len = strlen(known[i].word);

		if (g_ascii_strncasecmp(dialogue->line->str, known[i].word, len) == 0) {
			strip(dialogue, len);
			return known[i].answer;
		}
	}
	stream_fail(dialogue->stream, "the answer cannot be read");
	return POP3_BROKEN;
}

/* A server that says more than it was asked for would answer to each command what belongs to
 * another one, and delete a mail for one that was read. What it says may be why it hangs up. */
static bool is_our_turn(struct pop3_dialogue *dialogue)
{
	if (stream_is_silent(dialogue->stream))
		return true;
	if (!read_pop3_line(dialogue))
		return false;
	strip(dialogue, 0);
	return stream_fail(dialogue->stream, "the server spoke out of turn: %s",
			   dialogue->line->str);
}

enum pop3_answer pop3_dialogue_begin(struct pop3_dialogue *dialogue, const char *line)
{
	g_autofree char *bytes = g_strconcat(line, "\r\n", NULL);

	stream_set_wait(dialogue->stream, dialogue->reply_wait);
	bool is_said =
	    is_our_turn(dialogue) && stream_write(dialogue->stream, bytes, strlen(bytes));
	explicit_bzero(bytes, strlen(bytes)); /* it may be a password */
	return is_said ? pop3_dialogue_hear(dialogue) : POP3_BROKEN;
}

enum pop3_answer pop3_dialogue_ask(struct pop3_dialogue *dialogue, const char *line)
{
	enum pop3_answer answer = pop3_dialogue_begin(dialogue, line);

	if (answer != POP3_CONTINUE)
		return answer;
	stream_fail(dialogue->stream, "the server wants more of a command that is whole");
	return POP3_BROKEN;
}

bool pop3_dialogue_next_line(struct pop3_dialogue *dialogue)
{
	return read_pop3_line(dialogue) && strcmp(dialogue->line->str, ".") != 0;
}

/* --- mails ------------------------------------------------------------------------------ */

/* A server that ends its lines with CRLF puts no "." behind a bare LF: there a stranger's mail
 * could end early, and what follows be taken for answers of the server. */
struct mail {
	GByteArray *keep;
	gsize max;
	gsize size;
	bool is_crlf;
	char last;
	bool begins_line;
};

static void add_mail_bytes(struct mail *mail, const char *bytes, gsize len)
{
	char before = len > 1 ? bytes[len - 2] : mail->last;

	mail->last = bytes[len - 1];
	mail->begins_line = mail->last == '\n' && (before == '\r' || !mail->is_crlf);
	mail->size += len;
	if (mail->keep->len < mail->max)
		g_byte_array_append(mail->keep, (const guint8 *)bytes,
				    (guint)MIN(len, mail->max - mail->keep->len));
}

/* The bytes up to the end of the line, which may come in pieces. */
static bool read_rest_of_line(struct pop3_dialogue *dialogue, struct mail *mail)
{
	char last = '\0';

	while (last != '\n') {
		const char *bytes;
		int first = stream_peek(dialogue->stream);

		if (first < 0)
			return false;
		gsize len = stream_take(dialogue->stream, G_MAXSIZE, &bytes);
		const char *end = memchr(bytes, '\n', len);
		gsize used = end ? (gsize)(end - bytes) + 1 : len;

		stream_give_back(dialogue->stream, len - used);
		add_mail_bytes(mail, bytes, used);
		last = bytes[used - 1];
	}
	return true;
}

/* "." alone on its line; whatever else begins with "." loses it. */
static bool read_dot(struct pop3_dialogue *dialogue, struct mail *mail, bool *is_end_out)
{
	(void)stream_get(dialogue->stream);
	int next = stream_peek(dialogue->stream);
	bool has_cr = next == '\r';

	if (has_cr) {
		(void)stream_get(dialogue->stream);
		next = stream_peek(dialogue->stream);
	}
	*is_end_out = next == '\n' && (has_cr || !mail->is_crlf);
	if (*is_end_out)
		(void)stream_get(dialogue->stream);
	else if (has_cr)
		add_mail_bytes(mail, "\r", 1);
	return next >= 0;
}

bool pop3_dialogue_mail(struct pop3_dialogue *dialogue, GByteArray *keep, gsize max,
			gsize *size_out)
{
	struct mail mail = {
	    .keep = keep, .max = max, .is_crlf = dialogue->has_crlf, .begins_line = true};
	bool is_end = false;

	stream_set_wait(dialogue->stream, dialogue->transfer_wait);
	while (!is_end) {
		int first = stream_peek(dialogue->stream);

		if (first < 0)
			return false;
		if (first == '.' && mail.begins_line && !read_dot(dialogue, &mail, &is_end))
			return false;
		if (!is_end && !read_rest_of_line(dialogue, &mail))
			return false;
		if (mail.size > POP3_MAIL_BYTES_MAX)
			return stream_fail(dialogue->stream, "the mail does not end");
	}
	*size_out = mail.size;
	return true;
}
