/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A recursive descent that builds the automaton as it goes. What is repeated is read again for
 * each copy.
 */
#include "classifier/pattern/expression.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "classifier/pattern/char_class.h"
#include "classifier/pattern/fragment.h"

enum {
	NODES_MAX = 20000, /* of one expression */
	DEPTH_MAX = 100,
	REPEAT_MAX = 1000,
};

struct parser {
	struct nfa *nfa;
	const char *at;
	unsigned nodes_max;
	unsigned depth;
	bool is_utf8;
	bool is_preceded; /* something is before this place in every match */
	bool is_approximate;
	bool is_foreign;   /* it may be one, but only PCRE knows */
	const char *fault; /* why it is none */
};

static bool parse_list(struct parser *parser, struct fragment *out);

static bool fail_expression(struct parser *parser, const char *fault)
{
	parser->fault = fault;
	return false;
}

static bool leave_to_pcre(struct parser *parser)
{
	parser->is_foreign = true;
	return false;
}

/* --- atoms ----------------------------------------------------------------------- */

static bool parse_class(struct parser *parser, struct fragment *out)
{
	g_auto(char_class_t) class = {.members = g_string_new(NULL)};

	switch (char_class_parse(&parser->at, &class)) {
	case CHAR_CLASS_READ:
		*out = fragment_class(parser->nfa, &class, parser->is_utf8);
		return true;
	case CHAR_CLASS_FOREIGN:
		return leave_to_pcre(parser);
	case CHAR_CLASS_OPEN:
		break;
	}
	return fail_expression(parser, "missing closing square bracket");
}

/* "\1": who knows what that was */
static struct fragment back_reference(struct parser *parser)
{
	struct fragment any = fragment_any(parser->nfa, parser->is_utf8);

	parser->is_approximate = true;
	fragment_repeat(parser->nfa, &any);
	return any;
}

static bool parse_escape(struct parser *parser, struct fragment *out)
{
	static const char edges[] = "bBAzZ";
	static const enum nfa_assertion edge_of[] = {NFA_WORD_EDGE, NFA_NO_WORD_EDGE,
						     NFA_TEXT_START, NFA_TEXT_END, NFA_TEXT_END};
	g_auto(char_class_t) class = {.members = g_string_new(NULL)};
	const char *edge = strchr(edges, parser->at[1]);

	if (parser->at[1] == '\0')
		return fail_expression(parser, "a backslash at its end");
	if (g_ascii_isdigit(parser->at[1]) && parser->at[1] != '0') {
		parser->at += 1 + strspn(parser->at + 1, "0123456789");
		*out = back_reference(parser);
		return true;
	}
	if (edge) {
		parser->at += 2;
		*out = fragment_assertion(parser->nfa, edge_of[edge - edges]);
		return true;
	}
	if (!char_class_parse_escape(&parser->at, &class))
		return leave_to_pcre(parser);
	*out = fragment_class(parser->nfa, &class, parser->is_utf8);
	return true;
}

/* --- groups ------------------------------------------------------------------- */

/* How a group begins, and what that says about it. */
static const struct group {
	const char *start;
	enum group_kind {
		GROUP_PLAIN,
		GROUP_FLAGS,  /* no group: sets what is so already */
		GROUP_ATOMIC, /* matches less than a plain one */
		GROUP_LOOK,   /* matches nothing, and perhaps forbids it */
		GROUP_NAMED,
		GROUP_FOREIGN,
	} kind;
} groups[] = {
    {"?:", GROUP_PLAIN},  {"?i:", GROUP_PLAIN}, {"?s:", GROUP_PLAIN}, {"?i)", GROUP_FLAGS},
    {"?s)", GROUP_FLAGS}, {"?>", GROUP_ATOMIC}, {"?=", GROUP_LOOK},   {"?!", GROUP_LOOK},
    {"?<=", GROUP_LOOK},  {"?<!", GROUP_LOOK},  {"?<", GROUP_NAMED},  {"?P<", GROUP_NAMED},
    {"?", GROUP_FOREIGN}, {"*", GROUP_FOREIGN}, {"", GROUP_PLAIN},
};

static enum group_kind begin_group(struct parser *parser)
{
	const struct group *group = groups;

