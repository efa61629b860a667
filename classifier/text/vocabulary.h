/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A list of words and phrases, and whether a text consists of them. Where a language leaves no
 * blanks, as Chinese, or hangs words on each other, as Korean, a word is known if it can be put
 * together from the list: "用户不存在" from "用户" and "不存在".
 */
#ifndef CLASSIFIER_TEXT_VOCABULARY_H
#define CLASSIFIER_TEXT_VOCABULARY_H

#include <stdbool.h>

#include <glib.h>

/* Of letters beyond the Latin ones, and of the signs that go with them. */
bool vocabulary_is_foreign(gunichar c);

struct vocabulary;

/* Of a list that stays: in small letters, one blank between words; NULL ends it. A word in other
 * letters that ends with "*" may have an ending of up to three more. Never freed. */
const struct vocabulary *vocabulary_new(const char *const *phrases);

/* How many of the words, from the first one on, are together in the list; 0: not even the first. */
guint vocabulary_match(const struct vocabulary *vocabulary, char **words, guint count);

/* Is this word or phrase in the list? Is the word, or does a phrase begin with it? */
bool vocabulary_has(const struct vocabulary *vocabulary, const char *phrase);
bool vocabulary_begins_with(const struct vocabulary *vocabulary, const char *word);

/* For a word in letters that are not Latin: is it in the list, or put together from words of it? Is
 * one of them in it? Linear in its length. */
bool vocabulary_covers(const struct vocabulary *vocabulary, const char *word);
bool vocabulary_occurs_in(const struct vocabulary *vocabulary, const char *word);

#endif
