/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of message/delivery-status and message/global-delivery-status
 * (RFC 3464 section 2, RFC 6533 section 4), in the shapes that are really sent.
 */
#ifndef CLASSIFIER_REPORT_DELIVERY_STATUS_H
#define CLASSIFIER_REPORT_DELIVERY_STATUS_H

#include <stdbool.h>

#include "classifier/report/finding.h"

/* Adds the recipients and the per-message fields in text to the finding.
 * Recipients without any address are left out. Returns how many were added. */
size_t delivery_status_parse(const struct message *message, const char *text,
			     struct finding *finding);

/* Does this line begin a group of delivery-status fields? */
bool delivery_status_begins(const char *line);

/* Where delivery-status fields begin in some text of another type: at a line
 * that begins such a group and is followed by its like. NULL if nowhere. */
const char *delivery_status_find(const char *text);

#endif