	while (!g_str_has_prefix(parser->at, group->start))
		group++;
	parser->at += strlen(group->start);
	if (group->kind == GROUP_NAMED) {
		parser->at += strcspn(parser->at, ">");
		parser->at += *parser->at == '>';
	}
	return group->kind;
}

static bool parse_group(struct parser *parser, struct fragment *out)
{
	parser->at++;
	enum group_kind kind = begin_group(parser);

	if (kind == GROUP_FOREIGN)
		return leave_to_pcre(parser);
	if (kind == GROUP_FLAGS) {
		*out = fragment_nothing(parser->nfa);
		return true;
	}
	bool was_preceded = parser->is_preceded;
	parser->is_preceded &= kind != GROUP_LOOK; /* "foo(?<=^foo)" */
	if (!parse_list(parser, out))
		return false;
	parser->is_preceded = was_preceded;
	if (*parser->at != ')')
		return fail_expression(parser, "missing closing bracket");
	parser->at++;
	parser->is_approximate |= kind == GROUP_ATOMIC || kind == GROUP_LOOK;
	if (kind == GROUP_LOOK)
		*out = fragment_nothing(parser->nfa);
	return true;
}

/* --- repetition ------------------------------------------------------------------ */

/* How often: at least min times, and at most max times unless it is open. */
struct repetition {
	unsigned min;
	unsigned max;
	bool is_open;
};

static unsigned parse_count(const char **at)
{
	char *end = NULL;
	unsigned long count = strtoul(*at, &end, 10);

	*at = end;
	return (unsigned)MIN(count, REPEAT_MAX + 1);
}

/* "{2}", "{2,}", "{2,3}"; anything else in braces is text. */
static bool parse_braces(const char **at, struct repetition *out)
{
	const char *next = *at + 1;

	if (!g_ascii_isdigit(*next))
		return false;
	out->min = out->max = parse_count(&next);
	if (*next == ',') {
		next++;
		out->is_open = !g_ascii_isdigit(*next);
		out->max = out->is_open ? out->min : parse_count(&next);
	}
	if (*next != '}')
		return false;
	*at = next + 1;
	return true;
}

static bool parse_repetition(const char **at, struct repetition *out)
{
	*out = (struct repetition){.max = 1};
	switch (**at) {
	case '?':
		break;
	case '+':
		out->min = 1;
		out->is_open = true;
		break;
	case '*':
		out->is_open = true;
		break;
	case '{':
		return parse_braces(at, out);
	default:
		return false;
	}
	(*at)++;
	return true;
}

static bool parse_atom(struct parser *parser, struct fragment *out);

/* atom: where it stands, for the copies. Each copy that need not be can be passed by. */
static bool repeat(struct parser *parser, const char *atom, const struct repetition *times,
		   struct fragment *fragment)
{
	const char *behind = parser->at;
	unsigned end = fragment_nothing(parser->nfa).first;
	unsigned copies = times->is_open ? MAX(times->min, 1) : times->max;
	struct fragment all = fragment_nothing(parser->nfa), one = *fragment;

	for (unsigned i = 0; i < copies; i++) {
		parser->at = atom;
		if (i > 0 && !parse_atom(parser, &one))
			return false;
		struct fragment copy = one;
		if (i >= times->min) {
			copy.first = fragment_split(parser->nfa, one.first, end);
			copy.min = 0;
		}
		fragment_append(parser->nfa, &all, &copy);
	}
	nfa_link(parser->nfa, all.last,
		 times->is_open ? fragment_split(parser->nfa, one.first, end) : end);
	*fragment = (struct fragment){.first = all.first, .last = end, .min = all.min};
	parser->at = behind;
	return true;
}

/* A reluctant repetition has the same matches as a greedy one, a possessive one fewer. */
static bool parse_piece(struct parser *parser, struct fragment *out)
{
	const char *atom = parser->at;
	struct repetition times;

	if (!parse_atom(parser, out))
		return false;
	if (!parse_repetition(&parser->at, &times))
		return true;
	if (times.min > REPEAT_MAX || times.max > REPEAT_MAX || times.max < times.min)
		return fail_expression(parser, "a number of repetitions that cannot be");
	parser->is_approximate |= *parser->at == '+';
	parser->at += *parser->at == '+' || *parser->at == '?';
	return repeat(parser, atom, &times, out);
}

