/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Expands a regular expression that stands for a list of words: "(no such|unknown) users?"
 * stands for four. For those who check rules; a scan does not need it.
 */
#ifndef CLASSIFIER_PATTERN_LITERAL_H
#define CLASSIFIER_PATTERN_LITERAL_H

/* Beyond this it is no list that anybody would write. */
#define LITERAL_WORDS_MAX 1024

/* The words, in lower case and without "\b", "^" and "$" at their ends, that the expression
 * means when case does not matter; NULL if it means more than a list of at most
 * LITERAL_WORDS_MAX words, each of two bytes or more. Free with g_strfreev. */
char **literal_expand(const char *expression);

#endif
