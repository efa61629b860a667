/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Does a line of a text fit a pattern of the table of dialects? The patterns are
 * described in etc/dialects/README.md.
 */
#ifndef CLASSIFIER_PROSE_DIALECT_PATTERN_H
#define CLASSIFIER_PROSE_DIALECT_PATTERN_H

#include <stdbool.h>

#include "classifier/text/slice.h"

struct prose_match {
	struct slice recipient; /* of %a or %u; data NULL if the pattern has none */
	struct slice original;  /* of %o */
	const char *rest;       /* where %d is, or NULL */
	bool line_only;         /* %l */
};

/* Both from the first character of the line that is no blank; the line ends at '\n' or NUL.
 * match_out must be zero before; it is undefined where nothing fits. */
bool dialect_pattern_match_line(const char *pattern, const char *line,
				struct prose_match *match_out);

/* One of the phrases, a list that ends with NULL, fits. */
bool dialect_pattern_match_phrase(const char *const *phrases, const char *line);

#endif
