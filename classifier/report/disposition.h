/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of message/disposition-notification (RFC 8098): read receipts.
 */
#ifndef CLASSIFIER_REPORT_DISPOSITION_H
#define CLASSIFIER_REPORT_DISPOSITION_H

#include "classifier/report/report_builder.h"

/* Reads the fields; the report becomes a read receipt. */
void disposition_parse(struct report_build *build, const char *fields);

#endif
