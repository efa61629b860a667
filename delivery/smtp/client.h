/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How the submission server is reached: address, waits, TLS, login.
 */
#ifndef DELIVERY_SMTP_CLIENT_H
#define DELIVERY_SMTP_CLIENT_H

#include <glib.h>

#include "delivery/smtp/settings.h"

struct smtp_client;

/* Once, before the first thread. */
void smtp_client_init(void);

/* Reads password and certificates. BM_ERROR_CONFIG. Thread-safe once made. */
struct smtp_client *smtp_client_new(const struct smtp_settings *settings, GError **error)
    __attribute__((warn_unused_result));
void smtp_client_free(struct smtp_client *client);

#endif
