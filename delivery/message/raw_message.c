/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Field by field, then line by line.
 */
#include "delivery/message/raw_message.h"

#include <stdbool.h>
#include <string.h>

enum { LINE_MAX_BYTES = 998 }; /* RFC 5322 section 2.1.1 */

struct reader {
	const char *p;
	const char *end;
};

/* The next line without its end, which is CRLF, LF or CR. False at the end of all. */
static bool next_raw_line(struct reader *reader, const char **line_out, gsize *len_out)
{
	if (reader->p >= reader->end)
		return false;
	const char *stop = reader->p;
	while (stop < reader->end && *stop != '\r' && *stop != '\n')
		stop++;
	*line_out = reader->p;
	*len_out = (gsize)(stop - reader->p);
	if (stop < reader->end && *stop == '\r')
		stop++;
	if (stop < reader->end && *stop == '\n')
		stop++;
	reader->p = stop;
	return true;
}

static bool is_continued_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* How many bytes of a line that is longer than room go out before the break. */
static gsize break_at(const char *line, gsize room)
{
	gsize len = room;

	while (len > room - 3 && is_continued_character(line[len]))
		len--;
	return len;
}

static void append_raw_line(GString *out, const char *line, gsize len)
{
	gsize room = LINE_MAX_BYTES;

	while (len > room) {
		gsize part = break_at(line, room);

		g_string_append_len(out, line, (gssize)part);
		g_string_append(out, "\r\n ");
		line += part;
		len -= part;
		room = LINE_MAX_BYTES - 1; /* the blank */
	}
	g_string_append_len(out, line, (gssize)len);
	g_string_append(out, "\r\n");
}

/* RFC 5322 section 2.2: field = field-name ":" ...; section 4.5 allows blanks before the colon. */
static gsize field_name_length(const char *line, gsize len)
{
	gsize name = 0;

	while (name < len && line[name] > ' ' && line[name] < 0x7f && line[name] != ':')
		name++;
	gsize colon = name;
	while (colon < len && (line[colon] == ' ' || line[colon] == '\t'))
		colon++;
	return colon < len && line[colon] == ':' ? name : 0;
}

static bool has_name(const char *line, gsize name_length, const char *name)
{
	return name_length == strlen(name) && g_ascii_strncasecmp(line, name, name_length) == 0;
}

/* Fields of ours, and those that must not leave. */
static bool is_dropped(const char *line, gsize name_length)
{
	static const char *const names[] = {"bcc", "resent-bcc", "message-id", "x-communication-id",
					    "return-path"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (has_name(line, name_length, names[i]))
			return true;
	return false;
}

static void append_raw_field(GString *out, const char *name, const char *value)
{
	g_autofree char *field = g_strconcat(name, ": ", value, NULL);

	append_raw_line(out, field, strlen(field));
}

struct header {
	GString *kept;
	bool has_date, has_from;
};

/* Leaves the reader at the body. */
static void read_raw_header(struct reader *reader, struct header *header)
{
	bool dropping = false;
	const char *line;
	gsize len;

	for (const char *before = reader->p; next_raw_line(reader, &line, &len);
	     before = reader->p) {
		bool is_first = header->kept->len == 0 && !dropping;
		gsize name_length = field_name_length(line, len);

		if (len == 0)
			return;
		if (name_length > 0) {
			dropping = is_dropped(line, name_length);
			header->has_date = header->has_date || has_name(line, name_length, "date");
			header->has_from = header->has_from || has_name(line, name_length, "from");
		} else if (is_first && len > 5 && memcmp(line, "From ", 5) == 0) {
			continue;
		} else if (is_first || (*line != ' ' && *line != '\t')) {
			reader->p = before;
			return;
		}
		if (!dropping)
			append_raw_line(header->kept, line, len);
	}
}

GBytes *raw_message_rewrite(const char *raw, gsize len, const struct raw_message_fields *fields)
{
	GString *out = g_string_sized_new(len + len / 32 + 512);
	struct reader reader = {raw, raw + len};
	struct header header = {.kept = g_string_new(NULL)};
	const char *line;
	gsize line_len;

	read_raw_header(&reader, &header);
	append_raw_field(out, "Message-ID", fields->message_id);
	append_raw_field(out, "X-Communication-ID", fields->communication_id);
	if (!header.has_date)
		append_raw_field(out, "Date", fields->date);
	if (!header.has_from)
		append_raw_field(out, "From", fields->from);
	g_string_append_len(out, header.kept->str, (gssize)header.kept->len);
	g_string_free(header.kept, TRUE);
	g_string_append(out, "\r\n");
	while (next_raw_line(&reader, &line, &line_len))
		append_raw_line(out, line, line_len);
	return g_string_free_to_bytes(out);
}

char *raw_message_as_lines(const char *raw, gsize len)
{
	GString *out = g_string_sized_new(len + len / 32 + 2);
	struct reader reader = {raw, raw + len};
	const char *line;
	gsize line_len;

	while (next_raw_line(&reader, &line, &line_len))
		append_raw_line(out, line, line_len);
	for (gsize i = 0; i < out->len; i++)
		if (out->str[i] == '\0')
			out->str[i] = ' ';
	return g_string_free(out, FALSE);
}
