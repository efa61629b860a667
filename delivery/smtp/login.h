/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SASL for submission (RFC 4954): PLAIN and LOGIN with a password; OAUTHBEARER (RFC 7628)
 * and XOAUTH2 with a token.
 */
#ifndef DELIVERY_SMTP_LOGIN_H
#define DELIVERY_SMTP_LOGIN_H

#include "delivery/smtp/client.h"
#include "delivery/smtp/dialogue.h"

/* Logs in by the best of the mechanisms that the server offers ("PLAIN LOGIN"). False with
 * the fault in the dialogue: not offered, refused, or not to be tried on this connection. */
bool login_run(struct dialogue *dialogue, const struct smtp_client *client, const char *mechanisms);

#endif
