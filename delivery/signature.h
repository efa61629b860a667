/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How an event is signed, after the Standard Webhooks specification: HMAC-SHA256 over id,
 * timestamp and body, once with each secret, so that secrets can be changed without a gap.
 */
#ifndef DELIVERY_SIGNATURE_H
#define DELIVERY_SIGNATURE_H

#include <glib.h>

/* The lines of the file as it is now; blank lines and those that begin with '#' are skipped. NULL
 * with BM_ERROR_CONFIG when it cannot be read, holds no secret, or a line is no secret. */
char **signature_read_secrets(const char *path, GError **error) __attribute__((warn_unused_result));

/* The value of the header webhook-signature: "v1,BASE64" for each secret, with a space between. A
 * secret is "whsec_" and the key in Base64. Heap. */
char *signature_make(char **secrets, const char *id, const char *timestamp, const char *body);

#endif
