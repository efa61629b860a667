/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The workers: each a thread with a connection to the database and, while there
 * is work, one to the server. One more thread keeps their leases and sweeps up
 * after workers that are gone, here or on another machine.
 */
#ifndef DELIVERY_WORKER_H
#define DELIVERY_WORKER_H

#include <glib.h>

#include "classifier/rules/live_ruleset.h"
#include "delivery/settings.h"
#include "delivery/smtp.h"

struct workers;

/* Keeps all three, which must live longer. Starts the threads. */
struct workers *workers_start(const struct delivery_settings *settings,
			      const struct smtp_client *client, struct live_ruleset *rules);
/* Ends them: what is being sent is finished and settled, what was only claimed
 * is given back. */
void workers_stop(struct workers *workers);

#endif
