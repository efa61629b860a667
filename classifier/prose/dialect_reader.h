/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Failure reports in the set phrases of a known mail system, which are the sections
 * of etc/dialects.
 */
#ifndef CLASSIFIER_PROSE_DIALECT_READER_H
#define CLASSIFIER_PROSE_DIALECT_READER_H

#include "classifier/prose/dialects.h"
#include "classifier/report/finding.h"

/* Reads a message whose text a dialect fits: a failure, a delay or a success. NULL if none
 * does, or if the message only talks about a report. */
struct finding *dialect_reader_parse(const struct message *message);

/* Adds the recipients of the first dialect that fits the text and names one; NULL if none. */
const struct prose_dialect *dialect_reader_collect(const struct message *message,
						   struct finding *finding);

#endif
