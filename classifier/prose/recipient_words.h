/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Completes the recipients of a delivery status from the text beside it.
 */
#ifndef CLASSIFIER_PROSE_RECIPIENT_WORDS_H
#define CLASSIFIER_PROSE_RECIPIENT_WORDS_H

#include "classifier/report/finding.h"

/* Replaces partial addresses by whole ones, gives recipients whose diagnostic is "" the passage of
 * the text about them, and tells whom the mail was written to where the status does not. */
void recipient_words_add(const struct message *message, struct finding *finding);

#endif
