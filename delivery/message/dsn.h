/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The texts of a non-delivery notice (RFC 3464) from the facts that the queue holds
 * (bounce_internal.notice_facts()). Knows no MIME: delivery/message/compose.c puts the parts
 * together.
 */
#ifndef DELIVERY_MESSAGE_DSN_H
#define DELIVERY_MESSAGE_DSN_H

#include <glib.h>

/* Lines end in LF. All but explanation and subject are printable ASCII. */
struct dsn {
	char *explanation;   /* for a person, UTF-8 */
	char *status_fields; /* message/delivery-status, RFC 3464 section 2 */
	char *header_fields; /* of the original, without its Subject; text/rfc822-headers */
	char *subject;       /* of the original, UTF-8, shortened */
};

/* NULL with BM_ERROR_INPUT for what is no such JSON object, or names no recipient. */
struct dsn *dsn_new(const char *facts, GError **error) __attribute__((warn_unused_result));
void dsn_free(struct dsn *dsn);

typedef struct dsn dsn_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(dsn_t, dsn_free)

#endif
