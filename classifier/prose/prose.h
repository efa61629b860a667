/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Failures told in words. Each mail system has its own set phrases; they are
 * rows of a table (prose_dialects.c). What no row fits and still is plainly a
 * failure is read by general means.
 */
#ifndef CLASSIFIER_PROSE_PROSE_H
#define CLASSIFIER_PROSE_PROSE_H

#include <stdbool.h>

#include "classifier/prose/dialects.h"
#include "classifier/report/report_builder.h"

/* Read report->text by the dialects, or by general means. True if it tells of a failure, a
 * delay or a success: recipients are added, report->dialect and report->kind set. */
bool prose_parse_dialects(struct report_build *build);
bool prose_parse_general(struct report_build *build);

/* The message comes from a mail system, not from a person. */
bool prose_from_machine(struct report_build *build);

/* The message comes from a mail system or has the subject of its reports. */
bool prose_is_expected(struct report_build *build);

/* The first dialect that speaks in the text and names somebody, or NULL: adds its recipients. */
const struct prose_dialect *prose_read_dialects(struct report_build *build, const char *text);

/* When one recipient is named, a code anywhere in the text is about him. */
void prose_find_codes(struct report_build *build);

/* A mail filter's refusal (RFC 5429, Dovecot) comes as a read receipt: where the text
 * says so, the report becomes a failure. */
void prose_rejection(struct report_build *build);

/* Gives recipients whose diagnostic is "" the words of the text about them. */
void prose_complete(struct report_build *build);

#endif
