/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The statement that a refusal makes: whether it is about a recipient, by all of its words and not
 * by those alone that a rule looks for.
 *
 * A word is known if etc/phrases, [statement], has it, alone or with its neighbours; one in letters
 * that are not Latin, as vocabulary.h says. There a sentence is asked for to the end of its clause,
 * and what follows only for words of [statement-other]: "用户不存在，请检查地址". What names
 * somebody or something counts for no word: an address, a host, a number, a code, what stands in
 * brackets, the recipient's own name, a label of its domain or of the host that refuses, and what
 * stands before the words of [statement-left]: capitalised words, "Rita Example has left us", or a
 * few letters without a blank, "张三已离职".
 */
#ifndef CLASSIFIER_VERDICT_STATEMENT_H
#define CLASSIFIER_VERDICT_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Whose names count for no word. */
struct statement_names {
	const char *recipient; /* the address written to */
	const char *host;      /* the one that refuses; "" if it is not known */
	bool is_of_domain;     /* said of his domain, though neither is named: no other may be */
};

/* Are all words known of the sentence in which byte at of the folded text (fold.h) stands? What
 * stands before a reply that the text quotes is not asked, nor a text without a reply: people are
 * told of a failure in words without end. Thread-safe. */
bool statement_is_known(const char *folded, size_t at, const struct statement_names *names);

/* Is a word of that sentence said of something else (etc/phrases, [statement-other])? */
bool statement_is_of_other(const char *folded, size_t at, const struct statement_names *names);

/* The same as the first of the words before the first colon of a reply, if there are any, and if
 * the sentence in which byte at stands has not ended before: "user unknown. Note: ...". */
bool statement_has_known_topic(const char *folded, size_t at, const struct statement_names *names);

/* Is the lower-case word in one of the vocabularies, alone or as the first of a phrase? */
bool statement_has_word(const char *word);

#endif
