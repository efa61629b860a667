/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A received message as the grammars see it: they read it, and keep what they find in its
 * pool. None of them changes it.
 */
#ifndef CLASSIFIER_REPORT_MESSAGE_H
#define CLASSIFIER_REPORT_MESSAGE_H

#include "classifier/mime/mime.h"
#include "classifier/report/original.h"
#include "classifier/report/report.h"

/* Who wrote it. */
enum message_author {
	AUTHOR_MACHINE, /* a mail system */
	AUTHOR_OTHER,   /* it cannot be told */
	AUTHOR_PERSON,  /* a person or a mailing list */
};

struct message {
	struct value_pool *pool;
	struct mime *mime;
	const struct report_header *header; /* of a report inside another: that of the outer one */
	const char *auto_submitted;
	const char *const *references;
	const char *from;           /* the From field of this message: decoded, lower case */
	enum message_author author; /* author.h */
	const char *text;           /* what a person would read */
	struct original original;
};

/* The message's own header block. */
struct slice message_header(const struct message *message);

#endif
