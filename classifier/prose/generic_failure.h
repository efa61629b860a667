/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The reading of a failure report that no dialect fits: by its author, by words that say
 * "failed" or "delayed", and by the likeliest address.
 */
#ifndef CLASSIFIER_PROSE_GENERIC_FAILURE_H
#define CLASSIFIER_PROSE_GENERIC_FAILURE_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* True if the message is such a report: recipients are added, kind and dialect set. What does
 * not come from a mail system must have the very subject of a report and name an address. */
bool generic_failure_parse(struct report_build *build);

#endif
