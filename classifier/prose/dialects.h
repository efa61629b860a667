/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The set phrases of mail systems that report in words, as data: the sections of
 * etc/dialects/NAME.dialect, in the order in which they are tried. etc/dialects/README.md
 * describes the files, the patterns and the order.
 */
#ifndef CLASSIFIER_PROSE_DIALECTS_H
#define CLASSIFIER_PROSE_DIALECTS_H

#include <stddef.h>

#include "classifier/report/report.h"

/* Where the words about a recipient are. */
enum prose_place {
	PROSE_BEHIND,    /* after the line, up to the next recipient */
	PROSE_PARAGRAPH, /* after the line, up to an empty line */
	PROSE_BEFORE,    /* between the opening and the recipients */
};

/* Lists of patterns end with NULL; close may be empty. */
struct prose_dialect {
	const char *name;    /* of the file: "exim" */
	const char *section; /* "exim.delayed" */
	const char *const *open;
	const char *const *recipient;
	const char *const *close;
	enum prose_place place;
	enum report_action action; /* failed, delayed or delivered */
};

extern const struct prose_dialect prose_dialects[];
extern const size_t prose_dialect_count;

#endif
