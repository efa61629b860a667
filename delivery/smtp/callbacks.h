/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What libESMTP calls back while a session runs, besides asking for content. For use
 * inside delivery/smtp/ only.
 */
#ifndef DELIVERY_SMTP_CALLBACKS_H
#define DELIVERY_SMTP_CALLBACKS_H

#include "delivery/smtp/esmtp.h"

/* Events and bytes of the session go to it from now on. */
void callbacks_install(smtp_session_t esmtp, struct session *session);

#endif
