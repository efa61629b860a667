/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The outbox of the webhook as its sender sees it: claim, settle, release. The order, the pauses
 * and the giving up are in sql/. One connection, for one thread; it connects when it is needed.
 */
#ifndef DB_OUTBOX_EVENTS_H
#define DB_OUTBOX_EVENTS_H

#include <stdbool.h>

#include <glib.h>

struct db_events;

/* Copies conninfo; opens nothing yet. */
struct db_events *db_events_new(const char *conninfo, unsigned query_wait);
void db_events_free(struct db_events *events);

struct db_event {
	char *id; /* of the event: the same whenever it is sent */
	char *claim_id;
	char *body; /* JSON */
};

/* What is due, for this worker alone for so many seconds; by id. NULL with an error. */
GPtrArray *db_events_claim(struct db_events *events, unsigned batch, unsigned lease, GError **error)
    __attribute__((warn_unused_result));
struct db_event_outcome {
	const char *name;     /* taken, failed, gone */
	const char *response; /* what the receiver said, for people */
	unsigned pause;       /* seconds for which it wants no event at all; 0: it did not say */
};

bool db_events_settle(struct db_events *events, const struct db_event *event,
		      const struct db_event_outcome *outcome, GError **error)
    __attribute__((warn_unused_result));
/* Gives back this one and those after it that were claimed with it. */
bool db_events_release(struct db_events *events, const struct db_event *event, GError **error)
    __attribute__((warn_unused_result));

#endif
