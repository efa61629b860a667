/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finds the parts of a report and reads the two that need no grammar: the
 * words and the returned original.
 */
#include "classifier/report/report_parts.h"

#include <string.h>

#include "classifier/report/original.h"
#include "classifier/text/header.h"
#include "classifier/text/html.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define ORIGINAL_FILE_BYTES 262144 /* of an attached file that may be the original */

const struct mime_part *parts_at(const struct report_build *build, int index)
{
	size_t count;
	return &mime_parts(build->mime, &count)[index];
}

static int parts_count(const struct report_build *build)
{
	size_t count;
	mime_parts(build->mime, &count);
	return (int)count;
}

static bool is_within(const struct report_build *build, int index, int ancestor)
{
	while (index > ancestor)
		index = parts_at(build, index)->parent;
	return index == ancestor;
}

static bool type_is_any(const struct mime_part *part, const char *const *types)
{
	for (; *types; types++)
		if (strcmp(part->type, *types) == 0)
			return true;
	return false;
}

bool part_is_status(const struct mime_part *part)
{
	static const char *const types[] = {
	    "message/delivery-status", "message/global-delivery-status", "text/delivery-status",
	    "message/deliverystatus",  "application/delivery-status",    NULL};
	return type_is_any(part, types);
}

bool part_is_original(const struct mime_part *part)
{
	static const char *const types[] = {"message/rfc822",
					    "message/global",
					    "message/rfc2822",
					    "message/news",
					    "text/rfc822-headers",
					    "message/rfc822-headers",
					    "message/global-headers",
					    "text/rfc822-header",
					    "text/rfc822",
					    "message/partial",
					    NULL};
	return type_is_any(part, types);
}

static bool is_text(const struct mime_part *part)
{
	return g_str_has_prefix(part->type, "text/") && !part_is_original(part) &&
	       !part_is_status(part);
}

bool part_is_disposition(const struct mime_part *part)
{
	static const char *const types[] = {"message/disposition-notification",
					    "message/global-disposition-notification", NULL};
	return type_is_any(part, types);
}

bool part_is_feedback(const struct mime_part *part)
{
	static const char *const types[] = {"message/feedback-report", "message/feedback", NULL};
	return type_is_any(part, types);
}

/* --- parts ---------------------------------------------------------------- */

int parts_find(const struct report_build *build, bool (*is_wanted)(const struct mime_part *))
{
	for (int i = 0; i < parts_count(build); i++)
		if (is_wanted(parts_at(build, i)))
			return i;
	return -1;
}

/* The returned original that belongs to a report part: its sibling behind it, or before it. */
int parts_find_original(const struct report_build *build, int report_part)
{
	int parent = parts_at(build, report_part)->parent;
	int before = -1;
	for (int i = 0; i < parts_count(build); i++) {
		if (parts_at(build, i)->parent != parent || !part_is_original(parts_at(build, i)))
			continue;
		if (i > report_part)
			return i;
		before = i;
	}
	return before;
}

/* Is it the header of a report? Then the report in hand is about a report. */
static bool header_is_report(struct slice header)
{
	struct slice value;
	if (!header_find(header, "Content-Type", &value))
		return false;
	g_autofree char *type = g_ascii_strdown(value.data, (gssize)value.len);
	return g_str_has_prefix(type, "multipart/report") && strstr(type, "delivery-status");
}

static struct slice embedded_message(struct report_build *build, int index)
{
	struct slice body = mime_body(build->mime, (size_t)index);
	while (body.len > 0 && body.data[0] == '\n')
		body.data++, body.len--;
	return body;
}

static void set_nested(struct report_build *build, struct slice message)
{
	if (!build->nested)
		build->nested = g_string_new_len(message.data, (gssize)message.len);
}

void parts_read_original(struct report_build *build, int index)
{
	struct slice message = embedded_message(build, index);
	struct slice block = header_block(message.data, message.len);
	if (block.len > 0 && !g_ascii_isspace(block.data[0]) && block.data[0] != '>') {
		original_read(build, block);
	} else {
		g_autofree char *copy = g_strndup(block.data, block.len);
		g_autofree char *plain = original_unquote(copy);
		original_read(build, header_block(plain, strlen(plain)));
	}
	if (header_is_report(block))
		set_nested(build, message);
}

void parts_find_forwarded(struct report_build *build)
{
	for (int i = 0; i < parts_count(build) && !build->nested; i++) {
		if (!part_is_original(parts_at(build, i)))
			continue;
		struct slice message = embedded_message(build, i);
		if (header_is_report(header_block(message.data, message.len)))
			set_nested(build, message);
	}
}

