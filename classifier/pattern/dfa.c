/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A state is a set of nodes that wait for the next byte. Whether an assertion holds is known
 * only with that byte, so what a state has found is said one byte late, by the state that
 * follows. All expressions begin anew at every byte: their first nodes are in no state, but
 * what follows them is remembered for each class of bytes.
 */
#include "classifier/pattern/dfa.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* When one of these is full, the table is begun again: all too often, if the mails of a day
	 * do not fit. A thousand mails of all kinds and systems have 27,000 states with 1,400,000
	 * members, in 15 MB. */
	STATES_MAX = 40000,
	MEMBERS_MAX = 2000000,
	SLOTS = 131072, /* a power of two, more than twice the states */
};

/* What the byte before was. */
enum before {
	BEFORE_NOTHING, /* the text begins */
	BEFORE_OTHER,
	BEFORE_WORD,
	BEFORE_COUNT,
};

/* Its ids, then its nodes, are in members. State 0 is none. */
struct state {
	unsigned from;
	unsigned ids;
	unsigned nodes;
	guint32 hash;
	enum before before;
};

/* The nodes behind the first ones of all expressions, by a class of bytes. */
struct beginning {
	unsigned *nodes;
	unsigned count;
	bool is_known;
};

/* A GArray of them calls a function for each. */
struct numbers {
	unsigned *data;
	guint len, room;
};

struct dfa {
	const struct nfa *nfa;
	guint16 *table; /* state, class -> state; 0: not known yet */
	guint16 *slots; /* states by their hash */
	GArray *states; /* struct state */
	struct numbers members;
	unsigned *marks;  /* per node: the turn in which a byte led to it */
	unsigned *passed; /* per node: the turn in which it was asked for the next byte */
	unsigned turn;
	unsigned round;                   /* how often the table was begun */
	struct numbers stack, ids, nodes; /* of the state that is being made */
	struct beginning beginnings[BEFORE_COUNT][NFA_CLASSES_MAX];
};

static void reserve_numbers(struct numbers *numbers, guint count)
{
	if (numbers->room - numbers->len >= count)
		return;
	numbers->room = numbers->room * 2 + MAX(count, 64);
	numbers->data = g_renew(unsigned, numbers->data, numbers->room);
}

static inline void push(struct numbers *numbers, unsigned number)
{
	if (G_UNLIKELY(numbers->len == numbers->room))
		reserve_numbers(numbers, 1);
	numbers->data[numbers->len++] = number;
}

static inline unsigned pop(struct numbers *numbers)
{
	return numbers->data[--numbers->len];
}

static void push_all(struct numbers *numbers, const struct numbers *others)
{
	if (others->len == 0)
		return;
	reserve_numbers(numbers, others->len);
	memcpy(numbers->data + numbers->len, others->data, others->len * sizeof(unsigned));
	numbers->len += others->len;
}

static const struct nfa_node *node_at(const struct dfa *dfa, unsigned index)
{
	return &dfa->nfa->nodes[index];
}

static struct state *state_at(const struct dfa *dfa, unsigned index)
{
	return &g_array_index(dfa->states, struct state, index);
}

static unsigned row_length(const struct dfa *dfa)
{
	return dfa->nfa->class_count + 1;
}

static unsigned end_class(const struct dfa *dfa)
{
	return dfa->nfa->class_count;
}

/* --- from nodes to nodes --------------------------------------------------------- */

/* A node that is reached by a byte waits as it is: what it leads to without one is found when the
 * next byte comes. A choice of a hundred words is one member of a state instead of a hundred. */
static void add_node(struct dfa *dfa, struct numbers *nodes, unsigned index)
{
	index = nfa_skip_empty(dfa->nfa, index);
	if (dfa->marks[index] == dfa->turn)
		return;
	dfa->marks[index] = dfa->turn;
	push(nodes, index);
}

/* Between two bytes. */
struct gap {
	enum before before;
	unsigned class; /* of the byte behind */
	unsigned char byte;
	bool is_end;
};

static struct gap gap_before(const struct dfa *dfa, enum before before, unsigned class)
{
	bool is_end = class == end_class(dfa);

	return (struct gap){before, class, is_end ? ' ' : dfa->nfa->byte_of[class], is_end};
}

static bool assertion_holds(const struct gap *gap, enum nfa_assertion assertion)
{
	bool is_edge = (gap->before == BEFORE_WORD) != nfa_is_word(gap->byte);

	switch (assertion) {
	case NFA_WORD_EDGE:
		return is_edge;
	case NFA_NO_WORD_EDGE:
		return !is_edge;
	case NFA_TEXT_START:
		return gap->before == BEFORE_NOTHING;
	case NFA_TEXT_END:
		return gap->is_end;
	}
	return false;
}

