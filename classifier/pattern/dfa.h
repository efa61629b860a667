/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs the automaton of a pattern set over texts: in one pass, and by a table that is made
 * while it is used. So nothing is compiled before the first text, a byte that was seen
 * before in the same situation costs one look into the table, and no text costs more than
 * its length times the size of the automaton.
 */
#ifndef CLASSIFIER_PATTERN_DFA_H
#define CLASSIFIER_PATTERN_DFA_H

#include <stddef.h>

#include "classifier/pattern/nfa.h"

struct dfa;

/* nfa: finished, and alive for as long as this is. One thread at a time. */
struct dfa *dfa_new(const struct nfa *nfa);
void dfa_free(struct dfa *dfa);

/* How often the table was full and was begun again. */
unsigned dfa_restarts(const struct dfa *dfa);

/* Calls found for each end of each match, in the order of the ends; at one end the greater
 * ids come first. Letters beyond ASCII must be small in the text. */
typedef void dfa_found(unsigned id, size_t end, void *data);
void dfa_scan(struct dfa *dfa, const char *text, size_t len, dfa_found *found, void *data);

#endif
