/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one door to libESMTP: several transactions over one connection to the
 * submission server, and what the server said to each recipient. Says nothing of
 * what follows from it; knows neither the database nor the message's making.
 */
#ifndef DELIVERY_SMTP_H
#define DELIVERY_SMTP_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "delivery/settings.h"

/* A reply of the server; code 0: none was heard. */
struct smtp_reply {
	int code;        /* RFC 5321 section 4.2 */
	char status[16]; /* enhanced status code, RFC 2034; "" if none */
	char *text;      /* without the codes; never NULL; owned by the result */
};

struct smtp_result {
	struct smtp_reply mail;
	struct smtp_reply *recipients; /* one each, in the order of the transaction */
	struct smtp_reply data;        /* to the message as a whole */
	bool is_begun;                 /* the content was asked for */
	bool is_complete; /* all of it was written, the end as well: the server may have it */
};

struct smtp_transaction {
	const char *sender; /* "" is the null sender */
	char *const *recipients;
	size_t recipient_count;
	const char *envelope_id;
	size_t size_estimate;
};

struct smtp_handler {
	/* The message as it goes over the wire, lines ended by CRLF. Called once
	 * MAIL is accepted and before a byte of it is written. NULL: it must not be
	 * sent; the connection is closed and nothing further is begun. */
	GBytes *(*begin)(void *context, size_t index);
	/* Called once for each transaction to which the server said anything, or
	 * whose content was begun, also when the connection broke. */
	void (*end)(void *context, size_t index, const struct smtp_result *result);
	void *context;
};

struct smtp_client;

/* Reads password and certificates. BM_ERROR_CONFIG. Thread-safe once made. */
struct smtp_client *smtp_client_new(const struct delivery_settings *settings, GError **error)
    __attribute__((warn_unused_result));
void smtp_client_free(struct smtp_client *client);

/* One connection. NULL when transactions could be spoken of; otherwise what is
 * wrong with the server or the way to it, for people: unreachable, greeting, TLS,
 * login. Heap. Thread-safe. */
char *smtp_client_run(const struct smtp_client *client, const struct smtp_transaction *transactions,
		      size_t count, const struct smtp_handler *handler);

#endif
