/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Goes from delimiter to delimiter. A line is one only if a multipart that is open declares
 * its boundary, and all such lines stay: GMime finds the same parts in what is left.
 */
#include "classifier/report/abridgement.h"

#include <stdbool.h>
#include <string.h>

#include "classifier/report/parts.h"
#include "classifier/text/header.h"

enum {
	MESSAGE_BYTES_MIN = 32768, /* below that there is nothing to gain */
	BODY_BYTES = 4096,         /* of an original that stay */
	SEARCH_BYTES = 128 * 1024, /* from the start of an original, for the part behind it; */
	TAIL_BYTES = 32 * 1024,    /* then only in these, before the end of the message */
	LEVELS_MAX = 16,
	BOUNDARY_BYTES = 200,
	CONTENT_TYPE_BYTES = 1000,
};

struct abridging {
	const char *at; /* up to here it is settled */
	const char *end;
	struct slice multiparts[LEVELS_MAX]; /* their Content-Type */
	unsigned levels;
	GString *out;     /* NULL as long as nothing was left out */
	const char *from; /* from here on nothing was copied to out */
};

/* --- lines -------------------------------------------------------------------- */

static const char *line_end(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return newline ? newline : end;
}

/* The next line that begins with two dashes, or NULL. Most originals are base64, which has
 * none: nothing is faster than memchr there. */
static const char *find_dashes(const char *at, const char *end)
{
	for (; (at = memchr(at, '-', (size_t)(end - at))); at++)
		if (at[-1] == '\n' && end - at > 2 && at[1] == '-')
			return at;
	return NULL;
}

static struct slice trim_end(const char *from, const char *to)
{
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	return (struct slice){from, (size_t)(to - from)};
}

/* --- delimiters ----------------------------------------------------------------- */

static bool may_surround(char c)
{
	return strchr("\"'=; \t\r\n()", c);
}

static bool declares(struct slice type, struct slice boundary)
{
	const char *end = type.data + type.len;
	const char *at = type.data;

	for (; (at = memmem(at, (size_t)(end - at), boundary.data, boundary.len)); at++)
		if (at > type.data && may_surround(at[-1]) &&
		    (at + boundary.len == end || may_surround(at[boundary.len])))
			return true;
	return false;
}

static bool is_declared(const struct abridging *work, struct slice boundary)
{
	if (boundary.len == 0 || boundary.len > BOUNDARY_BYTES)
		return false;
	for (unsigned i = 0; i < work->levels; i++)
		if (declares(work->multiparts[i], boundary))
			return true;
	return false;
}

enum delimiter {
	DELIMITER_NONE,
	DELIMITER_OPENS,
	DELIMITER_CLOSES,
};

static enum delimiter judge_line(const struct abridging *work, const char *line)
{
	struct slice rest = trim_end(line + 2, line_end(line, work->end));
	bool may_close = rest.len > 2 && memcmp(rest.data + rest.len - 2, "--", 2) == 0;

	if (is_declared(work, rest))
		return DELIMITER_OPENS;
	rest.len -= may_close ? 2 : 0;
	return may_close && is_declared(work, rest) ? DELIMITER_CLOSES : DELIMITER_NONE;
}

/* The next delimiter that begins in [at, end), or NULL. */
static const char *find_delimiter(const struct abridging *work, const char *at, const char *end)
{
	while ((at = find_dashes(at, end)) && judge_line(work, at) == DELIMITER_NONE)
		at++;
	return at;
}

/* --- headers ----------------------------------------------------------------------- */

static bool is_empty_block(const char *line, const char *end)
{
	while (line < end && *line == '\r')
		line++;
	return line == end || *line == '\n';
}

/* Up to the empty line behind it, which must be there. */
static bool find_header(const char *from, const char *end, struct slice *header_out)
{
	for (const char *line = from; line < end; line = line_end(line, end) + 1)
		if (is_empty_block(line, end)) {
			*header_out = (struct slice){from, (size_t)(line - from)};
			return true;
		}
	return false;
}

