/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The MIME parts of a report: which is what, the words for a person, the
 * returned original.
 */
#ifndef CLASSIFIER_REPORT_REPORT_PARTS_H
#define CLASSIFIER_REPORT_REPORT_PARTS_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

const struct mime_part *parts_at(const struct report_build *build, int index);

/* By media type, the usual misnomers included. */
bool part_is_status(const struct mime_part *part);      /* RFC 3464, 6533 */
bool part_is_disposition(const struct mime_part *part); /* RFC 8098 */
bool part_is_feedback(const struct mime_part *part);    /* RFC 5965 */
bool part_is_original(const struct mime_part *part);    /* a message or its header */

/* The first part that is wanted, or -1. */
int parts_find(const struct report_build *build, bool (*is_wanted)(const struct mime_part *));

/* The returned original that belongs to a report part: its sibling behind it, or before
 * it, or -1. */
int parts_find_original(const struct report_build *build, int report_part);

/* Reads the original's header. If the original is a delivery report itself,
 * build->nested becomes its bytes. */
void parts_read_original(struct report_build *build, int index);

/* The first embedded message that is a delivery report: build->nested becomes it. */
void parts_find_forwarded(struct report_build *build);

/* Sets report->text from the text parts within the part `within`, without original (-1: none);
 * reads and cuts off an original that stands in the text. */
void parts_read_text(struct report_build *build, int within, int original);

/* Reads the header of an original that came as a file of another type. */
void parts_read_attached_original(struct report_build *build);

/* Sets report->text from all text parts, attached ones too; a copied original stays in it. */
void parts_read_whole_text(struct report_build *build);

#endif
