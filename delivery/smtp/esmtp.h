/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one door to libESMTP, and what the modules behind it share. For use inside
 * delivery/smtp/ only.
 *
 * libESMTP walks through the session's messages by itself and calls back. What must be
 * known of it:
 *
 * - After a reply that it cannot read it sends QUIT and forgets what it had pipelined:
 *   the next reply but one makes it call through a wild pointer. So PIPELINING (RFC 2920)
 *   is hidden from it where the server offers it.
 * - Setting errno in the content callback drops the connection without the final dot,
 *   which is the only way to stop.
 * - A reply that breaks RFC 2034 (a second line without the enhanced code, which is
 *   common) ends its session with the code set and no text: the text is then taken from
 *   the bytes received.
 * - A refused login does not stop it from going on with MAIL.
 * - With TLS 1.3 it takes the server's session tickets for the reply to EHLO: they are
 *   hidden from it until EHLO is written.
 * - It does not speak to a server without 8BITMIME (RFC 6152) once a message has been
 *   declared as such: that waits until the reply to EHLO is received. Without 8BITMIME
 *   mails go out undeclared: composed ones are ASCII, a raw one is its application's.
 * - It connects without a bound, and takes an interruption for a failure.
 * - Its own check of a certificate goes by the canonical name of DNS; OpenSSL is told to
 *   check the configured name instead.
 */
#ifndef DELIVERY_SMTP_ESMTP_H
#define DELIVERY_SMTP_ESMTP_H

#include <auth-client.h>
#include <openssl/ssl.h>

#include <libesmtp.h> /* after OpenSSL: declares smtp_starttls_set_ctx only then */

#include "delivery/smtp/connect_timeout.h"
#include "delivery/smtp/transaction.h"

struct smtp_client {
	char *server;
	char *hostname;
	char *username;
	char *password;
	enum starttls_option starttls;
	bool is_verifying;
	unsigned connect_wait;         /* seconds */
	long waits[Timeout_DATA2 + 1]; /* milliseconds, by enum rfc2822_timeouts */
	SSL_CTX *tls;
};

/* One connection. */
struct session {
	const struct smtp_client *client;
	const struct smtp_handler *handler;
	GString *received; /* the last bytes from the server */
	struct transfer *transfers;
	size_t transfer_count;
	bool is_greeted;  /* the reply to EHLO is complete: MAIL was written */
	bool is_declared; /* the messages are declared as 8BITMIME */
	struct connect_timeout connecting;
	bool is_connected;
	int hidden_fd; /* socket whose tickets are hidden; -1: none */
	bool is_logged_in;
	bool was_any_ended;
	char *tls_problem;
};

/* The state of one transaction. */
struct transfer {
	struct session *session;
	size_t index;
	size_t recipient_count;
	smtp_message_t message;
	smtp_recipient_t *recipients;
	GBytes *content;
	gsize offset;
	bool is_begun;
	bool is_complete;
	bool is_ended;
};

/* A login is configured and was not accepted: what the server replies to MAIL then says
 * nothing of the mail. */
static inline bool session_lacks_login(const struct session *session)
{
	return *session->client->username != '\0' && !session->is_logged_in;
}

#endif