static bool parse_atom(struct parser *parser, struct fragment *out)
{
	const char *from = parser->at;
	struct repetition times;

	if (parser->nfa->node_count > parser->nodes_max)
		return fail_expression(parser, "it is too large");
	switch (*from) {
	case '(':
		return parse_group(parser, out);
	case '[':
		return parse_class(parser, out);
	case '\\':
		return parse_escape(parser, out);
	case '.':
		parser->at++;
		*out = fragment_any(parser->nfa, parser->is_utf8);
		return true;
	case '^':
		if (parser->is_preceded)
			return fail_expression(parser, "\"^\" can never hold behind something");
		parser->at++;
		*out = fragment_assertion(parser->nfa, NFA_TEXT_START);
		return true;
	case '$':
		parser->at++;
		*out = fragment_assertion(parser->nfa, NFA_TEXT_END);
		return true;
	default:
		if (parse_repetition(&parser->at, &times))
			return fail_expression(parser, "a repetition of nothing");
		parser->at = g_utf8_next_char(from);
		*out = fragment_text(parser->nfa, from, (size_t)(parser->at - from));
		return true;
	}
}

/* How many bytes stand there of characters that mean themselves and are not repeated. */
static size_t plain_length(const char *at)
{
	size_t len = 0;

	while (g_ascii_isalnum(at[len]) || at[len] == ' ' || (unsigned char)at[len] >= 0x80)
		len++;
	if (len == 0 || at[len] == '\0' || !strchr("?*+{", at[len]))
		return len;
	do
		len--;
	while (len > 0 && ((unsigned char)at[len] & 0xC0) == 0x80);
	return len;
}

static bool parse_sequence(struct parser *parser, struct fragment *out)
{
	bool was_preceded = parser->is_preceded;

	*out = fragment_nothing(parser->nfa);
	while (*parser->at != '\0' && *parser->at != '|' && *parser->at != ')') {
		struct fragment piece;
		size_t plain = plain_length(parser->at);
		if (plain > 0 && parser->nfa->node_count <= parser->nodes_max) {
			piece = fragment_text(parser->nfa, parser->at, plain);
			parser->at += plain;
		} else if (!parse_piece(parser, &piece)) {
			return false;
		}
		fragment_append(parser->nfa, out, &piece);
		parser->is_preceded |= piece.min > 0;
	}
	parser->is_preceded = was_preceded;
	return true;
}

static bool parse_list(struct parser *parser, struct fragment *out)
{
	unsigned join = fragment_nothing(parser->nfa).first;

	if (++parser->depth > DEPTH_MAX)
		return fail_expression(parser, "its brackets are nested too deeply");
	if (!parse_sequence(parser, out))
		return false;
	while (*parser->at == '|') {
		struct fragment other;
		parser->at++;
		if (!parse_sequence(parser, &other))
			return false;
		fragment_add_choice(parser->nfa, out, &other, join);
	}
	parser->depth--;
	return true;
}

/* --- whole expressions ------------------------------------------------------------ */

static bool parse_expression(struct parser *parser, struct fragment *out)
{
	if (!parse_list(parser, out))
		return false;
	if (*parser->at == ')')
		return fail_expression(parser, "unmatched closing bracket");
	return out->min > 0 || fail_expression(parser, "it matches the empty text");
}

bool expression_add(struct nfa *nfa, const char *text, unsigned id, bool *is_approximate_out,
		    GError **error)
{
	struct parser parser = {.nfa = nfa,
				.at = text,
				.nodes_max = nfa->node_count + NODES_MAX,
				.is_utf8 = !g_str_is_ascii(text)};
	struct fragment whole;

	if (!parse_expression(&parser, &whole)) {
		if (!parser.is_foreign) {
			g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", parser.fault);
			return false;
		}
		parser.is_approximate = true;
		whole = fragment_any(nfa, parser.is_utf8);
	}
	nfa_link(nfa, whole.last, nfa_add(nfa, (struct nfa_node){.kind = NFA_ACCEPT, .other = id}));
	g_array_append_val(nfa->starts, whole.first);
	*is_approximate_out = parser.is_approximate;
	return true;
}
