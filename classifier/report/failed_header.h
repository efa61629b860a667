/* SPDX-License-Identifier: BSD-2-Clause
 *
 * X-Failed-Recipients: the field in which Exim, and Gmail after it, name the recipients of
 * a report in words.
 */
#ifndef CLASSIFIER_REPORT_FAILED_HEADER_H
#define CLASSIFIER_REPORT_FAILED_HEADER_H

#include "classifier/report/finding.h"

/* The addresses in the field. NULL-terminated; free with g_strfreev. */
char **failed_header_list(const struct message *message);

/* Adds the recipients that the field names, each with the action "failed". */
void failed_header_add(const struct message *message, struct finding *finding);

/* The address in the field if there is exactly one, else "". Heap. */
char *failed_header_single(const struct message *message);

#endif
