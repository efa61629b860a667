/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Failure reports in the set phrases of a known mail system, which are the sections
 * of etc/dialects.
 */
#ifndef CLASSIFIER_PROSE_DIALECT_READER_H
#define CLASSIFIER_PROSE_DIALECT_READER_H

#include <stdbool.h>

#include "classifier/prose/dialects.h"
#include "classifier/report/report_builder.h"

/* Reads the report's text by the dialects. True if it reports a failure, a delay or a success:
 * recipients are added, dialect and kind set. */
bool dialect_reader_parse(struct report_build *build);

/* Adds the recipients of the first dialect that fits the text and names one; NULL if none. */
const struct prose_dialect *dialect_reader_collect(struct report_build *build, const char *text);

#endif