static bool type_begins(struct slice type, const char *prefix)
{
	return type.len >= strlen(prefix) &&
	       g_ascii_strncasecmp(type.data, prefix, strlen(prefix)) == 0;
}

static bool is_encoded_part(struct slice header)
{
	struct slice value;

	if (!header_find(header, "Content-Transfer-Encoding", &value))
		return false;
	value = header_media_type(value);
	return !type_begins(value, "7bit") && !type_begins(value, "8bit") &&
	       !type_begins(value, "binary");
}

static void note_multipart(struct abridging *work, struct slice type)
{
	if (header_has_word(type, "multipart") && type.len <= CONTENT_TYPE_BYTES &&
	    work->levels < LEVELS_MAX)
		work->multiparts[work->levels++] = type;
}

static bool is_original(struct slice type)
{
	struct slice name = header_media_type(type);
	g_autofree char *lower = g_ascii_strdown(name.data, (gssize)MIN(name.len, 100U));

	return parts_is_original_type(lower);
}

static bool is_report(struct slice header)
{
	struct slice type;

	return header_find(header, "Content-Type", &type) && type_begins(type, "multipart/report");
}

/* --- leaving out ---------------------------------------------------------------------- */

/* From the last line that begins before from. */
static void leave_out_part(struct abridging *work, const char *from, const char *to)
{
	const char *newline = memrchr(from - BODY_BYTES, '\n', BODY_BYTES);

	from = newline ? newline + 1 : from;
	if (!work->out)
		work->out = g_string_sized_new(MESSAGE_BYTES_MIN);
	g_string_append_len(work->out, work->from, from - work->from);
	if (from[-1] != '\n')
		g_string_append_c(work->out, '\n');
	work->from = to;
}

/* The delimiter behind the original, or NULL. The middle of a large one is not looked at: it costs
 * more than all else, and what follows an original is its report, or a footer, and ends the
 * message. */
static const char *find_end_of_original(const struct abridging *work, const char *from)
{
	if (work->end - from <= SEARCH_BYTES + TAIL_BYTES)
		return find_delimiter(work, from, work->end);
	const char *next = find_delimiter(work, from, from + SEARCH_BYTES);
	return next ? next : find_delimiter(work, work->end - TAIL_BYTES, work->end);
}

static void abridge_original(struct abridging *work, const char *from)
{
	const char *next = find_end_of_original(work, from);
	const char *end = next ? next : work->end;
	struct slice header;

	work->at = end;
	while (from < end && (*from == '\n' || *from == '\r'))
		from++;
	if (find_header(from, end, &header) && !is_report(header) &&
	    end - (header.data + header.len) > BODY_BYTES)
		leave_out_part(work, header.data + header.len + BODY_BYTES, end);
}

/* line: a delimiter. */
static void abridge_part(struct abridging *work, const char *line)
{
	const char *from = MIN(line_end(line, work->end) + 1, work->end);
	struct slice header, type;

	work->at = from;
	if (judge_line(work, line) != DELIMITER_OPENS || !find_header(from, work->end, &header) ||
	    !header_find(header, "Content-Type", &type))
		return;
	if (find_delimiter(work, from, header.data + header.len))
		return; /* there is no empty line: it belongs to another part */
	work->at = header.data + header.len;
	note_multipart(work, type);
	if (is_original(type) && !is_encoded_part(header))
		abridge_original(work, work->at);
}

GString *abridgement_make(const char *bytes, size_t len)
{
	struct abridging work = {.at = bytes, .end = bytes + len, .from = bytes};
	struct slice header, type;

	if (len < MESSAGE_BYTES_MIN)
		return NULL;
	while (work.at < work.end && (*work.at == '\n' || *work.at == '\r'))
		work.at++;
	if (!find_header(work.at, work.end, &header) || !header_find(header, "Content-Type", &type))
		return NULL;
	note_multipart(&work, type);
	work.at = header.data + header.len;
	for (const char *line; (line = find_delimiter(&work, work.at, work.end));)
		abridge_part(&work, line);
	if (work.out)
		g_string_append_len(work.out, work.from, work.end - work.from);
	return work.out;
}
