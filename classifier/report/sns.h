/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Amazon SES reports bounces, complaints and deliveries as JSON; SNS mails it
 * (https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html).
 */
#ifndef CLASSIFIER_REPORT_SNS_H
#define CLASSIFIER_REPORT_SNS_H

#include "classifier/report/finding.h"

/* Reads a message whose text is such a notification; NULL if it is none. */
struct finding *sns_parse(const struct message *message);

#endif
