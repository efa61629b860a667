/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The webhook: a thread that sends events to the URL of the configuration, at least once each, and
 * those of one communication in their order. doc/webhook.md is what a receiver must know.
 */
#ifndef DELIVERY_WEBHOOK_H
#define DELIVERY_WEBHOOK_H

#include "delivery/settings.h"

struct webhook;

/* Starts the thread; NULL when no URL is set. The settings must live longer. */
struct webhook *webhook_start(const struct delivery_settings *settings);
/* Ends and frees it; what was claimed and not sent is given back. NULL does nothing. */
void webhook_stop(struct webhook *webhook);

#endif
