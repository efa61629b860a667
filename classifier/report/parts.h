/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which part of a message is what, and which belongs to which.
 */
#ifndef CLASSIFIER_REPORT_PARTS_H
#define CLASSIFIER_REPORT_PARTS_H

#include <stdbool.h>

#include "classifier/mime/mime.h"

int parts_count(const struct mime *mime);
const struct mime_part *parts_at(const struct mime *mime, int index);

bool parts_is_status(const struct mime_part *part);      /* RFC 3464, 6533 */
bool parts_is_disposition(const struct mime_part *part); /* RFC 8098 */
bool parts_is_feedback(const struct mime_part *part);    /* RFC 5965 */
bool parts_is_original(const struct mime_part *part);    /* a message or its header */
bool parts_is_original_type(const char *type);           /* the same by its media type */
bool parts_is_text(const struct mime_part *part);        /* any other text */

/* The first part that is wanted, or -1. */
int parts_find(const struct mime *mime, bool (*is_wanted)(const struct mime_part *));

/* The returned original that belongs to a report part: the sibling after it, or else before
 * it, or -1. */
int parts_find_original(const struct mime *mime, int report_part);

/* The part is the ancestor, or somewhere within it. */
bool parts_is_within(const struct mime *mime, int index, int ancestor);

#endif
