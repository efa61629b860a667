/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The nodes of the automaton, and which bytes they tell apart.
 */
#include "classifier/pattern/nfa.h"

#include <string.h>

struct nfa *nfa_new(void)
{
	struct nfa *nfa = g_new0(struct nfa, 1);

	nfa->sets = g_array_new(FALSE, FALSE, sizeof(struct nfa_set));
	nfa->starts = g_array_new(FALSE, FALSE, sizeof(unsigned));
	(void)nfa_add(nfa, (struct nfa_node){.kind = NFA_EMPTY});
	return nfa;
}

void nfa_free(struct nfa *nfa)
{
	if (!nfa)
		return;
	g_free(nfa->nodes);
	g_array_unref(nfa->sets);
	g_array_unref(nfa->starts);
	g_free(nfa);
}

static struct nfa_node *node_at(const struct nfa *nfa, unsigned index)
{
	return &nfa->nodes[index];
}

static void reserve_nodes(struct nfa *nfa, size_t count)
{
	if (nfa->node_room - nfa->node_count >= count)
		return;
	nfa->node_room = nfa->node_room * 2 + MAX((unsigned)count, 64);
	nfa->nodes = g_renew(struct nfa_node, nfa->nodes, nfa->node_room);
}

unsigned nfa_add(struct nfa *nfa, struct nfa_node node)
{
	reserve_nodes(nfa, 1);
	nfa->nodes[nfa->node_count] = node;
	return nfa->node_count++;
}

unsigned nfa_add_text(struct nfa *nfa, const char *text, size_t len)
{
	unsigned first = nfa->node_count;

	reserve_nodes(nfa, len);
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)g_ascii_tolower(text[i]);
		unsigned next = i + 1 < len ? nfa->node_count + 1 : 0;
		nfa->nodes[nfa->node_count++] =
		    (struct nfa_node){.kind = NFA_BYTE, .byte = byte, .next = next};
	}
	return first;
}

unsigned nfa_add_set(struct nfa *nfa, const struct nfa_set *set, unsigned next)
{
	unsigned i = 0;

	while (i < nfa->sets->len &&
	       memcmp(&g_array_index(nfa->sets, struct nfa_set, i), set, sizeof *set) != 0)
		i++;
	if (i == nfa->sets->len)
		g_array_append_val(nfa->sets, *set);
	return nfa_add(nfa, (struct nfa_node){.kind = NFA_SET, .other = i, .next = next});
}

void nfa_link(struct nfa *nfa, unsigned from, unsigned to)
{
	node_at(nfa, from)->next = to;
}

void nfa_set_insert(struct nfa_set *set, unsigned char byte)
{
	set->bits[byte / 64] |= G_GUINT64_CONSTANT(1) << byte % 64;
}

bool nfa_set_has(const struct nfa_set *set, unsigned char byte)
{
	return set->bits[byte / 64] >> byte % 64 & 1;
}

bool nfa_is_word(unsigned char byte)
{
	return g_ascii_isalnum(byte) || byte == '_';
}

/* --- finishing ------------------------------------------------------------ */

unsigned nfa_skip_empty(const struct nfa *nfa, unsigned index)
{
	while (index != 0 && node_at(nfa, index)->kind == NFA_EMPTY)
		index = node_at(nfa, index)->next;
	return index;
}

/* --- common beginnings ------------------------------------------------------ */

/* Deeper, each start would pay more than the first mails save. */
enum { MERGE_DEPTH_MAX = 3, MERGE_DEPTH_BITS = 4, SHORT_LIST = 16 };

/* Nodes that are a choice, behind those of the callers. */
struct merge {
	struct nfa *nfa;
	GArray *nodes;   /* guint64: its kind (8 bits), what it asks (24), its index (32) */
	unsigned *marks; /* per node: the list that it is in already */
	unsigned list;
	GHashTable *merged; /* a list (GBytes): its merged node, and how deep it was merged */
};

static unsigned merge_from(struct merge *merge, unsigned base, unsigned depth);

static unsigned get_node(const struct merge *merge, unsigned index)
{
	return (unsigned)(g_array_index(merge->nodes, guint64, index) & G_MAXUINT32);
}

