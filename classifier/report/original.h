/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The returned original, in whichever form it came back: embedded message,
 * headers only, or text behind the words of the report.
 */
#ifndef CLASSIFIER_REPORT_ORIGINAL_H
#define CLASSIFIER_REPORT_ORIGINAL_H

#include "classifier/report/report_builder.h"

/* Reads what identifies the original from its header block. */
void original_read(struct report_build *build, struct slice header);

/* Where a copied message or header begins in text, by the fields themselves;
 * NULL if there is none. It may be indented or quoted. *whole_out says that it
 * has fields that only a real header has, so that the report's own words end
 * here; else it is a description of the message ("From: To: Subject:"). */
const char *original_find_in_text(const char *text, bool *whole_out);

/* A header block without the prefix ("  ", "> ") that all its lines carry. Heap. */
char *original_unquote(const char *block);

/* Fills one struct report_header from a header block. */
void original_read_header(struct report_build *build, struct slice header,
			  struct report_header *out);

#endif
