/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Recording reports: one statement, one round trip, one commit for each, or for several. What
 * follows from a bounce is decided by bounce.record_report() in sql/.
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

/* document is the JSON of classifier/verdict/document.h, raw the message as received. */
struct db_report {
	const char *document;
	const char *raw;
	size_t raw_len;
};

/* Records a report. True only after COMMIT. Repeating a call is harmless.
 * False with a code of base/error.h as pg_query. */
bool db_record_report(struct db_pool *pool, const struct db_report *report,
		      struct db_record_result *result_out, GError **error)
    __attribute__((warn_unused_result));
void db_record_result_clear(struct db_record_result *result);

/* One of several. */
struct db_record {
	struct db_report report;
	struct db_record_result result; /* out: empty with an error */
	GError *error;                  /* out: as of db_record_report; NULL: it is recorded */
};

/* What should be gathered for a call at most. */
enum { DB_RECORDS_MAX = 64, DB_RECORDS_BYTES_MAX = 8 * 1024 * 1024 };

/* Records reports (struct db_record), in their order, by one statement and one COMMIT where that
 * can be. Each has an outcome of its own, as if it had been recorded alone. Only where there is no
 * connection to be had, the rest is not tried any more, and has that error. */
void db_record_reports(struct db_pool *pool, GPtrArray *records);

/* The first half of that, for several: without a connection they all have that error. Those that
 * are left are to be recorded alone; a single one is, too. */
void db_record_together(struct db_pool *pool, GPtrArray *records);
bool db_record_is_left(const struct db_record *record);

const char *db_record_disposition_name(
    enum db_disposition disposition); /* as in SQL: "discard", "deliver", "forward", "queue" */

#endif