/* --- the text ------------------------------------------------------------- */

static bool has_plain_sibling(const struct report_build *build, int index)
{
	int parent = parts_at(build, index)->parent;
	for (int i = MAX(parent, 0); i < parts_count(build); i++)
		if (i != index && parts_at(build, i)->parent == parent &&
		    strcmp(parts_at(build, i)->type, "text/plain") == 0 &&
		    strspn(mime_text(build->mime, (size_t)i), " \n\t") <
			strlen(mime_text(build->mime, (size_t)i)))
			return true;
	return false;
}

static void append_text(struct report_build *build, int index, GString *out)
{
	const char *text = mime_text(build->mime, (size_t)index);
	bool html = strcmp(parts_at(build, index)->type, "text/html") == 0;
	g_autofree char *plain = html ? html_to_text(text) : NULL;
	if (out->len > 0)
		g_string_append_c(out, '\n');
	g_string_append(out, plain ? plain : text);
}

/* The words of the report: the text parts within one part, without the original; attached
 * files too if it is to be the whole. */
static char *collect_text(struct report_build *build, int within, int original, bool whole)
{
	size_t max = build->limits->text_bytes;
	GString *out = g_string_new(NULL);
	for (int i = 0; i < parts_count(build) && out->len <= max; i++) {
		const struct mime_part *part = parts_at(build, i);
		if (!is_text(part) || !is_within(build, i, within) || i == original)
			continue;
		if (out->len > 0 && strcmp(part->disposition, "attachment") == 0 && !whole)
			continue;
		if (strcmp(part->type, "text/html") == 0 &&
		    (out->len > 0 || has_plain_sibling(build, i)))
			continue;
		append_text(build, i, out);
	}
	if (out->len > max) {
		build->report->truncated = true;
		g_string_truncate(out, text_cut_length(out->str, out->len, max));
	}
	return g_string_free(out, FALSE);
}

static size_t copied_length(const char *copy)
{
	const char *end = strstr(copy, "\n\n");
	return end ? (size_t)(end - copy) + 2 : strlen(copy);
}

/* "----- Original message -----" and the like before it: what follows is a copy, however
 * few its fields are. */
static bool is_announced(const char *text, const char *copy)
{
	const char *end = copy;
	while (end > text && g_ascii_isspace(end[-1]))
		end--;
	const char *line = end;
	while (line > text && line[-1] != '\n')
		line--;
	g_autofree char *before = g_strndup(line, (gsize)(end - line));
	for (const char *const *word = words_original_follows; *word; word++)
		if (strcasestr(before, *word))
			return true;
	return false;
}

/* Cuts a copied original off the text and reads it; a header quoted in the middle
 * of the words is read only. */
static void split_text(struct report_build *build, char *text)
{
	bool cut = false;
	for (char *copy = text; !cut && (copy = (char *)original_find_in_text(copy, &cut));) {
		g_autofree char *plain = original_unquote(copy);
		struct slice block = header_block(plain, strlen(plain));
		cut |= is_announced(text, copy);
		if (!*build->report->original.message_id && !*build->report->original.from)
			original_read(build, block);
		if (cut && header_is_report(block))
			set_nested(build, (struct slice){plain, strlen(plain)});
		if (cut)
			*copy = '\0';
		else
			copy += copied_length(copy);
	}
}

void parts_read_text(struct report_build *build, int within, int original)
{
	g_autofree char *text = collect_text(build, within, original, false);
	split_text(build, text);
	report_builder_decode_octal(text);
	build->report->text = *text ? g_string_chunk_insert(build->report->pool, text) : "";
}

void parts_read_whole_text(struct report_build *build)
{
	g_autofree char *text = collect_text(build, 0, -1, true);
	report_builder_decode_octal(text);
	build->report->text = *text ? g_string_chunk_insert(build->report->pool, text) : "";
}

/* Small, and not an image: may be the original that was attached as a file. */
static bool may_be_file(const struct mime_part *part)
{
	return part->body.len <= ORIGINAL_FILE_BYTES &&
	       (is_text(part) || strcmp(part->type, "application/octet-stream") == 0);
}

void parts_read_attached_original(struct report_build *build)
{
	for (int i = 1; i < parts_count(build); i++) {
		bool whole;
		if (!may_be_file(parts_at(build, i)))
			continue;
		const char *text = mime_text(build->mime, (size_t)i);
		text += strspn(text, "\n");
		if (original_find_in_text(text, &whole) != text)
			continue;
		original_read(build, header_block(text, strlen(text)));
		return;
	}
}
