/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is to be sent, and what the server replied. Values only.
 */
#ifndef DELIVERY_SMTP_TRANSACTION_H
#define DELIVERY_SMTP_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* A reply of the server; code 0: none was received. */
struct smtp_reply {
	int code;        /* RFC 5321 section 4.2; of any class */
	char status[16]; /* enhanced status code, RFC 2034; "" if none */
	char *text;      /* without the codes; never NULL; owned by the result */
};

static inline bool smtp_reply_is_positive(const struct smtp_reply *reply)
{
	return reply->code >= 200 && reply->code <= 299;
}

struct smtp_result {
	struct smtp_reply mail;
	struct smtp_reply *recipients; /* one each, in the order of the transaction */
	struct smtp_reply data;        /* to the message as a whole, or what DATA got for 354 */
	const char *fault;             /* why a reply is missing, for people; "": none is */
	bool is_complete; /* all of it was written, with its end: the server may have it */
};

struct smtp_transaction {
	const char *sender; /* "" is the null sender */
	char *const *recipients;
	size_t recipient_count;
	const char *envelope_id;
	size_t size_estimate;
	bool asks_success; /* for a report of success too: RFC 3461 section 4.1 */
};

struct smtp_handler {
	/* The message as it goes over the connection, lines ended by CRLF. Called when the server
	 * asks for it, and before a byte of it is written. NULL: it must not be sent; the
	 * connection is closed and nothing further is begun. */
	GBytes *(*begin)(void *context, size_t index);
	/* Called once for each transaction to which the server replied, also when the
	 * connection broke; not where begin gave NULL. */
	void (*end)(void *context, size_t index, const struct smtp_result *result);
	void *context;
};

#endif
