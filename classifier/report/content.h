/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a message consists of besides the fields of its report parts: the words for a person,
 * the returned original, and a report that is inside it.
 */
#ifndef CLASSIFIER_REPORT_CONTENT_H
#define CLASSIFIER_REPORT_CONTENT_H

#include "classifier/mime/mime.h"
#include "classifier/report/original.h"

struct content {
	struct value_pool *pool;
	struct mime *mime;
	const char *text;
	struct original original;
	GString *nested; /* the bytes of a delivery report inside this message; NULL if none */
};

void content_init(struct content *content, struct value_pool *pool, struct mime *mime);

/* Reads the header of the original in that part; if it is a delivery report, it is nested. */
void content_read_original(struct content *content, int part);

/* The first embedded message that is a delivery report is nested. */
void content_find_forwarded(struct content *content);
void content_drop_nested(struct content *content);

/* Reads the header of an original that came as a file of another type. */
void content_read_attached_original(struct content *content);

/* Sets the text from the text parts within a part, without the original (-1: none); reads and
 * cuts off an original that was copied into the text. */
void content_read_text(struct content *content, int within, int original);

/* All text parts, attached ones too; a copied original stays in it. */
const char *content_whole_text(struct content *content);

#endif
