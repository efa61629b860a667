/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sets of ASCII by the bits, characters beyond it one by one.
 */
#include "classifier/pattern/char_class.h"

#include <string.h>

void char_class_clear(struct char_class *class)
{
	g_string_free(class->members, TRUE);
}

static void insert(struct char_class *class, char c)
{
	nfa_set_insert(&class->ascii, (unsigned char)g_ascii_tolower(c));
}

static void negate(struct char_class *class)
{
	class->ascii.bits[0] = ~class->ascii.bits[0];
	class->ascii.bits[1] = ~class->ascii.bits[1];
	class->has_wide = !class->has_wide;
}

static bool is_in(char kind, char c)
{
	switch (kind) {
	case 'd':
		return g_ascii_isdigit(c);
	case 'w':
		return nfa_is_word((unsigned char)c);
	default:
		return g_ascii_isspace(c) || c == '\v';
	}
}

/* "\d", and "\D" for all but that. Beyond ASCII nearly everything is a letter: "\W" takes none of
 * it, or "\W*$" would take the rest of a sentence. */
static void insert_kind(struct char_class *class, char kind)
{
	struct char_class own = {.has_wide = false};

	for (int c = 0; c < 0x80; c++)
		if (is_in(g_ascii_tolower(kind), (char)c))
			insert(&own, (char)c);
	if (g_ascii_isupper(kind))
		negate(&own);
	own.has_wide &= kind != 'W';
	class->ascii.bits[0] |= own.ascii.bits[0];
	class->ascii.bits[1] |= own.ascii.bits[1];
	class->has_wide |= own.has_wide;
}

/* "\x2D", behind the x */
static bool parse_hex(const char **at, char *out)
{
	int high = g_ascii_xdigit_value((*at)[0]);
	int low = high < 0 ? -1 : g_ascii_xdigit_value((*at)[1]);

	if (low < 0 || high > 7 || high * 16 + low == 0)
		return false;
	*out = (char)(high * 16 + low);
	*at += 2;
	return true;
}

static bool parse_control(const char **at, char *out)
{
	static const char names[] = "nrtfe", controls[] = "\n\r\t\f\x1B";
	char name = (*at)[1];
	const char *found = name == '\0' ? NULL : strchr(names, name);

	if (!found && (g_ascii_isalnum(name) || name == '\0') && name != 'x')
		return false;
	*at += 2;
	if (name == 'x')
		return parse_hex(at, out);
	*out = found ? controls[found - names] : name;
	return true;
}

bool char_class_parse_escape(const char **at, struct char_class *class_out)
{
	char c = (*at)[1];

	if (c != '\0' && strchr("dDwWsS", c)) {
		insert_kind(class_out, c);
		*at += 2;
		return true;
	}
	if ((unsigned char)c >= 0x80) {
		const char *end = g_utf8_next_char(*at + 1);
		g_string_append_len(class_out->members, *at + 1, end - (*at + 1));
		*at = end;
		return true;
	}
	if (!parse_control(at, &c))
		return false;
	insert(class_out, c);
	return true;
}

/* A character that may begin or end a range; false if it is none. */
static bool parse_end_of_range(const char **at, char *out)
{
	if (**at == '\\')
		return !strchr("dDwWsSb", (*at)[1]) && (unsigned char)(*at)[1] < 0x80 &&
		       parse_control(at, out);
	if ((unsigned char)**at >= 0x80)
		return false;
	*out = *(*at)++;
	return true;
}

static bool parse_range(const char **at, char from, struct char_class *class)
{
	char to = '\0';

	(*at)++;
	if (!parse_end_of_range(at, &to) || to < from)
		return false;
	for (unsigned char c = (unsigned char)from; c <= (unsigned char)to; c++)
		insert(class, (char)c);
	return true;
}

static bool begins_range(const char *at)
{
	return at[0] == '-' && at[1] != ']' && at[1] != '\0';
}

/* One character, range or escape; false if only PCRE may know it. */
static bool parse_member(const char **at, struct char_class *class)
{
	const char *from = *at;
	char c = '\0';

	if (parse_end_of_range(at, &c)) {
		if (begins_range(*at))
			return parse_range(at, c, class);
		insert(class, c);
		return true;
	}
	*at = from;
	if (*from == '\\')
		return char_class_parse_escape(at, class) && !begins_range(*at);
	*at = g_utf8_next_char(from);
	g_string_append_len(class->members, from, *at - from);
	return !begins_range(*at);
}

enum char_class_status char_class_parse(const char **at, struct char_class *class_out)
{
	bool is_negated = (*at)[1] == '^';
	const char *first = *at + 1 + is_negated;

	for (*at = first; **at != ']' || *at == first;) {
		if (**at == '\0')
			return CHAR_CLASS_OPEN;
		if (g_str_has_prefix(*at, "[:") || !parse_member(at, class_out))
			return CHAR_CLASS_FOREIGN;
	}
	(*at)++;
	if (!is_negated)
		return CHAR_CLASS_READ;
	negate(class_out);
	return class_out->members->len > 0 ? CHAR_CLASS_FOREIGN : CHAR_CLASS_READ;
}
