/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The workers: each a thread with a connection to the database and, while there is work,
 * one to the server; and the claim_keeper beside them.
 */
#ifndef DELIVERY_WORKERS_H
#define DELIVERY_WORKERS_H

#include <stdbool.h>

#include <glib.h>

#include "classifier/rules/live_ruleset.h"
#include "delivery/settings.h"
#include "delivery/smtp/client.h"

struct workers;

/* Starts the threads. All three arguments must live longer. */
struct workers *workers_start(const struct delivery_settings *settings,
			      const struct smtp_client *client, struct live_ruleset *rules);
/* Nothing more is begun. */
void workers_begin_to_stop(struct workers *workers);
/* Ends them: what is being sent is finished and settled, what was only claimed is
 * released. */
void workers_stop(struct workers *workers);
/* Whether the keeper makes its rounds; always while they are being stopped. Any thread,
 * any time before workers_free. */
bool workers_are_kept(const struct workers *workers);
void workers_free(struct workers *workers); /* after workers_stop */

#endif
