/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands and replies over a connection, each in its time. A command is said only when the
 * server has said nothing that was not asked for. The first fault is kept, and from then
 * on nothing more is said or heard.
 */
#ifndef DELIVERY_SMTP_DIALOGUE_H
#define DELIVERY_SMTP_DIALOGUE_H

#include <stdbool.h>

#include <glib.h>

#include "delivery/smtp/reply_reader.h"
#include "net/connection.h"
#include "net/secret_filter.h"

struct dialogue {
	struct connection *connection;
	struct reply_reader reader;
	const char *last_step; /* what was said last, for people */
	bool was_anything_heard;
	char *fault;                  /* NULL: none */
	struct secret_filter *filter; /* once it was told a secret; else NULL */
};

/* Takes the connection. */
void dialogue_open(struct dialogue *dialogue, struct connection *connection);
void dialogue_close(struct dialogue *dialogue);

/* step: what it is, for people, as "RCPT"; static. bytes: whole commands, or a part of the
 * message. */
bool dialogue_say(struct dialogue *dialogue, const char *step, GString *bytes, unsigned seconds);
bool dialogue_say_bytes(struct dialogue *dialogue, const char *step, const char *bytes, gsize len,
			unsigned seconds);
/* The reply to a step that was said; its text is the caller's, also when it is false. */
bool dialogue_hear(struct dialogue *dialogue, const char *step, unsigned seconds,
		   struct smtp_reply *reply_out);

/* From here on all is encrypted. */
bool dialogue_start_tls(struct dialogue *dialogue, SSL_CTX *context, unsigned seconds);

/* The dialogue cannot go on. Takes the fault. False, for the caller to return. */
bool dialogue_fail(struct dialogue *dialogue, char *fault);

/* "550 5.7.1 go away". Heap. */
char *dialogue_quote(const struct smtp_reply *reply);

#endif
