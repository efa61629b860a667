/* SPDX-License-Identifier: BSD-2-Clause
 *
 *   addr-spec  = local-part "@" domain
 *   local-part = dot-atom / quoted-string
 *   domain     = dot-atom / "[" *dtext "]"
 * with UTF-8 allowed in atoms. More is taken than the grammar allows (dots at
 * the edges of a local part exist), never less.
 */
#include "classifier/text/address.h"

#include <string.h>

#include <glib.h>

enum {
	LOCAL_BYTES = 320 /* that are looked at before or behind an at sign */
};

static bool is_local(char c)
{
	return g_ascii_isalnum(c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static bool is_domain_char(char c)
{
	return g_ascii_isalnum(c) || (unsigned char)c >= 0x80 || c == '-' || c == '.' || c == '_';
}

/* Where what is written in one with a comma begins, "anna,miller@host.example", or from: a typing
 * error, but of this address, and "miller@host.example" may be somebody. Behind another address it
 * is the comma of a list. */
static const char *comma_start(const char *text, const char *from)
{
	const char *start = from;
	while (start > text && from - start < LOCAL_BYTES &&
	       (is_local(start[-1]) || start[-1] == ','))
		start--;
	if (start > text && start[-1] == '@')
		return from;
	return MIN(start + strspn(start, ","), from);
}

/* Start of the local part that ends before at, or at itself if there is none: not before floor. */
static const char *local_start(const char *text, const char *floor, const char *at)
{
	const char *from = at;
	if (from > floor && from[-1] == '"') {
		const char *quote = from - 1;
		while (quote > floor && at - quote < LOCAL_BYTES) {
			quote--;
			if (*quote == '\n')
				break;
			if (*quote == '"')
				return quote;
		}
		return at;
	}
	while (from > floor && is_local(from[-1]))
		from--;
	if (from < at && from > floor && from[-1] == ',')
		from = comma_start(text, from);
	while (from < at && strchr("'`{|", *from))
		from++;
	return from;
}

/* UTF-8 punctuation that encloses rather than belongs: quotes and brackets of
 * U+2018..U+201F, U+3000..U+303F (CJK punctuation), U+FF08..U+FF1E. */
static bool is_enclosing(const char *from, const char *end)
{
	gunichar c = g_utf8_get_char_validated(from, end - from);
	return (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x303F) ||
	       (c >= 0xFF01 && c <= 0xFF1F) || c == 0xAB || c == 0xBB || c == 0xA0;
}

/* A character of a script that is written without blanks (CJK, Hangul, Kana): before an
 * ASCII local part or behind an ASCII top-level domain it is the sentence around it. */
static bool is_unspaced(const char *from, const char *end)
{
	gunichar c = g_utf8_get_char_validated(from, end - from);
	return c >= 0x2E80 && c <= 0xFFEF;
}

/* Drops everything up to the last character that encloses or is of the sentence. */
static const char *local_trim(const char *from, const char *at)
{
	bool ascii_end = at > from && (unsigned char)at[-1] < 0x80;
	const char *best = from;
	for (const char *c = from; c < at; c++) {
		if ((unsigned char)*c < 0xC2)
			continue;
		if (is_enclosing(c, at) || (ascii_end && is_unspaced(c, at)))
			best = g_utf8_next_char(c);
	}
	best += strspn(best, ",");
	return MIN(best, at);
}

/* The end of the last label where it turns from ASCII into the sentence. */
static const char *top_level_end(const char *from, const char *to)
{
	const char *label = to;
	while (label > from && label[-1] != '.')
		label--;
	const char *end = label;
	while (end < to && (unsigned char)*end < 0x80)
		end++;
	return end - label >= 2 && end < to ? end : to;
}

static const char *domain_end(const char *from, const char *end)
{
	const char *to = from;
	if (to < end && *to == '[') {
		const char *close = memchr(to, ']', (size_t)MIN(end - to, 70));
		return close ? close + 1 : from;
	}
	while (to < end && is_domain_char(*to)) {
		if ((unsigned char)*to >= 0xC2 && is_enclosing(to, end))
			break;
		to++;
	}
	to = top_level_end(from, to);
	while (to > from && strchr(".-_", to[-1]))
		to--;
	return to;
}

/* "m\374ller@": the byte before was written as a number; the rest is nobody's address. */
static bool is_octal_tail(const char *text, const char *from)
{
	return from > text && from[-1] == '\\' && g_ascii_isdigit(*from);
}

/* Behind the quoted string that begins here; NULL if it has no end. */
static const char *quoted_end(const char *from, const char *end)
{
	for (const char *at = from + 1; at < end; at++) {
		if (*at == '"')
			return at + 1;
		at += *at == '\\';
	}
	return NULL;
}

/* The address that begins here with a quoted local part, whatever is between the quotes:
 * "anna@host.example"@other.example is no address of Anna's. */
static bool read_quoted_local_part(const char *from, const char *end, struct slice *address_out)
{
	const char *at = from < end && *from == '"' ? quoted_end(from, end) : NULL;
	if (!at || at >= end || *at != '@')
		return false;
	const char *to = domain_end(at + 1, end);
	*address_out = (struct slice){from, (size_t)(to - from)};
	return to > at + 1;
}

/* The same if the sign at this place is between the quotes. */
static bool find_around(const char *text, const char *at, const char *end,
			struct slice *address_out)
{
	end = MIN(end, at + LOCAL_BYTES);
	if (!memmem(at, (size_t)(end - at), "\"@", 2))
		return false;
	const char *from = at - text > LOCAL_BYTES ? at - LOCAL_BYTES : text;
	const char *newline = memrchr(from, '\n', (size_t)(at - from));
	for (from = newline ? newline + 1 : from; from < at; from++) {
		if (*from != '"')
			continue;
		const char *behind = quoted_end(from, end);
		if (!behind) /* those behind are in it, each escaped: they have no end either */
			return false;
		if (behind > at)
			return read_quoted_local_part(from, end, address_out);
		from = behind - 1;
	}
	return false;
}

/* Words and signs that a person may have written into an address by mistake. */
static bool is_slip(const char *from, const char *end)
{
	while (from < end && *from && !strchr("=/", *from) &&
	       (is_local(*from) || strchr(" \",@", *from)))
		from++;
	return from == end;
}

static bool is_quote(char c)
{
	return c && strchr("\"'`", c);
}

/* Only blanks and a pair of quotes are around the address. */
static bool is_enclosed(struct slice whole, struct slice address)
{
	struct slice before = {whole.data, (size_t)(address.data - whole.data)};
	const char *behind = address.data + address.len;
	struct slice after = {behind, (size_t)(whole.data + whole.len - behind)};
	while (before.len > 0 && *before.data == ' ')
		before.data++, before.len--;
	while (after.len > 0 && strchr(" .", after.data[after.len - 1]))
		after.len--; /* "host.example." is the same domain */
	return (before.len == 0 && after.len == 0) ||
	       (before.len == 1 && after.len == 1 && is_quote(*before.data) &&
		is_quote(*after.data));
}

/* What was written as one address and is none, of which the address found is a part:
 * "max mustermann@host.example" is not Mustermann's. */
static bool is_part_of(struct slice whole, struct slice address)
{
	const char *behind = address.data + address.len;
	const char *end = whole.data + whole.len;
	if (behind > end) /* it is in the comment behind */
		return false;
	bool is_in_sentence =
	    (address.data > whole.data && (unsigned char)address.data[-1] >= 0x80) ||
	    (behind < end && (unsigned char)*behind >= 0x80);
	bool is_list = memchr(whole.data, ',', whole.len) &&
		       (memchr(whole.data, '@', (size_t)(address.data - whole.data)) ||
			memchr(behind, '@', (size_t)(end - behind)));
	bool is_named = address.data - whole.data > 2 && memcmp(address.data - 2, "\" ", 2) == 0;
	/* ZMailer's way to an address: "<smtp host.example anna@host.example 99>" */
	bool is_way = whole.len > 6 &&
		      (memcmp(whole.data, "smtp ", 5) == 0 || memcmp(whole.data, "local ", 6) == 0);
	return !is_in_sentence && !is_list && !is_named && !is_way &&
	       !is_enclosed(whole, address) && is_slip(whole.data, address.data) &&
	       is_slip(behind, end);
}

/* All that is in the angle brackets around the address, in its line. */
static struct slice within_angle(const char *text, const char *end, struct slice address)
{
	const char *from = address.data, *to = address.data + address.len;
	while (from > text && address.data - from < LOCAL_BYTES && !strchr("<>\n", from[-1]))
		from--;
	while (to < end && to - address.data < LOCAL_BYTES && !strchr("<>\n", *to))
		to++;
	bool is_angle = from > text && from[-1] == '<' && to < end && *to == '>' &&
			(from < text + 2 || from[-2] != '<');
	struct slice whole = {from, (size_t)(to - from)};
	return is_angle && is_part_of(whole, address) ? whole : address;
}

/* Behind what somebody wrote on after the domain by mistake: "jo@smith@host.example",
 * "info@host,example". */
static const char *slip_end(const char *domain, const char *to, const char *end)
{
	while (to < end && *to == '@' && domain_end(to + 1, end) > to + 1)
		to = domain_end(to + 1, end);
	if (to == end || *to != ',' || memchr(domain, '.', (size_t)(to - domain)))
		return to;
	const char *label = to + 1;
	while (label < end && g_ascii_isalpha(*label))
		label++;
	bool is_label = label - to > 2 && (label == end || !(is_local(*label) || *label == '@'));
	return is_label ? label : to;
}

bool address_find(const char *text, size_t len, struct slice *address_out)
{
	const char *end = text + len;
	const char *floor = text;
	for (const char *at = text; (at = memchr(at, '@', (size_t)(end - at))); at++) {
		if (find_around(text, at, end, address_out))
			return true;
		const char *back = at - text > LOCAL_BYTES ? at - LOCAL_BYTES : text;
		const char *from = local_start(text, MAX(floor, back), at);
		from = local_trim(from, at);
		const char *to = domain_end(at + 1, end);
		if (from < at && to > at + 1 && !is_octal_tail(text, from)) {
			to = slip_end(at + 1, to, end);
			*address_out =
			    within_angle(text, end, (struct slice){from, (size_t)(to - from)});
			return true;
		}
		floor = at + 1;
	}
	return false;
}

/* End of the mailbox that begins at from: the next comma outside quotes,
 * comments and angle brackets. A group's ":" and ";" separate too. */
static const char *mailbox_end(const char *from, const char *end)
{
	unsigned comment = 0;
	bool quoted = false, angle = false;
	for (; from < end; from++) {
		if (*from == '\\' && (quoted || comment) && from + 1 < end)
			from++;
		else if (quoted)
			quoted = *from != '"';
		else if (*from == '"' && !comment)
			quoted = true;
		else if (*from == '(')
			comment++;
		else if (*from == ')' && comment)
			comment--;
		else if (*from == '<' && !comment)
			angle = true;
		else if (*from == '>')
			angle = false;
		else if ((*from == ',' || *from == ';') && !comment && !angle)
			break;
	}
	return from;
}

/* "<...>" outside quotes, if there is one. */
static bool find_angle(struct slice mailbox, struct slice *inner_out)
{
	const char *end = mailbox.data + mailbox.len;
	bool is_quoted = false;
	for (const char *at = mailbox.data; at < end; at++) {
		if (is_quoted && *at == '\\')
			at++;
		else if (*at == '"')
			is_quoted = !is_quoted;
		else if (*at == '<' && !is_quoted) {
			const char *from = at + 1;
			const char *quoted =
			    from < end && *from == '"' ? quoted_end(from, end) : NULL;
			const char *text = quoted ? quoted : from;
			const char *close = memchr(text, '>', (size_t)(end - text));
			*inner_out = (struct slice){from, (size_t)((close ? close : end) - from)};
			return true;
		}
	}
	return false;
}

/* Past commas with no blank behind them that only one side of which has an address:
 * "anna,miller@host.example", "info@host,example". */
static const char *recipient_end(const char *from, const char *end)
{
	const char *stop = mailbox_end(from, end);
	while (stop + 1 < end && *stop == ',' && stop > from && !g_ascii_isspace(stop[1])) {
		const char *next = mailbox_end(stop + 1, end);
		bool has_before = memchr(from, '@', (size_t)(stop - from));
		bool has_behind = memchr(stop + 1, '@', (size_t)(next - stop - 1));
		if (next == stop + 1 || (has_before && has_behind))
			break;
		stop = next;
	}
	return stop;
}

static struct slice trimmed(struct slice text)
{
	while (text.len > 0 && g_ascii_isspace(*text.data))
		text.data++, text.len--;
	while (text.len > 0 && g_ascii_isspace(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* The address in what is between angle brackets, or is a mailbox without them. */
static bool find_whole(struct slice text, struct slice *address_out)
{
	text = trimmed(text);
	if (!address_find(text.data, text.len, address_out))
		return false;
	if (is_part_of(text, *address_out))
		*address_out = text;
	return true;
}

static bool next_mailbox(struct slice *rest, bool are_recipients, struct slice *address_out)
{
	while (rest->len > 0) {
		const char *end = rest->data + rest->len;
		const char *stop =
		    are_recipients ? recipient_end(rest->data, end) : mailbox_end(rest->data, end);
		struct slice mailbox = {rest->data, (size_t)(stop - rest->data)};
		struct slice inner;
		const char *next = stop < end ? stop + 1 : end;
		*rest = (struct slice){next, (size_t)(end - next)};
		if (find_angle(mailbox, &inner) && find_whole(inner, address_out))
			return true;
		if (are_recipients ? find_whole(mailbox, address_out)
				   : address_find(mailbox.data, mailbox.len, address_out))
			return true;
	}
	return false;
}

bool address_next(struct slice *rest, struct slice *address_out)
{
	return next_mailbox(rest, false, address_out);
}

bool address_next_recipient(struct slice *rest, struct slice *address_out)
{
	return next_mailbox(rest, true, address_out);
}

/* Is what stands before an address what leads in to one: a quoted name, a type, a route? */
static bool is_led_in(const char *from, const char *end)
{
	bool is_name = false;
	while (end > from &&
	       (is_quote(end[-1]) || strchr(" \t(<[", end[-1]) || (unsigned char)end[-1] >= 0x80)) {
		end--;
		is_name |= *end == '"' && end[1] == ' ';
	}
	return end == from || is_name || strchr(":;)", end[-1]);
}

/* Does what stands behind an address end it, or begin another one? */
static bool is_led_out(const char *from, const char *end)
{
	while (from < end &&
	       (is_quote(*from) || strchr(" \t)>].,", *from) || (unsigned char)*from >= 0x80))
		from++;
	return from == end || strchr("(;", *from) || memchr(from, '@', (size_t)(end - from));
}

/* A value with an at sign: the address in it, if the rest is none of it; else all of it as it is
 * written, for a part of it may be somebody else's address. */
static struct slice address_or_all(struct slice value)
{
	const char *comment = memmem(value.data, value.len, " (", 2);
	const char *end = value.data + value.len;
	struct slice all = trimmed((struct slice){
	    value.data, comment > value.data ? (size_t)(comment - value.data) : value.len});
	struct slice found;
	if (!address_find(value.data, value.len, &found))
		return all;
	if (is_part_of(all, found) || !is_led_in(value.data, found.data) ||
	    !is_led_out(found.data + found.len, end))
		return all;
	return found;
}

/* A local part alone, or a file. */
static struct slice bare_name(struct slice out)
{
	while (out.len > 0 && strchr(" \t\"'`", out.data[0]))
		out.data++, out.len--;
	size_t to = 0;
	while (to < out.len && !strchr(" \t(", out.data[to]))
		to++;
	if (to > 0 && memchr(out.data, '"', out.len))
		to = out.len; /* a quoted local part may hold blanks */
	while (to > 0 && strchr(" \t'`>", out.data[to - 1]))
		to--;
	out.len = to;
	return out;
}

struct slice address_bare(const char *value, size_t len)
{
	struct slice out = {value, len};
	struct slice inner;
	if (find_angle(out, &inner))
		out = inner;
	out = trimmed(out);
	if (read_quoted_local_part(out.data, out.data + out.len, &inner))
		return inner;
	return memchr(out.data, '@', out.len) ? address_or_all(out) : bare_name(out);
}

/* A letter of a script that parts its words: next to an address it belongs to a longer one. */
static bool is_spaced_letter(const char *at, const char *end)
{
	return g_unichar_isalpha(g_utf8_get_char_validated(at, end - at)) && !is_unspaced(at, end);
}

static bool is_within_local(const char *text, const char *at)
{
	if (at == text)
		return false;
	char before = at[-1];
	if ((unsigned char)before < 0x80)
		return g_ascii_isalnum(before) || strchr("._+-", before) ||
		       (before == ',' && comma_start(text, at) < at);
	const char *letter = g_utf8_find_prev_char(text, at);
	return letter && is_spaced_letter(letter, at);
}

static bool is_within_domain(const char *end)
{
	if ((unsigned char)*end < 0x80)
		return g_ascii_isalnum(*end) || *end == '-' ||
		       (*end == '.' && g_ascii_isalnum(end[1]));
	return is_spaced_letter(end, end + strnlen(end, 4));
}

const char *address_locate(const char *text, const char *address)
{
	size_t len = strlen(address);
	if (len == 0)
		return NULL;
	const char *at = strcasestr(text, address);
	while (at && (is_within_local(text, at) || is_within_domain(at + len)))
		at = strcasestr(at + 1, address);
	return at;
}

bool address_is_in(const char *const *list, const char *address)
{
	for (; *list; list++)
		if (g_ascii_strcasecmp(*list, address) == 0)
			return true;
	return false;
}

bool address_is_rest(const char *text, const char *address)
{
	if (!strcasestr(text, " may not follow "))
		return false;
	g_autofree char *words = g_strconcat(address, " may not follow ", NULL);
	return strcasestr(text, words);
}

void address_decode_xtext(char *text)
{
	char *out = text;
	for (const char *at = text; *at; at++) {
		int high =
		    at[0] == '+' && !g_ascii_islower(at[1]) ? g_ascii_xdigit_value(at[1]) : -1;
		int low = high >= 0 && !g_ascii_islower(at[2]) ? g_ascii_xdigit_value(at[2]) : -1;
		int code = low >= 0 ? high * 16 + low : 0;
		if (code > ' ' && code < 0x7F) {
			*out++ = (char)code;
			at += 2;
		} else {
			*out++ = *at;
		}
	}
	*out = '\0';
}

void address_decode_utf8(char *text)
{
	char *out = text;
	for (char *at = text; *at;) {
		char *stop = NULL;
		guint64 code =
		    strncmp(at, "\\x{", 3) == 0 ? g_ascii_strtoull(at + 3, &stop, 16) : 0;
		if (stop && *stop == '}' && code > ' ' && code <= 0x10FFFF &&
		    g_unichar_validate((gunichar)code)) {
			out += g_unichar_to_utf8((gunichar)code,
						 out); /* at most 4 of the 6 or more bytes read */
			at = stop + 1;
		} else {
			*out++ = *at++;
		}
	}
	*out = '\0';
}
