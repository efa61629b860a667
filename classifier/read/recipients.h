/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The last steps over the recipients of a report: what an Action and a status mean
 * together, and what must not be held against a recipient.
 */
#ifndef CLASSIFIER_READ_RECIPIENTS_H
#define CLASSIFIER_READ_RECIPIENTS_H

#include "classifier/report/finding.h"

/* Completes a finding whose recipients come from delivery-status fields, and sets its kind and
 * dialect. The message's text must have been read. */
void recipients_settle(const struct message *message, struct finding *finding);

#endif
