/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The operator's copies: a thread that sends those that are queued in the database through the
 * server of the keys smtp_..., at least once each, and always with the same Message-ID.
 */
#ifndef DELIVERY_COPIES_H
#define DELIVERY_COPIES_H

#include <stdbool.h>

#include <glib.h>

#include "classifier/rules/live_ruleset.h"
#include "delivery/settings.h"

struct copies;

/* NULL without an error when no server is set, and with BM_ERROR_CONFIG when password or
 * certificates cannot be read. The settings must live longer. */
struct copies *copies_new(const struct delivery_settings *settings, GError **error);
/* What is wrong with the server or the login there, for people; NULL: nothing. Sends nothing.
 * Heap. */
char *copies_try_server(const struct copies *copies);

/* The thread, until it has been stopped after the copy in hand. NULL does nothing. The rules must
 * live longer. */
void copies_start(struct copies *copies, struct live_ruleset *rules);
void copies_stop(struct copies *copies);
void copies_free(struct copies *copies);

#endif
