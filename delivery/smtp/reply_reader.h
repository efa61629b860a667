/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads the server's replies (RFC 5321 section 4.2) from bytes that come in any pieces.
 * Strict: what is not surely a reply is not one, and every dimension has a bound.
 */
#ifndef DELIVERY_SMTP_REPLY_READER_H
#define DELIVERY_SMTP_REPLY_READER_H

#include <stdbool.h>

#include <glib.h>

#include "delivery/smtp/transaction.h"

enum { REPLY_LINE_BYTES_MAX = 2048, REPLY_LINES_MAX = 128, REPLY_TEXT_BYTES_MAX = 4096 };

struct reply_reader {
	GString *pending; /* received, and of no reply yet */
	GString *lines;   /* of the last reply, without the code, each ended by LF */
	int code;         /* of a reply that goes on; 0: none does */
	unsigned line_count;
};

enum reply_progress {
	REPLY_INCOMPLETE,
	REPLY_COMPLETE,
	REPLY_UNREADABLE, /* for good: nothing that follows can be trusted */
};

void reply_reader_init(struct reply_reader *reader);
void reply_reader_clear(struct reply_reader *reader);

void reply_reader_add(struct reply_reader *reader, const char *bytes, gsize len);

/* The next reply, if it is there; its text is owned by the caller: one line of valid UTF-8
 * without control characters, cut to REPLY_TEXT_BYTES_MAX before what is no UTF-8 is replaced. An
 * enhanced status code is read where its class is that of the code, and taken out of each line that
 * repeats it. */
enum reply_progress reply_reader_next(struct reply_reader *reader, struct smtp_reply *reply_out);

/* Nothing was received behind the last complete reply. */
bool reply_reader_is_empty(const struct reply_reader *reader);

#endif
