/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of what an IMAP server says (RFC 3501 section 9), one after the other. Every word has
 * a bound, a literal none: its length is told and its bytes are left to the caller.
 */
#ifndef FETCH_IMAP_LEXER_H
#define FETCH_IMAP_LEXER_H

#include <stdbool.h>

#include <glib.h>

#include "net/stream.h"

enum {
	IMAP_WORD_BYTES_MAX = 8192,
	IMAP_TEXT_BYTES_MAX = 4000,         /* kept of a text */
	IMAP_RESPONSE_BYTES_MAX = 64 << 20, /* of one command, its literals apart */
	IMAP_LITERAL_BYTES_MAX = 1 << 30,   /* more is a lie */
};

enum imap_word_kind {
	IMAP_FAULT,
	IMAP_ATOM,    /* also numbers, flags, NIL, BODY[]<0> */
	IMAP_QUOTED,  /* without its quotes */
	IMAP_LITERAL, /* its bytes are next in the stream */
	IMAP_OPEN,
	IMAP_CLOSE,
	IMAP_LINE_END,
};

struct imap_lexer {
	struct stream *stream;
	GString *word;       /* of the last atom or quoted string */
	guint64 literal_len; /* of the last literal */
	gsize byte_count;    /* since imap_lexer_begin */
};

void imap_lexer_init(struct imap_lexer *lexer, struct stream *stream);
void imap_lexer_clear(struct imap_lexer *lexer);

/* A new answer: the count of bytes begins anew. */
void imap_lexer_begin(struct imap_lexer *lexer);

/* IMAP_FAULT: the stream has the fault. */
enum imap_word_kind imap_lexer_next(struct imap_lexer *lexer);

/* The rest of the line, without its end and without control characters, as valid UTF-8; heap. NULL
 * after a fault. */
char *imap_lexer_rest(struct imap_lexer *lexer);
/* Reads the rest of the line and its literals, and forgets them. */
bool imap_lexer_skip_line(struct imap_lexer *lexer);
/* Reads the bytes of the last literal; appends the first max of them to keep, if not NULL. */
bool imap_lexer_literal(struct imap_lexer *lexer, GByteArray *keep, gsize max);

/* The last atom as a number that is not 0; 0: it is none. */
guint32 imap_lexer_number(const struct imap_lexer *lexer);

#endif
