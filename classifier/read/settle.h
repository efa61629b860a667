/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The last steps over the recipients of a report: what an Action and a status mean
 * together, and what must not be held against a recipient.
 */
#ifndef CLASSIFIER_READ_SETTLE_H
#define CLASSIFIER_READ_SETTLE_H

#include "classifier/report/report_builder.h"

/* Finishes a report whose recipients came from delivery-status fields: sets its kind
 * and dialect. report->text must have been read. */
void settle_recipients(struct report_build *build);

#endif