static void add_node(struct merge *merge, const struct nfa_node *node, unsigned index)
{
	unsigned asked = node->kind == NFA_SET ? node->other : node->byte;
	guint64 entry = (guint64)node->kind << 56 | (guint64)asked << 32 | index;

	g_array_append_val(merge->nodes, entry);
}

/* Adds a node of an expression, or those that it is a choice of. */
static void add_choices(struct merge *merge, unsigned index)
{
	while (merge->marks[index = nfa_skip_empty(merge->nfa, index)] != merge->list) {
		const struct nfa_node *node = node_at(merge->nfa, index);
		merge->marks[index] = merge->list;
		if (node->kind != NFA_SPLIT) {
			add_node(merge, node, index);
			return;
		}
		add_choices(merge, node->next);
		index = node->other;
	}
}

static void sort_short_list(guint64 *list, unsigned len)
{
	for (unsigned i = 1; i < len; i++) {
		guint64 entry = list[i];
		unsigned at = i;

		for (; at > 0 && list[at - 1] > entry; at--)
			list[at] = list[at - 1];
		list[at] = entry;
	}
}

/* Merges halves. other: room for as many. */
static void sort_long_list(guint64 *list, unsigned len, guint64 *other)
{
	unsigned half = len / 2, i = 0, j = half;

	if (len <= SHORT_LIST) {
		sort_short_list(list, len);
		return;
	}
	sort_long_list(list, half, other);
	sort_long_list(list + half, len - half, other);
	memcpy(other, list, half * sizeof *list);
	for (unsigned to = 0; i < half; to++)
		list[to] = j == len || other[i] <= list[j] ? other[i++] : list[j++];
}

/* The same list has one order. Nearly all are short. */
static void sort_list(guint64 *list, unsigned len)
{
	g_autofree guint64 *other = len > SHORT_LIST ? g_new(guint64, len / 2) : NULL;

	sort_long_list(list, len, other);
}

static bool ask_the_same(const struct merge *merge, unsigned i, unsigned j)
{
	guint64 one = g_array_index(merge->nodes, guint64, i);

	return one >> 56 != NFA_ACCEPT &&
	       one >> 32 == g_array_index(merge->nodes, guint64, j) >> 32;
}

/* One node in place of those from begin to end, which ask the same. */
static unsigned merge_group(struct merge *merge, unsigned begin, unsigned end, unsigned depth)
{
	struct nfa_node one = *node_at(merge->nfa, get_node(merge, begin));
	unsigned base = merge->nodes->len;

	if (end - begin == 1)
		return get_node(merge, begin);
	merge->list++;
	for (unsigned i = begin; i < end; i++)
		add_choices(merge, node_at(merge->nfa, get_node(merge, i))->next);
	one.next = merge_from(merge, base, depth - 1);
	return nfa_add(merge->nfa, one);
}

/* One node for the choice of all from base on, in which no two ask the same. */
static unsigned merge_list(struct merge *merge, unsigned base, unsigned depth)
{
	unsigned all = 0, len = merge->nodes->len, end = 0;

	for (unsigned begin = base; begin < len; begin = end) {
		for (end = begin + 1; depth > 0 && end < len; end++)
			if (!ask_the_same(merge, begin, end))
				break;
		unsigned one = merge_group(merge, begin, end, depth);
		all =
		    all == 0
			? one
			: nfa_add(merge->nfa,
				  (struct nfa_node){.kind = NFA_SPLIT, .next = one, .other = all});
	}
	return all;
}

/* The same of the nodes from base on, which it takes off the list. A loop comes back to a list that
 * is being merged: to a node that stands for it and leads to what it becomes. */
static unsigned merge_from(struct merge *merge, unsigned base, unsigned depth)
{
	unsigned len = merge->nodes->len;

	if (len == base)
		return 0;
	guint64 *list = &g_array_index(merge->nodes, guint64, base);
	sort_list(list, len - base);
	g_autoptr(GBytes) key = g_bytes_new(list, (len - base) * sizeof *list);
	unsigned known = GPOINTER_TO_UINT(g_hash_table_lookup(merge->merged, key));
	unsigned node = known >> MERGE_DEPTH_BITS;
	if (known % (1U << MERGE_DEPTH_BITS) < depth || known == 0) {
		node = nfa_add(merge->nfa, (struct nfa_node){.kind = NFA_EMPTY});
		g_hash_table_insert(merge->merged, g_bytes_ref(key),
				    GUINT_TO_POINTER(node << MERGE_DEPTH_BITS | depth));
		unsigned all = merge_list(merge, base, depth);
		node_at(merge->nfa, node)->next = all;
	}
	g_array_set_size(merge->nodes, base);
	return node;
}

