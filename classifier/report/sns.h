/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Amazon SES tells of bounces, complaints and deliveries as JSON; SNS mails it
 * (https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html).
 */
#ifndef CLASSIFIER_REPORT_SNS_H
#define CLASSIFIER_REPORT_SNS_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* True if report->text is such a notification; recipients, kind and dialect are set. */
bool sns_parse(struct report_build *build);

#endif
