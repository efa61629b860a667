/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The private data of a pattern set, shared by pattern_compile.c, which builds it, and
 * pattern_scan.c, which only reads it. No other file includes this.
 */
#ifndef CLASSIFIER_RULES_PATTERN_DATA_H
#define CLASSIFIER_RULES_PATTERN_DATA_H

#include <hs.h>

#include "classifier/rules/pattern_set.h"
#include "classifier/text/word_set.h"

/* Scratch spaces that are kept for reuse; further concurrent scans allocate their own. */
enum { PATTERN_IDLE_MAX = 32 };

struct pattern_part {
	char *expression;
	unsigned flags;
	unsigned pattern; /* the pattern it belongs to */
	bool is_first;
	bool is_last;
	size_t gap; /* bytes from the end of the previous part to the end of this one, at most */
	GRegex *confirm;  /* confirms a match of Hyperscan's prefilter; NULL: none is needed */
	GArray *literals; /* struct literal: the words it stands for; NULL: an expression */
};

/* A word, and where its uses, which are adjacent, begin. */
struct pattern_word {
	unsigned first;
	unsigned count;
	size_t len;
};

struct pattern_use {
	unsigned part : 24;
	unsigned places : 8; /* enum literal_place: where the word must stand */
};

/* The fields of a part that a scan needs, packed for the cache. */
struct pattern_link {
	unsigned pattern;
	unsigned short gap;
	bool is_first;
	bool is_last;
};

struct pattern_set {
	GPtrArray *parts; /* the parts of one pattern are adjacent */
	unsigned count;   /* patterns */
	GArray *words;    /* struct pattern_word, indexed by the id in word_set */
	GArray *uses;     /* struct pattern_use */
	struct word_set *word_set;
	GArray *links; /* struct pattern_link, one per part */
	hs_database_t *expressions;
	hs_scratch_t *prototype;
	hs_scratch_t *idle[PATTERN_IDLE_MAX]; /* atomic: taken by exchange with NULL */
};

#endif