static bool takes(const struct dfa *dfa, const struct nfa_node *node, const struct gap *gap)
{
	if (gap->is_end)
		return false;
	return node->kind == NFA_BYTE
		   ? node->byte == gap->byte
		   : nfa_set_has(&g_array_index(dfa->nfa->sets, struct nfa_set, node->other),
				 gap->byte);
}

static void take_nodes(struct dfa *dfa, struct numbers *nodes, unsigned index,
		       const struct gap *gap)
{
	const struct nfa_node *node = node_at(dfa, index);

	if (node->kind == NFA_ACCEPT)
		push(&dfa->ids, node->other);
	else if (takes(dfa, node, gap))
		add_node(dfa, nodes, node->next);
}

/* What becomes of a node that waited: through assertions first, then behind the byte. */
static void follow_nodes(struct dfa *dfa, struct numbers *nodes, unsigned index,
			 const struct gap *gap)
{
	guint base = dfa->stack.len;

	push(&dfa->stack, index);
	while (dfa->stack.len > base) {
		unsigned at = pop(&dfa->stack);
		const struct nfa_node *node = node_at(dfa, at);
		if (dfa->passed[at] == dfa->turn)
			continue;
		dfa->passed[at] = dfa->turn;
		if (node->kind == NFA_SPLIT)
			push(&dfa->stack, node->other);
		if (node->kind == NFA_SPLIT || node->kind == NFA_EMPTY ||
		    (node->kind == NFA_ASSERT && assertion_holds(gap, node->byte)))
			push(&dfa->stack, node->next);
		else if (node->kind != NFA_ASSERT)
			take_nodes(dfa, nodes, at, gap);
	}
}

static const struct beginning *get_beginning(struct dfa *dfa, const struct gap *gap)
{
	struct beginning *beginning = &dfa->beginnings[gap->before][gap->class];
	struct numbers nodes = {0};

	if (beginning->is_known)
		return beginning;
	dfa->turn++;
	follow_nodes(dfa, &nodes, dfa->nfa->start, gap);
	beginning->is_known = true;
	beginning->count = nodes.len;
	beginning->nodes = nodes.data;
	return beginning;
}

/* Fills ids and nodes with those of the state behind the gap. */
static void leave(struct dfa *dfa, unsigned from, const struct gap *gap)
{
	const struct beginning *beginning = get_beginning(dfa, gap);
	const struct state state = *state_at(dfa, from);

	dfa->turn++;
	dfa->ids.len = 0;
	dfa->nodes.len = 0;
	for (unsigned i = 0; i < state.nodes; i++)
		follow_nodes(dfa, &dfa->nodes, dfa->members.data[state.from + state.ids + i], gap);
	for (unsigned i = 0; i < beginning->count; i++)
		if (dfa->marks[beginning->nodes[i]] != dfa->turn) {
			dfa->marks[beginning->nodes[i]] = dfa->turn;
			push(&dfa->nodes, beginning->nodes[i]);
		}
}

/* --- states ------------------------------------------------------------------------ */

static int compare_down(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x < y) - (x > y);
}

/* Orders the ids, each once. */
static void settle_match_ids(struct numbers *ids)
{
	unsigned used = 0;

	if (ids->len < 2)
		return;
	qsort(ids->data, ids->len, sizeof *ids->data, compare_down);
	for (unsigned i = 0; i < ids->len; i++)
		if (i == 0 || ids->data[i] != ids->data[used - 1])
			ids->data[used++] = ids->data[i];
	ids->len = used;
}

/* FNV-1a, by numbers instead of bytes. */
static guint32 hash_numbers(guint32 hash, const struct numbers *numbers)
{
	for (unsigned i = 0; i < numbers->len; i++)
		hash = (hash ^ numbers->data[i]) * 16777619U;
	return hash;
}

static bool has_members(const struct dfa *dfa, const struct state *state)
{
	const unsigned *members = dfa->members.data + state->from;

	return state->ids == dfa->ids.len && state->nodes == dfa->nodes.len &&
	       memcmp(members, dfa->ids.data, state->ids * sizeof(unsigned)) == 0 &&
	       memcmp(members + state->ids, dfa->nodes.data, state->nodes * sizeof(unsigned)) == 0;
}

/* Before turns are used up: there are fewer of them in a round than the table has places. */
static void forget_marks(struct dfa *dfa)
{
	dfa->turn = 0;
	memset(dfa->marks, 0, dfa->nfa->node_count * sizeof *dfa->marks);
	memset(dfa->passed, 0, dfa->nfa->node_count * sizeof *dfa->passed);
}

static void begin_again(struct dfa *dfa)
{
	dfa->round++;
	memset(dfa->table, 0, dfa->states->len * row_length(dfa) * sizeof *dfa->table);
	memset(dfa->slots, 0, SLOTS * sizeof *dfa->slots);
	dfa->members.len = 0;
	g_array_set_size(dfa->states, 1);
	if (dfa->turn > G_MAXUINT / 2)
		forget_marks(dfa);
}

