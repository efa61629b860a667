/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Byte by byte; a bare LF ends a line, because servers do it and nothing follows from it.
 */
#include "fetch/imap/lexer.h"

#include <string.h>

void imap_lexer_init(struct imap_lexer *lexer, struct stream *stream)
{
	*lexer = (struct imap_lexer){.stream = stream, .word = g_string_new(NULL)};
}

void imap_lexer_clear(struct imap_lexer *lexer)
{
	if (lexer->word)
		g_string_free(lexer->word, TRUE);
	lexer->word = NULL;
}

void imap_lexer_begin(struct imap_lexer *lexer)
{
	lexer->byte_count = 0;
}

/* -1: the stream has the fault. */
static int get(struct imap_lexer *lexer)
{
	if (++lexer->byte_count > IMAP_RESPONSE_BYTES_MAX) {
		stream_fail(lexer->stream, "the answer does not end");
		return -1;
	}
	return stream_get(lexer->stream);
}

static enum imap_word_kind lexer_fault(struct imap_lexer *lexer)
{
	stream_fail(lexer->stream, "the answer cannot be read");
	return IMAP_FAULT;
}

static bool add_imap_byte(struct imap_lexer *lexer, int byte)
{
	if (byte < 0)
		return false;
	if (lexer->word->len >= IMAP_WORD_BYTES_MAX)
		return stream_fail(lexer->stream, "a word of the answer does not end");
	g_string_append_c(lexer->word, (char)byte);
	return true;
}

static enum imap_word_kind read_atom(struct imap_lexer *lexer, int byte)
{
	while (add_imap_byte(lexer, byte)) {
		int next = stream_peek(lexer->stream);

		if (next < 0)
			return IMAP_FAULT;
		if (strchr(" ()\r\n", next) && next != '\0')
			return IMAP_ATOM;
		byte = get(lexer);
	}
	return IMAP_FAULT;
}

static enum imap_word_kind read_imap_quoted(struct imap_lexer *lexer)
{
	for (;;) {
		int byte = get(lexer);

		if (byte == '"')
			return IMAP_QUOTED;
		if (byte == '\r' || byte == '\n')
			return lexer_fault(lexer);
		if (byte == '\\')
			byte = get(lexer);
		if (!add_imap_byte(lexer, byte))
			return IMAP_FAULT;
	}
}

static enum imap_word_kind read_line_end(struct imap_lexer *lexer, int byte)
{
	if (byte == '\r')
		byte = get(lexer);
	return byte == '\n' ? IMAP_LINE_END : lexer_fault(lexer);
}

/* "{" number "}" CRLF; RFC 7888 allows no "+" from a server. */
static enum imap_word_kind read_literal(struct imap_lexer *lexer)
{
	guint64 len = 0;
	int byte = get(lexer);

	if (!g_ascii_isdigit(byte))
		return lexer_fault(lexer);
	for (; g_ascii_isdigit(byte); byte = get(lexer)) {
		len = len * 10 + (guint64)(byte - '0');
		if (len > IMAP_LITERAL_BYTES_MAX) {
			stream_fail(lexer->stream,
				    "the server announces a literal without measure");
			return IMAP_FAULT;
		}
	}
	if (byte != '}' || read_line_end(lexer, get(lexer)) != IMAP_LINE_END)
		return lexer_fault(lexer);
	lexer->literal_len = len;
	return IMAP_LITERAL;
}

enum imap_word_kind imap_lexer_next(struct imap_lexer *lexer)
{
	int byte = get(lexer);

	while (byte == ' ')
		byte = get(lexer);
	g_string_truncate(lexer->word, 0);
	switch (byte) {
	case -1:
		return IMAP_FAULT;
	case '(':
		return IMAP_OPEN;
	case ')':
		return IMAP_CLOSE;
	case '"':
		return read_imap_quoted(lexer);
	case '{':
		return read_literal(lexer);
	case '\r':
	case '\n':
		return read_line_end(lexer, byte);
	default:
		return read_atom(lexer, byte);
	}
}

char *imap_lexer_rest(struct imap_lexer *lexer)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int byte;

	while ((byte = get(lexer)) >= 0 && byte != '\n')
		if (text->len < IMAP_TEXT_BYTES_MAX)
			g_string_append_c(text, byte < ' ' || byte == 0x7f ? ' ' : (char)byte);
	return byte < 0 ? NULL : g_strstrip(g_utf8_make_valid(text->str, (gssize)text->len));
}

bool imap_lexer_literal(struct imap_lexer *lexer, GByteArray *keep, gsize max)
{
	for (guint64 left = lexer->literal_len; left > 0;) {
		const char *bytes;
		gsize count = stream_take(lexer->stream, (gsize)left, &bytes);

		if (count == 0)
			return false;
		if (keep && keep->len < max)
			g_byte_array_append(keep, (const guint8 *)bytes,
					    (guint)MIN(count, max - keep->len));
		left -= count;
	}
	return true;
}

bool imap_lexer_skip_line(struct imap_lexer *lexer)
{
	for (;;) {
		switch (imap_lexer_next(lexer)) {
		case IMAP_FAULT:
			return false;
		case IMAP_LINE_END:
			return true;
		case IMAP_LITERAL:
			if (!imap_lexer_literal(lexer, NULL, 0))
				return false;
			break;
		case IMAP_ATOM:
		case IMAP_QUOTED:
		case IMAP_OPEN:
		case IMAP_CLOSE:
			break;
		}
	}
}

guint32 imap_lexer_number(const struct imap_lexer *lexer)
{
	guint64 number;

	return g_ascii_string_to_unsigned(lexer->word->str, 10, 1, G_MAXUINT32, &number, NULL)
		   ? (guint32)number
		   : 0;
}
