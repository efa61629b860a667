/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The returned original, in whichever form it came back: embedded message,
 * headers only, or text behind the words of the report.
 */
#ifndef CLASSIFIER_ORIGINAL_H
#define CLASSIFIER_ORIGINAL_H

#include "classifier/report_build.h"

/* Reads what identifies the original from its header block. */
void original_read(struct report_build *build, struct slice header);

/* Where the text of a report ends and a copied message or header begins, by the
 * fields themselves; NULL if there is none. The copy may be indented or quoted. */
const char *original_find_in_text(const char *text);

/* A header block without the prefix ("  ", "> ") that all its lines carry. Heap. */
char *original_unquote(const char *block);

/* Fills one struct report_header from a header block. */
void original_read_header(struct report_build *build, struct slice header, struct report_header *out);

#endif
