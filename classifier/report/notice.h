/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reports that are no failures: read receipts (RFC 8098), complaints (RFC 5965),
 * automatic replies (RFC 3834 and older customs), challenges.
 */
#ifndef CLASSIFIER_REPORT_NOTICE_H
#define CLASSIFIER_REPORT_NOTICE_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* The fields of message/disposition-notification. */
void notice_read_receipt(struct report_build *build, const char *fields);

/* The fields of message/feedback-report; false if it is no complaint (not-spam). */
bool notice_complaint(struct report_build *build, const char *fields);

/* Complaints without a feedback-report part: the fields in the text, or Microsoft's JMRP,
 * which returns the message alone, or a sentence before the message. */
bool notice_bare_complaint(struct report_build *build);

/* Read receipts and notices of success that only words tell of: Outlook's "Read:", Notes'
 * "Return Receipt", GroupWise, "Delivered:". */
bool notice_bare_receipt(struct report_build *build);

/* The message calls itself a mail system's by its From field. */
bool notice_is_daemon(const struct report_build *build);

/* A challenge or an automatic reply, by header and subject: sets kind, dialect
 * and the one recipient (its sender). False if the message is neither. */
bool notice_auto_reply(struct report_build *build);

#endif
