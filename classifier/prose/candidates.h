/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which of the addresses in a text is the recipient, judged by what is around
 * each: for reports of systems whose phrases are unknown.
 */
#ifndef CLASSIFIER_PROSE_CANDIDATES_H
#define CLASSIFIER_PROSE_CANDIDATES_H

#include <stdbool.h>

#include "classifier/report/finding.h"

/* Adds the recipients that the text names, each with that action: those that the original was sent
 * to; failing that, the likeliest and what is listed with it. Never one named as a sender. False if
 * none. */
bool candidates_pick(const struct message *message, const char *text, enum report_action action,
		     struct finding *finding);

#endif
