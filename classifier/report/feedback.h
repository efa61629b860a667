/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of message/feedback-report (ARF, RFC 5965): complaints.
 */
#ifndef CLASSIFIER_REPORT_FEEDBACK_H
#define CLASSIFIER_REPORT_FEEDBACK_H

#include "classifier/report/finding.h"

/* Reads the fields of a complaint; never NULL. Feedback of the type "not-spam" is recognised
 * and is no complaint: kind REPORT_OTHER, no recipient. */
struct finding *feedback_read(const struct message *message, const char *fields);

#endif
