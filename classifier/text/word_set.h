/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Thousands of words, all found in one pass over a text (Aho and Corasick,
 * 1975). Rules take their expressions apart into words that end alike ("no such
 * mailbox", "unknown mailbox"), and there this is many times faster to build
 * and to run than Hyperscan's matcher of literals. Immutable once compiled.
 */
#ifndef CLASSIFIER_TEXT_WORD_SET_H
#define CLASSIFIER_TEXT_WORD_SET_H

#include <stddef.h>

#include <glib.h>

struct word_set;

struct word_set *word_set_new(void);
void word_set_free(struct word_set *set);

/* Adds a word, not "", its ASCII letters small. Returns its id: the number of different
 * words before it. */
unsigned word_set_add(struct word_set *set, const char *word);

/* Once, after the last word. */
void word_set_compile(struct word_set *set);

/* Calls found for every place where a word is, in the order of the places' ends. ASCII
 * letters of the text are taken as small. Linear in the text and the calls. Thread-safe. */
typedef void word_found(unsigned id, size_t end, void *data);
void word_set_scan(const struct word_set *set, const char *text, size_t len, word_found *found,
		   void *data);

typedef struct word_set word_set_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(word_set_t, word_set_free)

#endif
