/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The private data of a pattern set, shared by pattern_compile.c, which builds it, and
 * pattern_scan.c, which only reads it. No other file includes this.
 */
#ifndef CLASSIFIER_PATTERN_PATTERN_DATA_H
#define CLASSIFIER_PATTERN_PATTERN_DATA_H

#include "classifier/pattern/dfa.h"
#include "classifier/pattern/nfa.h"
#include "classifier/pattern/pattern_set.h"

/* Tables that are kept for reuse; further concurrent scans make their own. */
enum { PATTERN_IDLE_MAX = 32 };

struct pattern_part {
	unsigned pattern; /* the pattern it belongs to */
	unsigned gap; /* bytes from the end of the previous part to the end of this one, at most */
	bool is_first;
	bool is_last;
	GRegex *confirm; /* confirms what the automaton found; NULL: none is needed */
};

struct pattern_set {
	GArray *parts;  /* struct pattern_part: those of one pattern are adjacent */
	unsigned count; /* patterns */
	struct nfa *nfa;
	struct dfa *idle[PATTERN_IDLE_MAX]; /* atomic: taken by exchange with NULL */
};

#endif
