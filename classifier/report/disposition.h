/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of message/disposition-notification (RFC 8098): read receipts.
 */
#ifndef CLASSIFIER_REPORT_DISPOSITION_H
#define CLASSIFIER_REPORT_DISPOSITION_H

#include "classifier/report/finding.h"

/* Reads the fields of a read receipt; never NULL. */
struct finding *disposition_read(const struct message *message, const char *fields);

#endif
