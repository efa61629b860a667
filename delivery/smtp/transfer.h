/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One transaction of a dialogue, from MAIL to the reply to the message.
 */
#ifndef DELIVERY_SMTP_TRANSFER_H
#define DELIVERY_SMTP_TRANSFER_H

#include "delivery/smtp/client.h"
#include "delivery/smtp/dialogue.h"
#include "delivery/smtp/offers.h"
#include "delivery/smtp/transaction.h"

struct transfer {
	struct dialogue *dialogue;
	const struct smtp_client *client;
	const struct offers *offers;
	const struct smtp_handler *handler;
	const struct smtp_transaction *transaction;
	size_t index;
	bool was_ended; /* the handler heard of its end */
};

/* What the connection is good for now. */
enum transfer_next {
	TRANSFER_GOES_ON,
	TRANSFER_NEEDS_RESET, /* the server may still be in the middle of it */
	TRANSFER_CLOSES,      /* nothing more is to be said */
};

enum transfer_next transfer_run(struct transfer *transfer);

#endif
