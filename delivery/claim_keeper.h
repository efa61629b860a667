/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread beside the workers, with a connection of its own to the database: settles what they have
 * noted, gives back what they have not begun, renews their leases, and takes back the claims of
 * workers that are gone, here or on another machine.
 */
#ifndef DELIVERY_CLAIM_KEEPER_H
#define DELIVERY_CLAIM_KEEPER_H

#include <stdbool.h>

#include <glib.h>

#include "db/queue.h"
#include "delivery/settings.h"

struct claim_keeper;

/* Starts it. settings must live longer; queue is taken. It ends once the atomic *is_stopping is not
 * 0. */
struct claim_keeper *claim_keeper_start(const struct delivery_settings *settings,
					struct db_queue *queue, const gint *is_stopping);
/* After *is_stopping, and when no worker has a claim any more: gives back what they have left. */
void claim_keeper_stop(struct claim_keeper *keeper);
void claim_keeper_free(struct claim_keeper *keeper); /* after claim_keeper_stop */

/* A worker has this claim. */
void claim_keeper_add(struct claim_keeper *keeper, const char *claim_id);
/* It is done with it, for that reason, as db_queue_release wants it; the rest is the keeper's: the
 * next claim need not wait for what follows from this one. */
void claim_keeper_end(struct claim_keeper *keeper, const char *claim_id, const char *why);

/* Whether it makes its rounds. Any thread. */
bool claim_keeper_is_alive(const struct claim_keeper *keeper);

#endif
