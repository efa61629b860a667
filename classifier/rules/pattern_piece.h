/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The text of a pattern, piece by piece, for those who look into it without compiling it.
 */
#ifndef CLASSIFIER_RULES_PATTERN_PIECE_H
#define CLASSIFIER_RULES_PATTERN_PIECE_H

#include <stddef.h>

/* Bytes at text, which is not empty, that stay together: an escape, "\p{greek}" and its like among
 * them; [brackets], all of the text if they are not closed; else one byte. */
size_t pattern_piece_length(const char *text);

#endif