/* FNV-1a over whole entries: GBytes' own goes byte by byte. */
static guint hash_list(gconstpointer key)
{
	gsize size;
	const guint64 *list = g_bytes_get_data((GBytes *)key, &size);
	guint64 hash = 14695981039346656037U;

	for (gsize i = 0; i < size / sizeof *list; i++)
		hash = (hash ^ list[i]) * 1099511628211U;
	return (guint)(hash ^ hash >> 32);
}

static void merge_beginnings(struct nfa *nfa)
{
	g_autofree unsigned *marks = g_new0(unsigned, nfa->node_count);
	struct merge merge = {.nfa = nfa,
			      .nodes = g_array_new(FALSE, FALSE, sizeof(guint64)),
			      .marks = marks,
			      .list = 1,
			      .merged = g_hash_table_new_full(hash_list, g_bytes_equal,
							      (GDestroyNotify)g_bytes_unref, NULL)};

	for (unsigned i = 0; i < nfa->starts->len; i++)
		add_choices(&merge, g_array_index(nfa->starts, unsigned, i));
	nfa->start = merge_from(&merge, 0, MERGE_DEPTH_MAX);
	g_array_unref(merge.nodes);
	g_hash_table_unref(merge.merged);
}

/* --- classes of bytes ------------------------------------------------------- */

/* Parts each class into the bytes within the set and those without. */
static void split_classes(struct nfa *nfa, const struct nfa_set *set)
{
	unsigned inside[256] = {0}; /* per class: the new class of its bytes within, plus one */
	bool is_seen[2][256] = {{false}};

	for (unsigned byte = 0; byte < 256; byte++)
		is_seen[nfa_set_has(set, (unsigned char)byte)][nfa->class_of[byte]] = true;
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned class = nfa->class_of[byte];
		if (!nfa_set_has(set, (unsigned char)byte) || !is_seen[false][class])
			continue;
		if (inside[class] == 0)
			inside[class] = ++nfa->class_count;
		nfa->class_of[byte] = (unsigned char)(inside[class] - 1);
	}
}

static void split_by_single_bytes(struct nfa *nfa)
{
	bool is_used[256] = {false};

	for (unsigned i = 1; i < nfa->node_count; i++)
		if (node_at(nfa, i)->kind == NFA_BYTE)
			is_used[node_at(nfa, i)->byte] = true;
	for (unsigned byte = 0; byte < 256; byte++) {
		struct nfa_set one = {{0}};
		nfa_set_insert(&one, (unsigned char)byte);
		if (is_used[byte])
			split_classes(nfa, &one);
	}
}

static void find_classes(struct nfa *nfa)
{
	struct nfa_set words = {{0}};

	nfa->class_count = 1;
	for (unsigned byte = 0; byte < 256; byte++)
		if (nfa_is_word((unsigned char)byte))
			nfa_set_insert(&words, (unsigned char)byte);
	split_classes(nfa, &words);
	split_by_single_bytes(nfa);
	for (unsigned i = 0; i < nfa->sets->len; i++)
		split_classes(nfa, &g_array_index(nfa->sets, struct nfa_set, i));
}

/* A capital belongs to the class of its small letter. */
static void fold_capitals(struct nfa *nfa)
{
	for (unsigned byte = 'A'; byte <= 'Z'; byte++)
		nfa->class_of[byte] = nfa->class_of[byte + 'a' - 'A'];
	for (unsigned byte = 0; byte < 256; byte++)
		if (!g_ascii_isupper((char)byte))
			nfa->byte_of[nfa->class_of[byte]] = (unsigned char)byte;
}

void nfa_finish(struct nfa *nfa)
{
	merge_beginnings(nfa);
	find_classes(nfa);
	fold_capitals(nfa);
}
