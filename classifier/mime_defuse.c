/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One pass over the lines, see mime_defuse.h for the rules. Errs on the side of
 * altering too much: nothing but offsets is taken from the result.
 */
#include "classifier/mime_defuse.h"

#include <string.h>

#include <glib.h>

#include "classifier/header.h"

/* How many lines that begin like a boundary, and Content-* fields, go to one
 * permitted part: a signed diff has more "--" lines than parts. */
#define BOUNDARY_LINES_PER_PART 8
#define CONTENT_FIELDS_PER_PART 6
#define LEVELS_PER_DEPTH        2

struct scan {
	char *end;
	size_t boundary_lines; /* left */
	size_t content_fields; /* left */
	size_t levels;         /* left */
	size_t field_bytes;    /* of the field so far */
	bool in_run;           /* the line before belongs to a field that is ours to extend */
	bool truncated;
};

static char *line_end(char *line, char *end)
{
	char *newline = memchr(line, '\n', (size_t)(end - line));
	return newline ? newline : end;
}

/* The end of the field that starts at line, continuation lines included. */
static char *field_end(char *line, char *end)
{
	char *stop = line_end(line, end);
	while (stop + 1 < end && (stop[1] == ' ' || stop[1] == '\t'))
		stop = line_end(stop + 1, end);
	return stop;
}

static bool contains_word(const char *from, const char *to, const char *word)
{
	size_t len = strlen(word);
	for (; from + len <= to; from++)
		if (g_ascii_strncasecmp(from, word, len) == 0)
			return true;
	return false;
}

/* A type that GMime would parse as messages becomes one that it does not know. */
static void hide_message(char *line, const char *stop)
{
	char *colon = memchr(line, ':', (size_t)(stop - line));
	if (!colon)
		return;
	struct slice type = header_media_type((struct slice){colon + 1, (size_t)(stop - colon - 1)});
	char *name = colon + (type.data - colon);
	if (type.len >= 8 && g_ascii_strncasecmp(name, "message/", 8) == 0)
		*name = '!';
	else if (type.len >= 16 && g_ascii_strncasecmp(name, "multipart/digest", 16) == 0)
		name[10] = '!';
}

/* "Content-" fields stay, within bounds. */
static bool may_stay(struct scan *scan, char *line)
{
	if (scan->end - line < 8 || g_ascii_strncasecmp(line, "Content-", 8) != 0)
		return false;
	if (scan->content_fields == 0) {
		scan->truncated = true;
		return false;
	}
	scan->content_fields--;
	if (scan->end - line < 12 || g_ascii_strncasecmp(line + 8, "Type", 4) != 0)
		return true;

	char *stop = field_end(line, scan->end);
	hide_message(line, stop);
	if (!contains_word(line + 12, stop, "multipart") && !contains_word(line + 12, stop, "message"))
		return true;
	if (scan->levels == 0) {
		scan->truncated = true;
		return false;
	}
	scan->levels--;
	return true;
}

/* True if text[0..len) is "name:" or "name :" of a field, RFC 5322 section 2.2. */
static bool is_field(const char *line, const char *end)
{
	const char *at = line;
	while (at < end && (unsigned char)*at > ' ' && *at != ':')
		at++;
	if (at == line)
		return false;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at < end && *at == ':';
}

/* A field grows by continuation lines, its own and those made here, up to the bound:
 * GMime's buffer grows by a line at a time. */
static void defuse_line(struct scan *scan, char *line, char *stop, size_t header_bytes)
{
	bool continues = *line == ' ' || *line == '\t';
	bool too_long = scan->field_bytes > header_bytes;
	scan->field_bytes += (size_t)(stop - line) + 1;
	if (continues && !too_long)
		return; /* the run goes on as it was */
	if (!continues && (!is_field(line, stop) || may_stay(scan, line))) {
		scan->in_run = false;
		scan->field_bytes = 0;
		return;
	}
	scan->truncated |= too_long;
	*line = scan->in_run && !too_long ? ' ' : '!';
	if (*line == '!')
		scan->field_bytes = 0;
	scan->in_run = true;
}

static void clear_nul(char *bytes, size_t len)
{
	for (char *at = bytes; (at = memchr(at, 0, len - (size_t)(at - bytes))); at++)
		*at = '?';
}

size_t mime_defuse(char *bytes, size_t len, const struct limits *limits, bool *truncated_out)
{
	struct scan scan = {
	    .end = bytes + len,
	    .boundary_lines = limits->part_count * BOUNDARY_LINES_PER_PART,
	    .content_fields = limits->part_count * CONTENT_FIELDS_PER_PART,
	    .levels = limits->part_depth * LEVELS_PER_DEPTH,
	};
	clear_nul(bytes, len);
	char *line = bytes;
	for (char *stop; line < scan.end; line = stop + 1) {
		stop = line_end(line, scan.end);
		if (stop - line >= 2 && line[0] == '-' && line[1] == '-') {
			if (scan.boundary_lines-- == 0) {
				scan.truncated = true;
				break;
			}
			scan.in_run = false;
		} else if (line < stop) {
			defuse_line(&scan, line, stop, limits->header_bytes);
		} else {
			scan.in_run = false;
		}
	}
	if (scan.truncated)
		*truncated_out = true;
	return (size_t)(MIN(line, scan.end) - bytes);
}
