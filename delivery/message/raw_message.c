/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Field by field, then line by line.
 */
#include "delivery/message/raw_message.h"

#include <stdbool.h>
#include <string.h>

#include "classifier/text/header.h"
#include "classifier/text/text.h"

enum { LINE_MAX_BYTES = 998 }; /* RFC 5322 section 2.1.1 */

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

static void append_raw_line(GString *out, struct slice text)
{
	const char *line = text.data;
	gsize len = text.len;
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

	append_raw_line(out, (struct slice){field, strlen(field)});
}

struct header {
	GString *kept;
	bool has_date, has_from;
};

/* Leaves *rest at the body. */
static void read_raw_header(struct slice *rest, struct header *header)
{
	bool dropping = false;
	struct slice line;

	for (struct slice before = *rest; text_next_line(rest, &line); before = *rest) {
		bool is_first = header->kept->len == 0 && !dropping;
		gsize name_length = header_name_length(line.data, line.len);

		if (line.len == 0)
			return;
		if (name_length > 0) {
			dropping = is_dropped(line.data, name_length);
			header->has_date |= has_name(line.data, name_length, "date");
			header->has_from |= has_name(line.data, name_length, "from");
		} else if (is_first && line.len > 5 && memcmp(line.data, "From ", 5) == 0) {
			continue;
		} else if (is_first || (*line.data != ' ' && *line.data != '\t')) {
			*rest = before;
			return;
		}
		if (!dropping)
			append_raw_line(header->kept, line);
	}
}

GBytes *raw_message_rewrite(const char *raw, gsize len, const struct raw_message_fields *fields)
{
	GString *out = g_string_sized_new(len + len / 32 + 512);
	struct slice rest = {raw, len}, line;
	struct header header = {.kept = g_string_new(NULL)};

	read_raw_header(&rest, &header);
	append_raw_field(out, "Message-ID", fields->message_id);
	append_raw_field(out, "X-Communication-ID", fields->communication_id);
	if (!header.has_date)
		append_raw_field(out, "Date", fields->date);
	if (!header.has_from)
		append_raw_field(out, "From", fields->from);
	g_string_append_len(out, header.kept->str, (gssize)header.kept->len);
	g_string_free(header.kept, TRUE);
	g_string_append(out, "\r\n");
	while (text_next_line(&rest, &line))
		append_raw_line(out, line);
	return g_string_free_to_bytes(out);
}

char *raw_message_as_lines(const char *raw, gsize len)
{
	GString *out = g_string_sized_new(len + len / 32 + 2);
	struct slice rest = {raw, len}, line;

	while (text_next_line(&rest, &line))
		append_raw_line(out, line);
	for (gsize i = 0; i < out->len; i++)
		if (out->str[i] == '\0')
			out->str[i] = ' ';
	return g_string_free(out, FALSE);
}
