/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From what the queue holds to the bytes that go over the wire: either composed (with
 * header_fields.h GMime's second door, for writing; classifier/mime/mime.c is the one for reading),
 * as a non-delivery notice (dsn.h), a message as the application wrote it (raw_message.h), or the
 * operator's copy of one that came in.
 */
#ifndef DELIVERY_MESSAGE_COMPOSE_H
#define DELIVERY_MESSAGE_COMPOSE_H

#include <glib.h>

#include "db/outbox/copies.h"
#include "db/queue.h"

/* The message with CRLF line ends, Message-ID, X-Communication-ID, Date and From,
 * without Bcc; a raw one as raw_message.h says. A composed one is plain ASCII. NULL with
 * BM_ERROR_INPUT when the attachments or the notice cannot be read. mime_init() must
 * have run.
 * Thread-safe. */
GBytes *compose_message(const struct db_content *content, GDateTime *now, GError **error)
    __attribute__((warn_unused_result));

/* The operator's copy: a message from sender with the fields X-Bounce-..., and in it the report as
 * it came in, as message/rfc822. */
GBytes *compose_copy(const struct db_copy *copy, const char *sender, GDateTime *now)
    __attribute__((warn_unused_result));

#endif
