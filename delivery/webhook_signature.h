/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How an event is signed, after the Standard Webhooks specification: HMAC-SHA256 over id,
 * timestamp and body, once with each secret, so that secrets can be changed without a gap.
 */
#ifndef DELIVERY_WEBHOOK_SIGNATURE_H
#define DELIVERY_WEBHOOK_SIGNATURE_H

#include <glib.h>

/* The lines of the file as it is now; blank lines and those that begin with '#' are skipped. NULL
 * with BM_ERROR_CONFIG when it cannot be read, holds no secret, or a line is no secret. */
char **webhook_signature_read_secrets(const char *path, GError **error)
    __attribute__((warn_unused_result));

/* The headers of an event that is sent now (seconds since 1970): its type, webhook-id,
 * webhook-timestamp, and webhook-signature, which is "v1,BASE64" for each secret, with a space
 * between. A secret is "whsec_" and the key in Base64. "Name: value" each, with a NULL at the end;
 * g_strfreev. */
char **webhook_signature_headers(char **secrets, const char *id, gint64 now, const char *body);

#endif