static bool is_full(const struct dfa *dfa)
{
	return dfa->states->len == STATES_MAX ||
	       dfa->members.len + dfa->ids.len + dfa->nodes.len > MEMBERS_MAX;
}

static unsigned add_state(struct dfa *dfa, struct state state, unsigned slot)
{
	state.from = dfa->members.len;
	push_all(&dfa->members, &dfa->ids);
	push_all(&dfa->members, &dfa->nodes);
	g_array_append_val(dfa->states, state);
	dfa->slots[slot] = (guint16)(dfa->states->len - 1);
	return dfa->states->len - 1;
}

/* The state of the ids and nodes that were collected. */
static unsigned find_state(struct dfa *dfa, enum before before)
{
	struct state state = {.ids = dfa->ids.len, .nodes = dfa->nodes.len, .before = before};

	state.hash = hash_numbers(hash_numbers(2166136261U ^ before, &dfa->ids), &dfa->nodes);
	unsigned slot = (state.hash ^ state.hash >> 16) % SLOTS;
	for (; dfa->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
		const struct state *other = state_at(dfa, dfa->slots[slot]);
		if (other->hash == state.hash && other->before == before && has_members(dfa, other))
			return dfa->slots[slot];
	}
	if (!is_full(dfa))
		return add_state(dfa, state, slot);
	begin_again(dfa);
	return add_state(dfa, state, (state.hash ^ state.hash >> 16) % SLOTS);
}

static unsigned make_step(struct dfa *dfa, unsigned from, unsigned class)
{
	const struct gap gap = gap_before(dfa, state_at(dfa, from)->before, class);
	unsigned round = dfa->round;

	leave(dfa, from, &gap);
	settle_match_ids(&dfa->ids);
	unsigned to = find_state(dfa, nfa_is_word(gap.byte) ? BEFORE_WORD : BEFORE_OTHER);
	if (round == dfa->round) /* else there is no such place any more */
		dfa->table[from * row_length(dfa) + class] = (guint16)to;
	return to;
}

/* --- interface ------------------------------------------------------------------------ */

struct dfa *dfa_new(const struct nfa *nfa)
{
	struct dfa *dfa = g_new0(struct dfa, 1);

	dfa->nfa = nfa;
	dfa->table = g_new0(guint16, STATES_MAX * row_length(dfa));
	dfa->slots = g_new0(guint16, SLOTS);
	dfa->states = g_array_new(FALSE, TRUE, sizeof(struct state));
	dfa->marks = g_new0(unsigned, nfa->node_count);
	dfa->passed = g_new0(unsigned, nfa->node_count);
	reserve_numbers(&dfa->members, 1);
	reserve_numbers(&dfa->ids, 1);
	reserve_numbers(&dfa->nodes, 1);
	dfa->turn = 1;
	g_array_set_size(dfa->states, 1);
	return dfa;
}

void dfa_free(struct dfa *dfa)
{
	if (!dfa)
		return;
	for (unsigned i = 0; i < BEFORE_COUNT; i++)
		for (unsigned class = 0; class < NFA_CLASSES_MAX; class ++)
			g_free(dfa->beginnings[i][class].nodes);
	g_array_unref(dfa->states);
	g_free(dfa->members.data);
	g_free(dfa->stack.data);
	g_free(dfa->ids.data);
	g_free(dfa->nodes.data);
	g_free(dfa->table);
	g_free(dfa->slots);
	g_free(dfa->marks);
	g_free(dfa->passed);
	g_free(dfa);
}

unsigned dfa_restarts(const struct dfa *dfa)
{
	return dfa->round;
}

static unsigned start_state(struct dfa *dfa)
{
	dfa->ids.len = 0;
	dfa->nodes.len = 0;
	return find_state(dfa, BEFORE_NOTHING);
}

static unsigned step(struct dfa *dfa, unsigned from, unsigned class)
{
	unsigned to = dfa->table[from * row_length(dfa) + class];

	return to != 0 ? to : make_step(dfa, from, class);
}

static void report_match(const struct dfa *dfa, unsigned index, size_t end, dfa_found *found,
			 void *data)
{
	const struct state *state = state_at(dfa, index);

	for (unsigned i = 0; i < state->ids; i++)
		found(dfa->members.data[state->from + i], end, data);
}

void dfa_scan(struct dfa *dfa, const char *text, size_t len, dfa_found *found, void *data)
{
	unsigned state = start_state(dfa);

	for (size_t i = 0; i <= len; i++) {
		state = step(dfa, state,
			     i < len ? dfa->nfa->class_of[(unsigned char)text[i]] : end_class(dfa));
		if (state_at(dfa, state)->ids > 0)
			report_match(dfa, state, i, found, data);
	}
}
