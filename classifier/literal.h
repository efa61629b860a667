/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Takes a regular expression apart that means no more than a list of words:
 * "(no such|unknown) users?" is four. Words are found, and compiled, many times
 * faster than expressions.
 */
#ifndef CLASSIFIER_LITERAL_H
#define CLASSIFIER_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct literal {
	char *text;         /* ASCII, lower case */
	bool at_word_start; /* "\b" before it */
	bool at_word_end;
	bool at_text_start; /* "^" */
	bool at_text_end;
};

/* The words (array of struct literal) that the expression means when case does
 * not matter; NULL if it means more than a list of at most 256 ASCII words of two
 * letters. Free with g_array_unref. */
GArray *literal_expand(const char *expression);

/* Whether the literal, found in the text up to end, stands where it must. */
bool literal_fits(const struct literal *literal, const char *text, size_t len, size_t end);

#endif
