/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of message/feedback-report (ARF, RFC 5965): complaints, and what is none.
 */
#ifndef CLASSIFIER_REPORT_FEEDBACK_H
#define CLASSIFIER_REPORT_FEEDBACK_H

#include "classifier/report/finding.h"

/* REPORT_COMPLAINT where feedback of this type, in lower case, says that a person takes the mail
 * for spam. Of the type "not-spam" it says the opposite; "auth-failure" (RFC 6591) is what a
 * machine found when it checked SPF, DKIM or DMARC, maybe of a mail that somebody else sent. */
enum report_kind feedback_kind(const char *type);

/* Reads the fields of feedback; never NULL. */
struct finding *feedback_read(const struct message *message, const char *fields);

#endif
