/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands to a POP3 server, and what it answers (RFC 1939 section 3).
 */
#ifndef FETCH_POP3_DIALOGUE_H
#define FETCH_POP3_DIALOGUE_H

#include <stdbool.h>

#include <glib.h>

#include "net/stream.h"

enum { POP3_LINE_BYTES_MAX = 2048, POP3_MAIL_BYTES_MAX = 1 << 30 };

enum pop3_answer {
	POP3_BROKEN, /* the stream has the fault: only good to be closed */
	POP3_OK,
	POP3_ERR,
	POP3_CONTINUE, /* "+": the server waits for more */
};

struct pop3_dialogue {
	struct stream *stream;
	GString *line; /* the last one, without its end and its "+OK" or "-ERR" */
	bool has_crlf; /* how it ended; else with LF alone */
	unsigned reply_wait;
	unsigned transfer_wait;
};

/* Takes the stream. Waits are in seconds: for a reply, and for each part of a mail or a list. */
void pop3_dialogue_init(struct pop3_dialogue *dialogue, struct stream *stream, unsigned reply_wait,
			unsigned transfer_wait);
void pop3_dialogue_clear(struct pop3_dialogue *dialogue);

enum pop3_answer pop3_dialogue_hear(struct pop3_dialogue *dialogue);
/* Says a line and hears the answer. POP3_CONTINUE is a fault, and so is what the server has said
 * before it was asked. */
enum pop3_answer pop3_dialogue_ask(struct pop3_dialogue *dialogue, const char *line);
/* The same with a line that may have a rest, which the server asks for with POP3_CONTINUE. */
enum pop3_answer pop3_dialogue_begin(struct pop3_dialogue *dialogue, const char *line);

/* After an answer of several lines: the next one is in line. False at the end of them, and after a
 * fault. */
bool pop3_dialogue_next_line(struct pop3_dialogue *dialogue);

/* After +OK to RETR: the mail, up to a "." between line ends such as that of the +OK; its first max
 * bytes appended to keep, its whole size in *size_out. False: the stream has the fault. */
bool pop3_dialogue_mail(struct pop3_dialogue *dialogue, GByteArray *keep, gsize max,
			gsize *size_out);

#endif
