/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Complaints, read receipts and notices of success that carry no fields: only words.
 */
#ifndef CLASSIFIER_PROSE_PLAIN_NOTICE_H
#define CLASSIFIER_PROSE_PLAIN_NOTICE_H

#include "classifier/report/finding.h"

/* Complaints without a feedback-report part: the fields in the text, or Microsoft's JMRP,
 * which returns the message alone, or a sentence before the message. NULL if it is none. */
struct finding *plain_notice_complaint(const struct message *message);

/* Read receipts and notices of success: Outlook's "Read:", Notes' "Return Receipt",
 * GroupWise, "Delivered:". NULL if it is none. */
struct finding *plain_notice_receipt(const struct message *message);

/* A mail filter's refusal (RFC 5429, Dovecot) comes as a read receipt: where the text
 * says so, the receipt becomes a failure. */
void plain_notice_apply_rejection(const struct message *message, struct finding *receipt);

#endif
