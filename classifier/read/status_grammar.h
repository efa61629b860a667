/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Delivery-status fields (RFC 3464) wherever they are: in their own parts, in the text, or in
 * an attached file.
 *
 * Each returns NULL if there are none. A finding without recipients has only per-message
 * fields: no dialect, and the message is still to be read.
 */
#ifndef CLASSIFIER_READ_STATUS_GRAMMAR_H
#define CLASSIFIER_READ_STATUS_GRAMMAR_H

#include "classifier/report/finding.h"

/* The fields in this part and in the status parts after it: some systems send one for each
 * recipient. */
struct finding *status_grammar_read_parts(const struct message *message, int part);

/* Fields under a wrong type, or in the middle of the text. People paste them into questions:
 * only from those who may be a mail system. */
struct finding *status_grammar_read_text(const struct message *message);

/* Fields in a file that a mail system attached ("details.txt"). A file that is a message must
 * have nothing else. */
struct finding *status_grammar_read_file(const struct message *message);

/* A read receipt's part that holds delivery-status fields instead. */
struct finding *status_grammar_read_fields(const struct message *message, const char *fields);

#endif
