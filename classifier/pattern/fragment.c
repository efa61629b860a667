/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fragments of the automaton. What is compared with the text is in small letters.
 */
#include "classifier/pattern/fragment.h"

#include "classifier/text/text.h"

static unsigned add_nfa_node(struct nfa *nfa, enum nfa_kind kind, unsigned byte)
{
	return nfa_add(nfa,
		       (struct nfa_node){.kind = (unsigned char)kind, .byte = (unsigned char)byte});
}

unsigned fragment_split(struct nfa *nfa, unsigned next, unsigned other)
{
	return nfa_add(nfa, (struct nfa_node){.kind = NFA_SPLIT, .next = next, .other = other});
}

static struct fragment one_node(unsigned node, size_t min)
{
	return (struct fragment){.first = node, .last = node, .min = min};
}

struct fragment fragment_nothing(struct nfa *nfa)
{
	return one_node(add_nfa_node(nfa, NFA_EMPTY, 0), 0);
}

struct fragment fragment_assertion(struct nfa *nfa, enum nfa_assertion kind)
{
	return one_node(add_nfa_node(nfa, NFA_ASSERT, kind), 0);
}

void fragment_append(struct nfa *nfa, struct fragment *to, const struct fragment *fragment)
{
	nfa_link(nfa, to->last, fragment->first);
	to->last = fragment->last;
	to->min += fragment->min;
}

static struct fragment bytes(struct nfa *nfa, const char *text, size_t len)
{
	unsigned first = nfa_add_text(nfa, text, len);

	return (struct fragment){.first = first, .last = first + (unsigned)len - 1, .min = len};
}

void fragment_add_choice(struct nfa *nfa, struct fragment *to, const struct fragment *other,
			 unsigned join)
{
	if (to->last != join)
		nfa_link(nfa, to->last, join);
	nfa_link(nfa, other->last, join);
	to->first = fragment_split(nfa, other->first, to->first);
	to->last = join;
	to->min = MIN(to->min, other->min);
}

static bool is_ascii(const char *text, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)text[i];
	return all < 0x80;
}

struct fragment fragment_text(struct nfa *nfa, const char *text, size_t len)
{
	if (is_ascii(text, len))
		return bytes(nfa, text, len);
	g_autofree char *small = text_lower_in_place(g_strndup(text, len));
	return bytes(nfa, small, len);
}

static unsigned add_range(struct nfa *nfa, unsigned from, unsigned to, unsigned next)
{
	struct nfa_set set = {{0}};

	for (unsigned byte = from; byte <= to; byte++)
		nfa_set_insert(&set, (unsigned char)byte);
	return nfa_add_set(nfa, &set, next);
}

/* Any character beyond ASCII; the text is known to be valid UTF-8. */
static struct fragment wide_character(struct nfa *nfa)
{
	unsigned last = add_range(nfa, 0x80, 0xBF, 0);
	unsigned third = add_range(nfa, 0x80, 0xBF, last);
	unsigned second = add_range(nfa, 0x80, 0xBF, third);
	unsigned two = add_range(nfa, 0xC2, 0xDF, last);
	unsigned three = add_range(nfa, 0xE0, 0xEF, third);
	unsigned four = add_range(nfa, 0xF0, 0xF4, second);
	unsigned longer = fragment_split(nfa, three, four);

	return (struct fragment){fragment_split(nfa, two, longer), last, 2};
}

struct fragment fragment_class(struct nfa *nfa, const struct char_class *class, bool is_utf8)
{
	struct nfa_set set = class->ascii;
	unsigned join = add_nfa_node(nfa, NFA_EMPTY, 0);

	if (class->has_wide && !is_utf8)
		set.bits[2] = set.bits[3] = ~G_GUINT64_CONSTANT(0);
	struct fragment all = one_node(nfa_add_set(nfa, &set, 0), 1);
	if (class->has_wide && is_utf8) {
		struct fragment wide = wide_character(nfa);
		fragment_add_choice(nfa, &all, &wide, join);
	}
	for (const char *c = class->members->str; *c != '\0'; c = g_utf8_next_char(c)) {
		struct fragment one = fragment_text(nfa, c, (size_t)(g_utf8_next_char(c) - c));
		fragment_add_choice(nfa, &all, &one, join);
	}
	return all;
}

struct fragment fragment_any(struct nfa *nfa, bool is_utf8)
{
	g_auto(char_class_t) class = {.members = g_string_new(NULL), .has_wide = true};

	class.ascii.bits[0] = class.ascii.bits[1] = ~G_GUINT64_CONSTANT(0);
	return fragment_class(nfa, &class, is_utf8);
}

void fragment_repeat(struct nfa *nfa, struct fragment *fragment)
{
	unsigned end = add_nfa_node(nfa, NFA_EMPTY, 0);
	unsigned loop = fragment_split(nfa, fragment->first, end);

	nfa_link(nfa, fragment->last, loop);
	*fragment = (struct fragment){.first = loop, .last = end};
}
