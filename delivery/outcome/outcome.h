/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From what the server said to the outcome of each recipient. A refusal is put
 * before the same classifier as a bounce that came back by mail.
 */
#ifndef DELIVERY_OUTCOME_H
#define DELIVERY_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/rules/ruleset.h"
#include "db/queue.h"
#include "delivery/smtp/transaction.h"

enum outcome {
	OUTCOME_ACCEPTED,
	OUTCOME_REJECTED, /* for good */
	OUTCOME_PENDING,  /* for now */
	OUTCOME_UNKNOWN,  /* the final reply was not heard */
};

const char *outcome_name(enum outcome outcome); /* as in SQL */

/* Recipient i of a transaction, and the reply that decided; its text is the
 * result's. reply_out->code 0: none was heard. */
enum outcome outcome_of(const struct smtp_result *result, size_t i, struct smtp_reply *reply_out);

enum outcome_blame {
	BLAME_MAIL,     /* nobody was refused, or for what the mail or its recipients are */
	BLAME_IF_ALIKE, /* in words that say nothing of mail or recipient: ours if others hear them
			 */
	BLAME_US,       /* sender, client or login are refused, at MAIL or later */
};

/* Whose fault it is that nobody gets the mail, and the reply that says so: not one that speaks of
 * its recipient, where others do not. A server may refuse a sender or client only at RCPT
 * (smtpd_delay_reject of Postfix), at DATA or behind the content. */
enum outcome_blame outcome_blame(const struct ruleset *rules, const char *server,
				 const struct db_item *item, const struct smtp_result *result,
				 struct smtp_reply *reply_out);

/* Whether a recipient was accepted, at RCPT at least: nothing else shows that sender, client and
 * login are. A server that calls dead addresses unknown may refuse everybody else. */
bool outcome_is_any_accepted(const struct db_item *item, const struct smtp_result *result);

/* Whether the reply to recipient i says something of it or of the mail, and nothing of us. */
bool outcome_speaks_of_one(const struct ruleset *rules, const char *server,
			   const struct db_item *item, const struct smtp_result *result, size_t i);

/* The outcomes of all recipients for bounce.settle_delivery(). Heap. */
char *outcome_document(const struct ruleset *rules, const char *server, const struct db_item *item,
		       const struct smtp_result *result);

/* The same where they do not show that a server works that refuses others for our fault. Heap. */
char *outcome_doubtful(const struct ruleset *rules, const char *server, const struct db_item *item,
		       const struct smtp_result *result);

/* The same where it may not have been the mail's fault: what was refused is tried again, and
 * the try counts. Heap. */
char *outcome_deferred(const struct ruleset *rules, const char *server, const struct db_item *item,
		       const struct smtp_result *result);

/* A reply as the queue keeps it: code, enhanced status, text. Heap. */
char *outcome_line(const struct smtp_reply *reply);

/* The same for one of which nothing was sent, and which is not to blame. Heap. */
char *outcome_released(const struct db_item *item);

#endif
