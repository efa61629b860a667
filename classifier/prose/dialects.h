/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The set phrases of mail systems that report in words, as data.
 *
 * A dialect speaks in a text if a line begins with one of its opening phrases.
 * From there its recipient patterns are tried on every line, up to a line that
 * begins with a closing phrase. What follows a recipient, up to the next, is
 * what is said about him.
 *
 * Phrases and patterns are compared without regard to case, from the first
 * character of the line that is no white space. In patterns
 *     ' '  one or more blanks, or none at the end of the line
 *     %a   an address: the recipient
 *     %u   a local part without its host
 *     %o   an address: what the recipient came from
 *     %d   the rest of the line, the beginning of the diagnostic
 *     %l   nothing; the diagnostic is this line, and the replies right before it
 *     %*   anything
 *     $    the end of the line
 */
#ifndef CLASSIFIER_PROSE_DIALECTS_H
#define CLASSIFIER_PROSE_DIALECTS_H

#include <stddef.h>

#include "classifier/report/report.h"

enum { PROSE_PHRASES = 18 };

/* Where the words about a recipient stand. */
enum prose_place {
	PROSE_BEHIND,    /* behind his line, up to the next recipient */
	PROSE_PARAGRAPH, /* behind his line, up to an empty line */
	PROSE_BEFORE,    /* between the opening and the recipients */
};

struct prose_dialect {
	const char *name;
	const char *open[PROSE_PHRASES];
	const char *recipient[PROSE_PHRASES];
	const char *close[PROSE_PHRASES];
	enum prose_place place;
	enum report_action action; /* failed, or delayed */
};

/* Those that name addresses come before those that know local parts only. */
extern const struct prose_dialect prose_dialects[];
extern const size_t prose_dialect_count;

#endif
