/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One transaction of a dialogue, from MAIL to the reply to the message.
 */
#ifndef DELIVERY_SMTP_TRANSACTION_STEPS_H
#define DELIVERY_SMTP_TRANSACTION_STEPS_H

#include "delivery/smtp/client.h"
#include "delivery/smtp/dialogue.h"
#include "delivery/smtp/ehlo_extensions.h"
#include "delivery/smtp/transaction.h"

struct transaction_steps {
	struct dialogue *dialogue;
	const struct smtp_client *client;
	const struct ehlo_extensions *offers;
	const struct smtp_handler *handler;
	const struct smtp_transaction *transaction;
	size_t index;
	bool was_ended; /* the handler heard of its end */
};

/* What the connection is good for now. */
enum transaction_steps_next {
	TRANSACTION_STEPS_GOES_ON,
	TRANSACTION_STEPS_NEEDS_RESET, /* the server may still be in the middle of it */
	TRANSACTION_STEPS_CLOSES,      /* nothing more is to be said */
};

enum transaction_steps_next transaction_steps_run(struct transaction_steps *steps);

#endif
