/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The expressions of a pattern set as one nondeterministic automaton over bytes (Thompson,
 * 1968). expression.c adds to it, dfa.c runs it. It knows small letters only: whoever runs
 * it folds the case of ASCII by class_of.
 */
#ifndef CLASSIFIER_PATTERN_NFA_H
#define CLASSIFIER_PATTERN_NFA_H

#include <stdbool.h>

#include <glib.h>

enum nfa_kind {
	NFA_BYTE,   /* byte, then next */
	NFA_SET,    /* a byte of sets[other], then next */
	NFA_EMPTY,  /* next */
	NFA_SPLIT,  /* next or other */
	NFA_ASSERT, /* next, if the assertion in byte holds */
	NFA_ACCEPT, /* the expression with the id in other has been found */
};

enum nfa_assertion {
	NFA_WORD_EDGE,
	NFA_NO_WORD_EDGE,
	NFA_TEXT_START,
	NFA_TEXT_END,
};

/* Node 0 is none. */
struct nfa_node {
	unsigned next;
	unsigned other;
	unsigned char kind;
	unsigned char byte;
};

struct nfa_set {
	guint64 bits[4];
};

/* Beside the classes of bytes: the end of the text. */
enum { NFA_CLASSES_MAX = 257 };

struct nfa {
	struct nfa_node *nodes;
	unsigned node_count, node_room;
	GArray *sets;   /* struct nfa_set, each once */
	GArray *starts; /* unsigned: the first node of each expression */
	/* from nfa_finish on: where all begin; bytes that no node tells apart are one class */
	unsigned start;
	unsigned char class_of[256];
	unsigned char byte_of[256]; /* one byte, no capital, of each class */
	unsigned class_count;
};

struct nfa *nfa_new(void);
void nfa_free(struct nfa *nfa);

/* Returns the number of the new node. */
unsigned nfa_add(struct nfa *nfa, struct nfa_node node);
/* A node for each byte of the text, one behind the other; returns the number of the first. len: 1
 * at least. */
unsigned nfa_add_text(struct nfa *nfa, const char *text, size_t len);
unsigned nfa_add_set(struct nfa *nfa, const struct nfa_set *set, unsigned next);
void nfa_link(struct nfa *nfa, unsigned from, unsigned to);
/* The first node from index on that is not empty; 0 if there is none. */
unsigned nfa_skip_empty(const struct nfa *nfa, unsigned index);

/* Once, after the last expression. */
void nfa_finish(struct nfa *nfa);

void nfa_set_insert(struct nfa_set *set, unsigned char byte);
bool nfa_set_has(const struct nfa_set *set, unsigned char byte);

/* As PCRE has it without Unicode: letters beyond ASCII are no letters to "\\b". */
bool nfa_is_word(unsigned char byte);

typedef struct nfa nfa_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nfa_t, nfa_free)

#endif
