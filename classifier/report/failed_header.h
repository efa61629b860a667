/* SPDX-License-Identifier: BSD-2-Clause
 *
 * X-Failed-Recipients: the field in which Exim, and Gmail after it, name the recipients of
 * a report in words.
 */
#ifndef CLASSIFIER_REPORT_FAILED_HEADER_H
#define CLASSIFIER_REPORT_FAILED_HEADER_H

#include <stdbool.h>

#include "classifier/report/finding.h"

/* Adds the recipients that the field names, each with the action "failed". */
void failed_header_add(const struct message *message, struct finding *finding);

/* Does the field name the address? ASCII case does not count. */
bool failed_header_has(const struct message *message, const char *address);

/* The address in the field if there is exactly one, else "". Heap. */
char *failed_header_single(const struct message *message);

#endif
