/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the bytes of one message to its committed record, the same for the milter and for
 * every other way in: parse, classify, record; nothing else.
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "base/prometheus_text.h"
#include "classifier/rules/live_ruleset.h"
#include "classifier/text/limits.h"
#include "classifier/verdict/envelope.h"
#include "db/record.h"

struct intake;

/* Takes the ruleset; the pool must live longer. */
struct intake *intake_new(struct ruleset *rules, struct db_pool *pool, const struct limits *limits);
void intake_free(struct intake *intake);

/* The rules in force; messages in progress finish with those they started with. */
struct live_ruleset *intake_rules(const struct intake *intake);

/* Processes one message. Pass at least limits.message_bytes + 1 bytes of a longer one: the
 * last one shows that it was cut. True only after COMMIT. Otherwise
 *   BM_ERROR_RETRY, BM_ERROR_UNCERTAIN, BM_ERROR_CONFIG: it must not be accepted
 *   BM_ERROR_INPUT: the database can never store it; a person must see the message
 * Thread-safe. Clear the result with db_record_result_clear. */
bool intake_process(struct intake *intake, const struct envelope *envelope, const char *bytes,
		    size_t len, struct db_record_result *result_out, GError **error)
    __attribute__((warn_unused_result));

/* One of several messages; envelope and bytes as for intake_process. */
struct intake_mail {
	const struct envelope *envelope;
	const char *bytes;
	size_t len;
	struct db_record_result result; /* out: empty with an error */
	GError *error;                  /* out: as of intake_process; NULL: it is recorded */
};

/* Processes several (struct intake_mail) together, at most DB_RECORDS_MAX: each has an outcome of
 * its own, as db_record_reports says. */
void intake_process_all(struct intake *intake, GPtrArray *mails);

/* How long the messages took so far: to be parsed and classified, and to be recorded, with the
 * wait for a connection and whether or not it succeeded. */
struct intake_times {
	struct prometheus_text_histogram reading;
	struct prometheus_text_histogram recording;
};
const struct intake_times *intake_times(const struct intake *intake);

/* Whether a person is to get the mail: it goes to the operator, or, where there is none, nobody
 * could classify it. */
bool intake_is_for_person(const struct db_record_result *result);

/* The document that would be recorded of a message, as JSON of
 * classifier/verdict/document.h; records nothing. Heap. Thread-safe on one ruleset. */
char *intake_document(const struct ruleset *rules, const struct limits *limits,
		      const struct envelope *envelope, const char *bytes, size_t len);

#endif
