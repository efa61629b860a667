/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One transaction of a session: handed to libESMTP, its content given away piece by
 * piece, and its replies collected. For use inside delivery/smtp/ only.
 */
#ifndef DELIVERY_SMTP_TRANSFER_H
#define DELIVERY_SMTP_TRANSFER_H

#include "delivery/smtp/esmtp.h"

/* Adds the transaction to libESMTP's session. */
void transfer_add(struct transfer *transfer, smtp_session_t esmtp,
		  const struct smtp_transaction *transaction);

/* From the beginning of the content: asks the handler for it the first time. */
void transfer_rewind(struct transfer *transfer);
/* The next piece; NULL at the end, and with errno set if there is no content. */
const char *transfer_next(struct transfer *transfer, int *len_out);

/* Whether the server has replied to it, or was given of its content. */
bool transfer_is_touched(const struct transfer *transfer);
/* Hands the replies to the handler. */
void transfer_end(struct transfer *transfer);

void transfer_clear(struct transfer *transfer);

#endif
