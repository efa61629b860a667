/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pieces from which the automaton of an expression is put together (Thompson's
 * construction): nodes with one way in, and one node whose successor is still open. Case
 * does not matter, and "any" is any. In UTF-8 it is a character, else a byte.
 */
#ifndef CLASSIFIER_PATTERN_FRAGMENT_H
#define CLASSIFIER_PATTERN_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/pattern/char_class.h"
#include "classifier/pattern/nfa.h"

struct fragment {
	unsigned first;
	unsigned last;
	size_t min; /* the fewest bytes that it takes */
};

struct fragment fragment_nothing(struct nfa *nfa);
struct fragment fragment_assertion(struct nfa *nfa, enum nfa_assertion kind);
/* len: of whole characters, at least one. */
struct fragment fragment_text(struct nfa *nfa, const char *text, size_t len);
struct fragment fragment_class(struct nfa *nfa, const struct char_class *class, bool is_utf8);
struct fragment fragment_any(struct nfa *nfa, bool is_utf8);

void fragment_append(struct nfa *nfa, struct fragment *to, const struct fragment *fragment);

/* One of both. join: an empty node where they meet again, the same for all alternatives. */
void fragment_add_choice(struct nfa *nfa, struct fragment *to, const struct fragment *other,
			 unsigned join);

/* A node that goes on at either. */
unsigned fragment_split(struct nfa *nfa, unsigned next, unsigned other);

/* As often as one likes, or not at all. */
void fragment_repeat(struct nfa *nfa, struct fragment *fragment);

#endif
