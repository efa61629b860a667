/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The JSON form of a classified report: the only thing that passes from the
 * classifier to the database, and the contract of bounce.record_report().
 *
 *  { "version": 1, "source": "milter", "kind": "dsn", "dialect": "rfc3464",
 *    "truncated": false, "size": 4312, "digest": "<sha-256 of the body, hex>",
 *    "envelope":  { "sender": "", "recipients": ["bounce+...@b.example"],
 *                   "queue_id": "4XyZ", "client": "192.0.2.1", "own_mta": false },
 *    "header":    { "message_id", "from", "sender", "subject", "date", "to": [],
 *                   "auto_submitted" },
 *    "report":    { "reporting_mta", "received_from_mta", "dsn_gateway", "arrival_date",
 *                   "envelope_id", "feedback_type", "return_date",
 *                   "new_address" },
 *    "original":  { "message_id", "from", "sender", "subject", "date", "to": [],
 *                   "communication_id", "queue_id" },
 *    "references": [],
 *    "recipients": [ { "recipient", "original_recipient", "addresses": [],
 *                      "action", "status", "reply_code", "diagnostic", "diagnostic_type",
 *                      "remote_mta", "final_log_id", "last_attempt_date",
 *                      "will_retry_until", "source", "reason", "permanence", "rule",
 *                      "evidence" } ] }
 *
 * There is no class: the database has the table that counts. All keys are always present;
 * absence is "" or []. "recipients" has at least
 * one element; one with "recipient": "" stands for a report that names none.
 * "addresses" holds every spelling of the two recipient addresses worth
 * comparing: lower case, with the domain as A-label and as U-label (RFC 5891).
 */
#ifndef CLASSIFIER_VERDICT_DOCUMENT_H
#define CLASSIFIER_VERDICT_DOCUMENT_H

#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"
#include "classifier/verdict/envelope.h"

/* The document as compact JSON. verdicts has max(1, report->recipient_count) elements,
 * in the order of the recipients. Free with g_free. */
char *document_build(const struct report *report, const struct verdict *verdicts,
		     const struct envelope *envelope);

#endif
