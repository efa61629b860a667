/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a set of patterns is made of: between pattern.c, which builds and compiles
 * it, and pattern_scan.c, which only reads it. Nobody else includes this.
 */
#ifndef CLASSIFIER_RULES_PATTERN_SET_H
#define CLASSIFIER_RULES_PATTERN_SET_H

#include <hs.h>

#include "classifier/rules/pattern.h"
#include "classifier/text/word_set.h"

/* Scratch spaces that are kept; more scans at once than that make and free their own. */
enum { IDLE_MAX = 32 };

struct part {
	char *expression;
	unsigned flags;
	unsigned pattern; /* whose part it is */
	bool is_first;
	bool is_last;
	size_t
	    gap; /* bytes that may lie between the end of the part before and the end of this one */
	GRegex *confirm;  /* NULL: Hyperscan's word is enough */
	GArray *literals; /* struct literal: all that it means; NULL: it is an expression */
};

/* A word, and the parts it stands for: its uses follow each other. */
struct word {
	unsigned first;
	unsigned count;
	size_t len;
};

struct use {
	unsigned part : 24;
	unsigned places : 8; /* where the word must stand for it */
};

/* What a scan has to know of a part, close together. */
struct link {
	unsigned pattern;
	unsigned short gap;
	bool is_first;
	bool is_last;
};

struct pattern_set {
	GPtrArray *parts; /* those of one pattern follow each other */
	unsigned count;   /* patterns */
	GArray *words;    /* struct word, by the id in word_set */
	GArray *uses;     /* struct use */
	struct word_set *word_set;
	GArray *links; /* struct link, one a part */
	hs_database_t *expressions;
	hs_scratch_t *prototype;
	hs_scratch_t *idle[IDLE_MAX]; /* atomic: taken by exchange with NULL */
};

#endif
