/* SPDX-License-Identifier: BSD-2-Clause
 *
 * First a tree of the words' bytes, then the same nodes breadth first: children
 * of one node follow each other, so that memchr finds the one for a byte. Where
 * a node has none, the search goes on at its longest proper end that is a node
 * too.
 */
#include "classifier/words.h"

#include <string.h>

#define NO_WORD G_MAXUINT

/* Node 0 is the root, and no child of any: as a child, 0 is none. */
struct tree_node {
	unsigned child;
	unsigned sibling;
	unsigned word;
	unsigned char byte;
};

struct node {
	unsigned children; /* the first of them */
	unsigned suffix;   /* where to go on; the root for the root */
	unsigned shorter;  /* the longest proper end that is a word; 0 if none */
	unsigned word;     /* NO_WORD if this is the end of none */
	unsigned count;    /* children */
};

struct word_set {
	unsigned count;
	GArray *tree; /* struct tree_node; until compiled */
	struct node *nodes;
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
	if (set == NULL)
		return;
	g_clear_pointer(&set->tree, g_array_unref);
	g_free(set->nodes);
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
	struct tree_node node = {.sibling = tree_at(set, parent)->child, .word = NO_WORD, .byte = byte};
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

	if (n->count == 1) /* most have no more, and it is here that the time goes */
		return set->bytes[n->children] == byte ? n->children : 0;
	const unsigned char *found = memchr(set->bytes + n->children, byte, n->count);

	return found != NULL ? (unsigned)(found - set->bytes) : 0;
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

static void link_node(struct word_set *set, unsigned parent, unsigned index)
{
	struct node *node = &set->nodes[index];
	unsigned suffix = parent == 0 ? 0 : step(set, set->nodes[parent].suffix, set->bytes[index]);

	node->suffix = suffix;
	node->shorter = set->nodes[suffix].word != NO_WORD ? suffix : set->nodes[suffix].shorter;
	if (parent == 0)
		set->start[set->bytes[index]] = set->start[(unsigned char)g_ascii_toupper((char)set->bytes[index])] =
		    index;
}

/* Numbers the children of a node; from[n] is the tree's node for n. */
static void place_children(struct word_set *set, unsigned *from, unsigned parent, unsigned *used)
{
	set->nodes[parent].children = *used;
	for (unsigned child = tree_at(set, from[parent])->child; child != 0; child = tree_at(set, child)->sibling) {
		unsigned index = (*used)++;
		from[index] = child;
		set->bytes[index] = tree_at(set, child)->byte;
		set->nodes[index].word = tree_at(set, child)->word;
		set->nodes[parent].count++;
		link_node(set, parent, index);
	}
}

void word_set_compile(struct word_set *set)
{
	guint count = set->tree->len;
	g_autofree unsigned *from = g_new0(unsigned, count);
	unsigned used = 1;

	set->nodes = g_new0(struct node, count);
	set->bytes = g_new0(unsigned char, count);
	set->nodes[0].word = NO_WORD;
	for (unsigned parent = 0; parent < count; parent++)
		place_children(set, from, parent, &used);
	g_clear_pointer(&set->tree, g_array_unref);
}

/* --- scanning ---------------------------------------------------------------- */

/* g_ascii_tolower is a call, for every byte. */
static unsigned char small_letter(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

void word_set_scan(const struct word_set *set, const char *text, size_t len, word_found *found, void *data)
{
	unsigned at = 0;

	for (size_t i = 0; i < len; i++) {
		at = step(set, at, small_letter(text[i]));
		for (unsigned end = at; end != 0; end = set->nodes[end].shorter)
			if (set->nodes[end].word != NO_WORD)
				found(set->nodes[end].word, i + 1, data);
	}
}
