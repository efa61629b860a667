/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 5322 section 2.2:
 *   field = field-name ":" unstructured CRLF, and a line that begins with WSP
 *   continues the field before it.
 */
#include "classifier/text/header.h"

#include <string.h>

#include <glib.h>

static const char *find_newline(const char *from, const char *end)
{
	const char *newline = memchr(from, '\n', (size_t)(end - from));
	return newline ? newline : end;
}

static bool is_header_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct slice header_block(const char *bytes, size_t len)
{
	if (len > 0 && bytes[0] == '\n')
		return (struct slice){bytes, 0};
	const char *end = bytes + len;
	for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at)));)
		if (++at < end && *at == '\n')
			return (struct slice){bytes, (size_t)(at - bytes)};
	return (struct slice){bytes, len};
}

static const char *field_end(const char *line, const char *end)
{
	const char *stop = find_newline(line, end);
	while (stop + 1 < end && (stop[1] == ' ' || stop[1] == '\t'))
		stop = find_newline(stop + 1, end);
	return stop;
}

/* The colon after a field name, or NULL if the line is no field. */
static const char *find_colon(const char *line, const char *end)
{
	const char *at = line;
	while (at < end && (unsigned char)*at > ' ' && *at != ':')
		at++;
	if (at == line)
		return NULL;
	while (at < end && is_header_blank(*at))
		at++;
	return at < end && *at == ':' ? at : NULL;
}

size_t header_name_length(const char *line, size_t len)
{
	size_t name = 0;

	while (name < len && line[name] > ' ' && line[name] < 0x7f && line[name] != ':')
		name++;
	size_t colon = name;
	while (colon < len && (line[colon] == ' ' || line[colon] == '\t'))
		colon++;
	return colon < len && line[colon] == ':' ? name : 0;
}

static struct slice trim(const char *from, const char *to)
{
	while (from < to && (is_header_blank(*from) || *from == '\n'))
		from++;
	while (to > from && (is_header_blank(to[-1]) || to[-1] == '\n'))
		to--;
	return (struct slice){from, (size_t)(to - from)};
}

bool header_next(struct slice *rest, struct header_field *field_out)
{
	const char *end = rest->data + rest->len;
	const char *line = rest->data;
	while (line < end && *line != '\n') {
		const char *stop = field_end(line, end);
		const char *colon = find_colon(line, find_newline(line, end));
		const char *next = stop < end ? stop + 1 : end;
		if (colon) {
			field_out->name = trim(line, colon);
			field_out->value = trim(colon + 1, stop);
			*rest = (struct slice){next, (size_t)(end - next)};
			return true;
		}
		line = next;
	}
	*rest = (struct slice){line, (size_t)(end - line)};
	return false;
}

bool header_is_sound(struct slice block)
{
	const char *end = block.data + block.len;
	for (const char *line = block.data; line < end; line = field_end(line, end) + 1)
		if (!find_colon(line, find_newline(line, end)))
			return false;
	return block.len > 0;
}

bool header_has_word(struct slice text, const char *word)
{
	size_t len = strlen(word);
	const char first[] = {g_ascii_tolower(*word), g_ascii_toupper(*word)};
	for (size_t i = 0; i + len <= text.len; i++)
		if ((text.data[i] == first[0] || text.data[i] == first[1]) &&
		    g_ascii_strncasecmp(text.data + i, word, len) == 0)
			return true;
	return false;
}

bool header_name_is(const struct header_field *field, const char *name)
{
	return strlen(name) == field->name.len &&
	       g_ascii_strncasecmp(field->name.data, name, field->name.len) == 0;
}

/* Asked of every header many times: the name is compared before the field is taken apart. */
bool header_find(struct slice block, const char *name, struct slice *value_out)
{
	const char *end = block.data + block.len;
	size_t len = strlen(name);
	for (const char *line = block.data; line < end && *line != '\n';) {
		const char *stop = field_end(line, end);
		if ((size_t)(stop - line) > len && g_ascii_strncasecmp(line, name, len) == 0) {
			const char *colon = find_colon(line, find_newline(line, end));
			if (colon && trim(line, colon).len == len) {
				*value_out = trim(colon + 1, stop);
				return true;
			}
		}
		line = stop < end ? stop + 1 : end;
	}
	return false;
}

struct slice header_media_type(struct slice value)
{
	size_t at = 0;
	unsigned comment = 0;
	for (; at < value.len; at++) {
		char c = value.data[at];
		if (c == '(')
			comment++;
		else if (c == ')' && comment)
			comment--;
		else if (c == '\\' && comment)
			at++;
		else if (!comment && !is_header_blank(c) && c != '\n')
			break;
	}
	size_t from = MIN(at, value.len);
	for (at = from; at < value.len && (unsigned char)value.data[at] > ' ' &&
			!strchr(";(,\"", value.data[at]);
	     at++)
		;
	return (struct slice){value.data + from, at - from};
}

char *header_unfold(const char *value, size_t len)
{
	char *out = g_malloc(len + 1);
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		if (value[i] == '\n') {
			while (used > 0 && is_header_blank(out[used - 1]))
				used--;
			while (i + 1 < len &&
			       (is_header_blank(value[i + 1]) || value[i + 1] == '\n'))
				i++;
			out[used++] = ' ';
		} else {
			out[used++] = value[i] ? value[i] : '?';
		}
	}
	out[used] = '\0';
	return out;
}
