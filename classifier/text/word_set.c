/* SPDX-License-Identifier: BSD-2-Clause
 *
 * First a tree of the words' bytes, then the same nodes packed for the walk: the
 * children of one node follow each other, and where there is one child only it
 * follows its parent, so that a word lies in a few cache lines. Where a node has
 * no child for a byte, the search goes on at its longest proper end that is a
 * node too.
 */
#include "classifier/text/word_set.h"

#include <string.h>

#define NO_WORD G_MAXUINT

/* Node 0 is the root, and no child of any: as a child, 0 is none. */
struct tree_node {
	unsigned child;
	unsigned sibling;
	unsigned word;
	unsigned char byte;
};

/* What every byte of a text asks for; the rest lies elsewhere. */
struct node {
	unsigned children; /* the first of them */
	unsigned suffix;   /* where to go on; the root for the root */
	unsigned output;   /* the longest end, itself included, that is a word; 0 if none */
	unsigned char count;
	unsigned char byte; /* of the only child */
};

struct word_set {
	unsigned count;
	GArray *tree; /* struct tree_node; until compiled */
	struct node *nodes;
	unsigned *words;      /* of each node: the word that ends there, or NO_WORD */
	unsigned char *bytes; /* of each node: the last of its word */
	unsigned start[256];  /* children of the root by the byte, capitals too */
};

struct word_set *word_set_new(void)
{
	struct word_set *set = g_new0(struct word_set, 1);
	struct tree_node root = {.word = NO_WORD};

	set->tree = g_array_new(FALSE, FALSE, sizeof(struct tree_node));
	g_array_append_val(set->tree, root);
	return set;
}

void word_set_free(struct word_set *set)
{
	if (!set)
		return;
	g_clear_pointer(&set->tree, g_array_unref);
	g_free(set->nodes);
	g_free(set->words);
	g_free(set->bytes);
	g_free(set);
}

/* --- the tree ------------------------------------------------------------- */

static struct tree_node *tree_at(const struct word_set *set, unsigned index)
{
	return &g_array_index(set->tree, struct tree_node, index);
}

static unsigned grow(struct word_set *set, unsigned parent, unsigned char byte)
{
	unsigned child = tree_at(set, parent)->child;

	while (child != 0 && tree_at(set, child)->byte != byte)
		child = tree_at(set, child)->sibling;
	if (child != 0)
		return child;
	struct tree_node node = {
	    .sibling = tree_at(set, parent)->child, .word = NO_WORD, .byte = byte};
	g_array_append_val(set->tree, node);
	tree_at(set, parent)->child = set->tree->len - 1;
	return set->tree->len - 1;
}

unsigned word_set_add(struct word_set *set, const char *word)
{
	unsigned at = 0;

	for (; *word != '\0'; word++)
		at = grow(set, at, (unsigned char)*word);
	if (tree_at(set, at)->word == NO_WORD)
		tree_at(set, at)->word = set->count++;
	return tree_at(set, at)->word;
}

/* --- compiling -------------------------------------------------------------- */

static unsigned find_child(const struct word_set *set, unsigned node, unsigned char byte)
{
	const struct node *n = &set->nodes[node];

	if (n->count <= 1) /* most have no more, and it is here that the time goes */
		return n->count == 1 && n->byte == byte ? n->children : 0;
	const unsigned char *found = memchr(set->bytes + n->children, byte, n->count);

	return found ? (unsigned)(found - set->bytes) : 0;
}

/* The node for the longest end of what at stands for, and the byte behind it. */
static unsigned step(const struct word_set *set, unsigned at, unsigned char byte)
{
	for (; at != 0; at = set->nodes[at].suffix) {
		unsigned child = find_child(set, at, byte);
		if (child != 0)
			return child;
	}
	return set->start[byte];
}

/* A node after all that are shorter. */
static void link_node(struct word_set *set, unsigned parent, unsigned index)
{
	struct node *node = &set->nodes[index];
	unsigned char byte = set->bytes[index];

	if (parent == 0)
		set->start[byte] = set->start[(unsigned char)g_ascii_toupper((char)byte)] = index;
	else
		node->suffix = step(set, set->nodes[parent].suffix, byte);
	node->output = set->words[index] != NO_WORD ? index : set->nodes[node->suffix].output;
}

static void link_nodes(struct word_set *set, guint count)
{
	g_autofree unsigned *queue = g_new0(unsigned, count);
	unsigned used = 1;

	for (unsigned i = 0; i < count; i++) {
		const struct node *parent = &set->nodes[queue[i]];
		for (unsigned n = 0; n < parent->count; n++) {
			link_node(set, queue[i], parent->children + n);
			queue[used++] = parent->children + n;
		}
	}
}

/* Numbers the children of a node; from[n] is the tree's node for n. */
static void place_children(struct word_set *set, unsigned *from, unsigned parent, unsigned *used)
{
	struct node *node = &set->nodes[parent];

	node->children = *used;
	for (unsigned child = tree_at(set, from[parent])->child; child != 0;
	     child = tree_at(set, child)->sibling) {
		unsigned index = (*used)++;
		from[index] = child;
		set->words[index] = tree_at(set, child)->word;
		node->byte = set->bytes[index] = tree_at(set, child)->byte;
		node->count++;
	}
}

/* Depth first, without recursion: words may be as long as a line of a rule. */
static void place_nodes(struct word_set *set, guint count)
{
	g_autofree unsigned *from = g_new0(unsigned, count);
	g_autofree unsigned *stack = g_new0(unsigned, count);
	unsigned used = 1, depth = 1;

	while (depth > 0) {
		unsigned parent = stack[--depth];
		place_children(set, from, parent, &used);
		for (unsigned n = set->nodes[parent].count; n > 0; n--)
			stack[depth++] = set->nodes[parent].children + n - 1;
	}
}

void word_set_compile(struct word_set *set)
{
	guint count = set->tree->len;

	set->nodes = g_new0(struct node, count);
	set->words = g_new(unsigned, count);
	set->bytes = g_new0(unsigned char, count);
	set->words[0] = NO_WORD;
	place_nodes(set, count);
	link_nodes(set, count);
	g_clear_pointer(&set->tree, g_array_unref);
}

/* --- scanning ---------------------------------------------------------------- */

/* g_ascii_tolower is a call, for every byte. */
static unsigned char small_letter(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

void word_set_scan(const struct word_set *set, const char *text, size_t len, word_found *found,
		   void *data)
{
	unsigned at = 0;

	for (size_t i = 0; i < len; i++) {
		at = step(set, at, small_letter(text[i]));
		for (unsigned end = set->nodes[at].output; end != 0;
		     end = set->nodes[set->nodes[end].suffix].output)
			found(set->words[end], i + 1, data);
	}
}
