/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of message/feedback-report (ARF, RFC 5965): complaints.
 */
#ifndef CLASSIFIER_REPORT_FEEDBACK_H
#define CLASSIFIER_REPORT_FEEDBACK_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* Reads the fields. The report becomes a complaint, or with "not-spam" nothing at all. */
bool feedback_parse(struct report_build *build, const char *fields);

#endif
