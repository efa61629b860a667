/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One pass over the lines, see mime_defuse.h for the rules. Errs on the side of
 * altering too much: nothing but offsets is taken from the result.
 */
#include "classifier/mime/mime_defuse.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/header.h"

/* How many lines that begin like a boundary go to one permitted part: a signed diff has
 * more "--" lines than parts. */
#define BOUNDARY_LINES_PER_PART 8
#define LEVELS_PER_DEPTH        2

struct scan {
	char *end;
	size_t boundary_lines; /* left */
	size_t levels;         /* left */
	size_t field_bytes;    /* of the field so far */
	bool in_run;           /* the line before belongs to a field that is ours to extend */
	bool has_type;         /* a Content-Type stood in this header */
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

/* Members of a digest are messages: GMime must not know that it is one. */
static void hide_digest(char *line, const char *stop)
{
	char *colon = memchr(line, ':', (size_t)(stop - line));
	if (!colon)
		return;
	struct slice type =
	    header_media_type((struct slice){colon + 1, (size_t)(stop - colon - 1)});
	if (type.len >= 16 && g_ascii_strncasecmp(type.data, "multipart/digest", 16) == 0)
		colon[type.data - colon + 10] = '!';
}

/* Whether the field is a Content-Type that opens a level, within the bound. */
static bool opens_level(struct scan *scan, char *line)
{
	if (scan->end - line < 12 || (*line | 0x20) != 'c' ||
	    g_ascii_strncasecmp(line, "Content-Type", 12) != 0)
		return false;
	bool first = !scan->has_type;
	scan->has_type = true;
	char *stop = field_end(line, scan->end);
	if (!first || !header_has_word((struct slice){line, (size_t)(stop - line)}, "multipart"))
		return false;
	if (scan->levels == 0) {
		scan->truncated = true;
		return false;
	}
	scan->levels--;
	hide_digest(line, stop);
	return true;
}

/* True if text[0..len) is "name:" or "name :" of a field, RFC 5322 section 2.2. */
static bool is_content_field(const char *line, const char *end)
{
	const char *at = line;
	if (!memchr(line, ':', (size_t)(end - line)))
		return false; /* nearly every line of a body */
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
	if (!continues && (!is_content_field(line, stop) || opens_level(scan, line))) {
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
	    .levels = limits->part_depth * LEVELS_PER_DEPTH,
	};
	clear_nul(bytes, len);
	char *line = bytes;
	for (char *stop; line < scan.end; line = stop + 1) {
		bool boundary = scan.end - line >= 2 && line[0] == '-' && line[1] == '-';
		stop = line_end(line, scan.end);
		if (boundary && scan.boundary_lines-- == 0) {
			scan.truncated = true;
			break;
		}
		if (boundary || line == stop)
			scan.in_run = scan.has_type = false;
		else
			defuse_line(&scan, line, stop, limits->header_bytes);
	}
	if (scan.truncated)
		*truncated_out = true;
	return (size_t)(MIN(line, scan.end) - bytes);
}
