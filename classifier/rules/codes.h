/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Enhanced status codes (RFC 3463, RFC 5248 and the IANA registry, Exchange's
 * own) and SMTP reply codes (RFC 5321, RFC 7504) as data, in codes.def.
 */
#ifndef CLASSIFIER_RULES_CODES_H
#define CLASSIFIER_RULES_CODES_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/rules/reason.h"

enum code_trust {
	CODE_CERTAIN, /* says one thing; only text that says another overrules it */
	CODE_VAGUE,   /* used for many things: any text that says something is better */
};

struct code {
	const char *id;   /* "status:X.1.1", "reply:552": goes into the verdict as the rule */
	const char *code; /* "X.1.1": any class; "X.1.*": a subject's rest; "552" */
	enum reason_id reason;
	enum code_trust trust;
	const char *meaning;
};

/* The row for "5.1.1": of that very code, else of X.1.1, else of X.1.*
 * (RFC 3463 section 2: an unknown detail falls back to the subject).
 * NULL for what is no enhanced code or says nothing (5.0.0). */
const struct code *code_find_status(const char *status);
/* The row for "552", or NULL. */
const struct code *code_find_reply(const char *reply_code);

/* All rows, for tests and documentation. */
const struct code *code_all(size_t *count_out);

#endif
