/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How the submission server is reached: address, waits, TLS, login.
 */
#ifndef DELIVERY_SMTP_CLIENT_H
#define DELIVERY_SMTP_CLIENT_H

#include <stdbool.h>

#include <glib.h>
#include <openssl/ssl.h>

#include "delivery/smtp/smtp_settings.h"
#include "net/connection.h"
#include "net/credential.h"

/* The seconds that a mail in hand may still take after smtp_client_stop: the server may have it,
 * and its reply is worth a wait, but not reply_wait, or whoever stops the service kills it. */
enum { SMTP_CLIENT_STOP_WAIT = 60 };

enum smtp_starttls {
	SMTP_STARTTLS_OFF,
	SMTP_STARTTLS_MAY,
	SMTP_STARTTLS_DEMANDED,
	SMTP_TLS_AT_ONCE
};

struct smtp_client {
	char *host;
	char *port;
	char *hostname; /* ours */
	char *username; /* "": no login */
	struct credential *credential;
	bool is_oauth;
	/* the least that a connection must be for the login to be offered to it */
	bool may_login_in_clear;
	bool may_login_unverified;
	enum smtp_starttls starttls;
	bool is_verifying;
	unsigned connect_wait; /* all waits in seconds */
	unsigned greeting_wait;
	unsigned envelope_wait;
	unsigned data_wait;
	unsigned transfer_wait;
	unsigned reply_wait;
	struct connection_stop stop;
	SSL_CTX *tls;
};

/* Reads the certificates, and whether the password can be read. BM_ERROR_CONFIG.
 * settings lives longer. Thread-safe once made. */
struct smtp_client *smtp_client_new(const struct smtp_settings *settings, GError **error)
    __attribute__((warn_unused_result));
void smtp_client_free(struct smtp_client *client);

/* Bounds what every session has left, and what its fault says of the server counts no more. */
void smtp_client_stop(struct smtp_client *client);
bool smtp_client_is_stopped(const struct smtp_client *client);

/* What can be said of the settings without asking the server: a line for people, heap, to be shown
 * unless error is set; in *objection_out, heap, what else they should mend: whoever reads the
 * password sends mail in our name. */
char *smtp_client_examine(const struct smtp_settings *settings, char **objection_out,
			  GError **error);

#endif
