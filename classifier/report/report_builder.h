/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report in the making: what the grammars (delivery status, prose, complaint ...)
 * share while they fill it. Used by report.c and the grammars only.
 */
#ifndef CLASSIFIER_REPORT_REPORT_BUILDER_H
#define CLASSIFIER_REPORT_REPORT_BUILDER_H

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/report/report.h"

/* Who wrote the message. */
enum message_author {
	AUTHOR_UNKNOWN,
	AUTHOR_MACHINE, /* a mail system */
	AUTHOR_OTHER,   /* nobody can tell */
	AUTHOR_PERSON,  /* a person or a mailing list */
};

struct report_build {
	struct report *report;
	const struct limits *limits;
	struct mime *mime;
	GArray *recipients;         /* struct report_recipient */
	enum message_author sender; /* once looked at */
	GString *nested;            /* a report inside this one, to be read instead; NULL if none */
};

/* The text as one line, valid UTF-8, at most limits.field_bytes, in the report's pool. */
const char *report_builder_value(struct report_build *build, const char *text, size_t len);
/* The same with RFC 2047 words decoded. */
const char *report_builder_header_value(struct report_build *build, struct slice value);

/* Exim's "\303\274" become the bytes they stand for, in place, where these are UTF-8. */
void report_builder_decode_octal(char *text);

/* A new recipient with all fields "", or NULL beyond limits.recipient_count. The
 * pointer is good until the next call. */
struct report_recipient *report_builder_recipient(struct report_build *build, const char *source);

/* The recipient of that address (case does not matter), or NULL. */
struct report_recipient *report_builder_find_recipient(struct report_build *build,
						       const char *address);

/* The same for the words of a diagnostic: Exim writes 8-bit bytes as "\303\274". */
const char *report_builder_words(struct report_build *build, const char *text, size_t len);

/* Sets the diagnostic from text that may have several lines, and fills what is "" (status, reply
 * code, remote MTA) from it: codes are known by their place at the start of a line. */
void report_builder_set_diagnostic(struct report_build *build, struct report_recipient *recipient,
				   struct slice text);

/* The recipient of that address, added if it is new; NULL for "" and beyond
 * limits.recipient_count. */
struct report_recipient *report_builder_add_address(struct report_build *build, const char *address,
						    const char *source, enum report_action action);

/* The bare address of a field "type; address" of the block; "" if there is none. */
const char *report_builder_address_field(struct report_build *build, struct slice block,
					 const char *name);

/* OpenSMTPD reports the end of its attempts as a delay: those recipients have failed. */
void report_builder_fail_expired(struct report_build *build);

/* Fills what is "" in the recipient (status, reply code, remote MTA) from its diagnostic. */
void report_builder_complete_recipient(struct report_build *build,
				       struct report_recipient *recipient);

#endif
