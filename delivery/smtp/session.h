/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection to the submission server: several transactions over it, and the reply
 * to each recipient. Draws no conclusions from the replies; knows neither the database
 * nor how a message is composed.
 */
#ifndef DELIVERY_SMTP_SESSION_H
#define DELIVERY_SMTP_SESSION_H

#include <stddef.h>

#include "delivery/smtp/transaction.h"

struct smtp_client;

/* Runs the transactions. NULL when the server replied to any of them; otherwise what is
 * wrong with the server or on the way to it, for people: unreachable, greeting, TLS,
 * login. Heap. Thread-safe. */
char *smtp_session_run(const struct smtp_client *client,
		       const struct smtp_transaction *transactions, size_t count,
		       const struct smtp_handler *handler);

#endif
