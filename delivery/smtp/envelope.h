/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The commands of an envelope, with the parameters that the server offers; and what of it
 * cannot be said at all.
 */
#ifndef DELIVERY_SMTP_ENVELOPE_H
#define DELIVERY_SMTP_ENVELOPE_H

#include <stdbool.h>

#include <glib.h>

#include "delivery/smtp/ehlo_extensions.h"
#include "delivery/smtp/transaction.h"

struct envelope {
	char *sender;
	char **recipients; /* as they go over the connection, domains in A-labels */
	bool needs_utf8;
	bool asks_success;
};

void envelope_init(struct envelope *envelope, const struct smtp_transaction *transaction);
void envelope_clear(struct envelope *envelope);

/* Whether the address can be said to this server. Otherwise *reply_out is what it would
 * have answered; its text is the caller's. */
bool envelope_can_say(const char *address, const struct ehlo_extensions *offers,
		      struct smtp_reply *reply_out);

/* Whole commands with CRLF are appended. */
void envelope_say_mail(const struct envelope *envelope, const struct smtp_transaction *transaction,
		       const struct ehlo_extensions *offers, GString *commands);
void envelope_say_recipient(const struct envelope *envelope, size_t i,
			    const struct ehlo_extensions *offers, GString *commands);

#endif
