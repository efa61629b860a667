/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What people type: many refusals are an administrator's own sentence, and "recipent unkown" means
 * what "recipient unknown" does.
 */
#ifndef CLASSIFIER_VERDICT_MISSPELLING_H
#define CLASSIFIER_VERDICT_MISSPELLING_H

#include <stdbool.h>

/* Is the word, in small letters, in a vocabulary? */
typedef bool (*misspelling_known)(const char *word);

/* A copy of folded words (fold.h) in which each that is one letter off a word of etc/phrases,
 * [misspelt], is that word: a letter too many, too few or wrong, or two in the wrong order, but
 * never the first. A known word is right as it is, as is one of less than five letters, and what
 * is no word: names, hosts, what is in angle brackets. Thread-safe. Free with g_free. */
char *misspelling_correct(const char *folded, misspelling_known is_known);

#endif
