/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Complaints, read receipts and notices of success that carry no fields: only words.
 */
#ifndef CLASSIFIER_PROSE_PLAIN_NOTICE_H
#define CLASSIFIER_PROSE_PLAIN_NOTICE_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* Complaints without a feedback-report part: the fields in the text, or Microsoft's JMRP,
 * which returns the message alone, or a sentence before the message. */
bool plain_notice_complaint(struct report_build *build);

/* Read receipts and notices of success: Outlook's "Read:", Notes' "Return Receipt",
 * GroupWise, "Delivered:". */
bool plain_notice_receipt(struct report_build *build);

/* A mail filter's refusal (RFC 5429, Dovecot) comes as a read receipt: where the text
 * says so, the report becomes a failure. */
void plain_notice_rejection(struct report_build *build);

#endif
