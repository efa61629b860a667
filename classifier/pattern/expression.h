/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads one regular expression into an automaton. What is understood of PCRE:
 *
 *   list     = sequence *( "|" sequence )
 *   sequence = *( atom [ ( "?" / "*" / "+" / "{" n [ "," [ m ] ] "}" ) [ "?" ] ] )
 *   atom     = "(" [ "?:" / "?<" name ">" ] list ")" / "[" ... "]" / "." / "^" / "$" /
 *              "\" ( b B A z Z d D w W s S n r t f e xHH / punctuation ) / char
 *
 * In an expression of ASCII alone "." and negations mean a byte, else a character. Case
 * does not matter, "." is any character, "$" the end of the text only.
 */
#ifndef CLASSIFIER_PATTERN_EXPRESSION_H
#define CLASSIFIER_PATTERN_EXPRESSION_H

#include <stdbool.h>

#include <glib.h>

#include "classifier/pattern/nfa.h"

/* Adds an expression; the automaton accepts with id. *is_approximate_out says that it may
 * accept more than the expression does: that has look-around, back-references, or something
 * else that only PCRE knows. False with BM_ERROR_CONFIG if the text is no expression, one
 * that matches the empty text, or too large. */
bool expression_add(struct nfa *nfa, const char *text, unsigned id, bool *is_approximate_out,
		    GError **error) __attribute__((warn_unused_result));

#endif
