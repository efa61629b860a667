/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The operator's copy of a mail that nobody could classify: sent over SMTP, with the verdict in
 * its header as the milter sets it.
 */
#ifndef FETCH_OPERATOR_COPY_H
#define FETCH_OPERATOR_COPY_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "delivery/smtp/client.h"
#include "intake/x_bounce_fields.h"

struct operator_copy {
	const char *sender; /* "" is the null sender */
	const char *to;
	struct x_bounce_fields fields;
	const char *bytes;
	size_t len;
};

/* True once the server has taken it. BM_ERROR_RETRY: it may do so later; BM_ERROR_INPUT: it refuses
 * this mail for good. */
bool operator_copy_send(const struct operator_copy *copy, const struct smtp_client *client,
			GError **error) __attribute__((warn_unused_result));

/* The bytes as they go over the wire: our fields, then the mail without fields X-Bounce-...,
 * every line ended by CRLF and none longer than 998 bytes. */
GBytes *operator_copy_compose(const struct operator_copy *copy);

#endif
