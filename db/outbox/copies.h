/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue of the operator's copies as its sender sees it: claim, settle. The order, the pauses
 * and the giving up are in sql/. One connection, for one thread; it connects when it is needed.
 */
#ifndef DB_OUTBOX_COPIES_H
#define DB_OUTBOX_COPIES_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct db_copies;

/* Copies conninfo; opens nothing yet. */
struct db_copies *db_copies_new(const char *conninfo, unsigned query_wait);
void db_copies_free(struct db_copies *copies);

/* Heap strings, never NULL. */
struct db_copy {
	char *bounce_id;
	char *claim_id;
	char *address;
	char *message_id; /* without angle brackets; the same whenever it is sent */
	char *class;
	char *reason;
	char *subject;     /* of the report, like the following; a stranger wrote them */
	char *header_from; /* an address, or "" */
	char *received_at; /* ISO 8601 */
	char *asked_by;    /* who sends it on; "": it is the operator's own */
	char *why;         /* what that person says to it */
	char *raw;         /* its beginning where raw_len is less than size */
	size_t raw_len;
	size_t size;
	bool is_again; /* the operator may have it already */
};
void db_copy_free(struct db_copy *copy);

typedef struct db_copy db_copy_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(db_copy_t, db_copy_free)

/* One that is due, for this worker alone for so many seconds; *copy_out is NULL where there is
 * none. */
bool db_copies_claim(struct db_copies *copies, unsigned lease, struct db_copy **copy_out,
		     GError **error) __attribute__((warn_unused_result));
/* outcome: "sent", "failed", "unknown" or "refused"; response: what the server said, for people. */
bool db_copies_settle(struct db_copies *copies, const struct db_copy *copy, const char *outcome,
		      const char *response, GError **error) __attribute__((warn_unused_result));

#endif
