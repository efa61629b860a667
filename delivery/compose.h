/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From what the queue holds to the bytes that go over the wire: either composed
 * (GMime's second door, for writing; classifier/mime.c is the one for reading),
 * or a message as the application wrote it, with our identity put in.
 */
#ifndef DELIVERY_COMPOSE_H
#define DELIVERY_COMPOSE_H

#include <glib.h>

#include "db/queue.h"

/* The message with CRLF line ends, Message-ID and X-Communication-ID, without
 * Bcc. Composed parts are plain ASCII on the wire. NULL with BM_ERROR_INPUT when
 * the attachments cannot be read. mime_init() must have run. Thread-safe. */
GBytes *compose_message(const struct db_content *content, GDateTime *now, GError **error)
    __attribute__((warn_unused_result));

#endif
