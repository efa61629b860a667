/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Delivers one claim over one connection to the server: begin, send, settle. The order
 * of commits is what makes a kill harmless: the begin of a message is committed before a
 * byte of it goes out, its outcome in the commit that begins the next one.
 */
#ifndef DELIVERY_CLAIM_H
#define DELIVERY_CLAIM_H

#include <glib.h>

#include "classifier/rules/ruleset.h"
#include "db/queue.h"
#include "delivery/outcome/refusals.h"
#include "delivery/smtp/session.h"

struct claim_context {
	struct db_queue *queue;
	const struct smtp_client *client;
	const struct ruleset *rules;
	const char *server;        /* as it is configured */
	struct refusals *refusals; /* of all workers */
	const gint *is_stopping;   /* atomic: not 0 when nothing more is to be begun */
};

/* Sends the items of one claim and settles each; what was not begun is still claimed
 * afterwards, for db_queue_release. NULL, or the problem of the server that concerns all
 * mail, for people. Heap. Waits for the database as long as it takes to settle what was
 * sent, unless it is to stop. */
char *claim_deliver(const struct claim_context *context, GPtrArray *items)
    __attribute__((warn_unused_result));

#endif
