/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The returned original, in whichever form it came back: embedded message,
 * headers only, or text after the words of the report.
 */
#ifndef CLASSIFIER_REPORT_ORIGINAL_H
#define CLASSIFIER_REPORT_ORIGINAL_H

#include "classifier/report/report.h"

/* What identifies it. */
struct original {
	struct report_header header;
	const char *communication_id; /* X-Communication-ID */
	const char *queue_id;         /* X-Postfix-Queue-ID */
};

struct original original_empty(void);

/* Reads an original's header block into *original; what is there already stays, but for the
 * addressees. */
void original_read(struct value_pool *pool, struct slice header, struct original *original);

/* The same for one struct report_header, also that of a message that is no original. */
void original_read_header(struct value_pool *pool, struct slice header, struct report_header *out);

/* Where a copied message or header begins in text, by the fields themselves;
 * NULL if there is none. It may be indented or quoted. *whole_out says that it
 * has fields that only a real header has, so that the report's own words end
 * here; else it is a description of the message ("From: To: Subject:"). */
const char *original_find_in_text(const char *text, bool *whole_out);

/* A header block without the prefix ("  ", "> ") that all its lines carry. Heap. */
char *original_unquote(const char *block);

#endif
