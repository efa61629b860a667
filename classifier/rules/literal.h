/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Expands a regular expression that stands for a list of words:
 * "(no such|unknown) users?" stands for four. Words compile and match many times
 * faster than expressions.
 */
#ifndef CLASSIFIER_RULES_LITERAL_H
#define CLASSIFIER_RULES_LITERAL_H

#include <stddef.h>

#include <glib.h>

/* Where a word must stand, or where it was found: bits. */
enum literal_place {
	LITERAL_WORD_START = 1, /* "\b" before it */
	LITERAL_WORD_END = 2,
	LITERAL_TEXT_START = 4, /* "^" */
	LITERAL_TEXT_END = 8,
};

/* Beyond this an expression is cheaper to compile than its words. */
#define LITERAL_WORDS_MAX 1024

struct literal {
	char *text; /* in lower case, by text_lower_in_place */
	unsigned places;
};

/* The words (array of struct literal) that the expression means when case does
 * not matter; NULL if it means more than a list of at most LITERAL_WORDS_MAX
 * words, each of two bytes or more. Free with g_array_unref. */
GArray *literal_expand(const char *expression);

/* All places that the word from start to end of the text has. */
unsigned literal_places(const char *text, size_t len, size_t start, size_t end);

#endif
