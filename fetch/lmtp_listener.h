/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The socket at which MTAs deliver by LMTP, a thread for each connection.
 */
#ifndef FETCH_LMTP_LISTENER_H
#define FETCH_LMTP_LISTENER_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/mail_intake.h"

struct lmtp_listener;

struct lmtp_place {
	const char *socket; /* unix:PATH or inet:PORT@HOST */
	unsigned mode;      /* of a unix socket */
	bool own_mta;
	unsigned sessions_max;
};

/* Opens the socket; a unix socket on which somebody answers is left alone. mail_intake lives
 * longer. NULL with BM_ERROR_CONFIG. */
struct lmtp_listener *lmtp_listener_open(const struct lmtp_place *place,
					 struct mail_intake *mail_intake, GError **error)
    __attribute__((warn_unused_result));
void lmtp_listener_start(struct lmtp_listener *listener);
/* Closes the socket, and waits for the mails in hand. */
void lmtp_listener_stop(struct lmtp_listener *listener);
void lmtp_listener_free(struct lmtp_listener *listener); /* NULL does nothing */

#endif
