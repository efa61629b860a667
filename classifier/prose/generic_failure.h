/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The reading of a failure report that no dialect fits: by its author, by words that say
 * "failed" or "delayed", and by the likeliest address.
 */
#ifndef CLASSIFIER_PROSE_GENERIC_FAILURE_H
#define CLASSIFIER_PROSE_GENERIC_FAILURE_H

#include "classifier/report/finding.h"

/* Reads such a report; NULL if the message is none. What does not come from a mail system must
 * have the very subject of a report and name an address. */
struct finding *generic_failure_parse(const struct message *message);

#endif
