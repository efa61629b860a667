/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Recording one report: one statement, one round trip, one commit. What follows
 * from a bounce is decided by bounce.record_report() in sql/.
 */
#ifndef DB_RECORD_H
#define DB_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "db/pool.h"

/* What is to become of the message itself. */
enum db_disposition {
	DB_DISCARD, /* stored, nobody needs to see it */
	DB_DELIVER, /* stored, and the bounce mailbox gets it as well */
	DB_FORWARD, /* nobody could classify it: to the operator's mailbox */
	DB_QUEUE,   /* the same, and bounce-delivery will send the copy: nothing is left to do */
};

/* Heap strings, never NULL after success; clear with db_record_result_clear. */
struct db_record_result {
	char *bounce_id;
	enum db_disposition disposition;
	bool is_duplicate; /* recorded before, nothing changed */
	char *forward_to;  /* address, for DB_FORWARD and DB_QUEUE */
	char *class;       /* the gravest of the message's bounces */
	char *reason;
	char *communication_id; /* of that bounce; "" for none, like the following */
	char *trust;
	char *consequence;
	char *task_id;
};

/* Records a report; document is the JSON of classifier/verdict/document.h, raw the
 * message as received. True only after COMMIT. Repeating a call is harmless.
 * False with a code of base/error.h as pg_query. */
bool db_record_report(struct db_pool *pool, const char *document, const char *raw, size_t raw_len,
		      struct db_record_result *result_out, GError **error)
    __attribute__((warn_unused_result));
void db_record_result_clear(struct db_record_result *result);

const char *db_record_disposition_name(
    enum db_disposition disposition); /* as in SQL: "discard", "deliver", "forward", "queue" */

#endif
