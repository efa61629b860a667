/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The patterns of etc/dialects against a line.
 */
#include "classifier/prose/dialect_pattern.h"

#include <string.h>

#include "classifier/prose/dialects.h"
#include "classifier/text/address.h"

#define NAME_BYTES    64  /* of a local part, RFC 5321 */
#define ADDRESS_BYTES 400 /* of a line that one address may take */

static bool match_here(const char *pattern, const char *at, const char *end,
		       struct prose_match *out);

static bool match_any(const char *pattern, const char *at, const char *end, struct prose_match *out)
{
	const char *from = at;
	for (; at <= end; at++) {
		/* ' ' takes all blanks at once: the second of them need not be tried */
		if (*pattern == ' ' && at > from && (at[-1] == ' ' || at[-1] == '\t'))
			continue;
		if (match_here(pattern, at, end, out))
			return true;
	}
	return false;
}

/* A local part alone: letters, digits and what names are joined with. */
static bool match_name(const char **at, const char *end, struct slice *out)
{
	const char *from = *at;
	const char *to = from;
	while (to < end && (g_ascii_isalnum(*to) || strchr("._-+'", *to)))
		to++;
	while (to > from && to[-1] == '.')
		to--;
	if (to == from || !g_ascii_isalnum(*from) || to - from > NAME_BYTES ||
	    (to < end && *to == '@'))
		return false;
	*out = (struct slice){from, (size_t)(to - from)};
	*at = to;
	return true;
}

/* is_angle: there is an angle bracket before it, which belongs to how it is written. */
static bool match_address(const char **at, const char *end, bool is_angle, struct slice *out)
{
	const char *from = *at - is_angle;
	if (!address_find(from, MIN((size_t)(end - from), ADDRESS_BYTES), out) || out->data != *at)
		return false;
	*at = out->data + out->len;
	return true;
}

/* One row's pattern against the rest of a line; only %* tries more than one way. */
static bool match_here(const char *pattern, const char *at, const char *end,
		       struct prose_match *out)
{
	const char *row = pattern;
	for (; *pattern; pattern++) {
		if (*pattern == ' ') {
			if (at < end && *at != ' ' && *at != '\t')
				return false;
			while (at < end && (*at == ' ' || *at == '\t'))
				at++;
		} else if (*pattern == '$') {
			while (at < end && (*at == ' ' || *at == '\t'))
				at++;
			return at == end;
		} else if (*pattern == '%') {
			pattern++;
			if (*pattern == '*')
				return match_any(pattern + 1, at, end, out);
			if (*pattern == 'd') {
				out->rest = at;
				return true;
			}
			if (*pattern == 'l') {
				out->line_only = true;
				continue;
			}
			if (*pattern == 'u') {
				if (!match_name(&at, end, &out->recipient))
					return false;
				continue;
			}
			bool is_angle = pattern - row > 1 && pattern[-2] == '<';
			if (!match_address(&at, end, is_angle,
					   *pattern == 'a' ? &out->recipient : &out->original))
				return false;
		} else {
			if (at == end || g_ascii_tolower(*at) != g_ascii_tolower(*pattern))
				return false;
			at++;
		}
	}
	return true;
}

bool dialect_pattern_match_line(const char *pattern, const char *line, struct prose_match *out)
{
	line += strspn(line, " \t");
	return match_here(pattern, line, line + strcspn(line, "\n"), out);
}

/* Most patterns fail at their first character. */
static bool may_match(const char *pattern, char first)
{
	return *pattern == '%' || g_ascii_tolower(*pattern) == first;
}

bool dialect_pattern_match_phrase(const char *const *phrases, const char *line)
{
	struct prose_match ignored = {0};
	line += strspn(line, " \t");
	char first = g_ascii_tolower(*line);
	for (size_t i = 0; phrases[i]; i++)
		if (may_match(phrases[i], first) &&
		    dialect_pattern_match_line(phrases[i], line, &ignored))
			return true;
	return false;
}
