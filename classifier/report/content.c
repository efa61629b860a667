/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The text of a report ends where a copy of the original begins.
 */
#include "classifier/report/content.h"

#include <string.h>

#include "classifier/report/parts.h"
#include "classifier/text/header.h"
#include "classifier/text/html.h"
#include "classifier/text/octal.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define ORIGINAL_FILE_BYTES 262144 /* of an attached file that may be the original */
#define FOOTER_BYTES        500    /* of what a list manager adds */

void content_init(struct content *content, struct value_pool *pool, struct mime *mime)
{
	*content = (struct content){
	    .pool = pool, .mime = mime, .text = "", .original = original_empty(), .nested = NULL};
}

void content_drop_nested(struct content *content)
{
	if (content->nested)
		g_string_free(g_steal_pointer(&content->nested), TRUE);
}

/* --- the original ----------------------------------------------------------- */

/* Is it the header of a report? Then the report in hand is about a report. */
static bool header_is_report(struct slice header)
{
	struct slice value;
	if (!header_find(header, "Content-Type", &value))
		return false;
	g_autofree char *type = g_ascii_strdown(value.data, (gssize)value.len);
	return g_str_has_prefix(type, "multipart/report") && strstr(type, "delivery-status");
}

static struct slice embedded_message(struct mime *mime, int index)
{
	struct slice body = mime_body(mime, (size_t)index);
	while (body.len > 0 && body.data[0] == '\n')
		body.data++, body.len--;
	return body;
}

static void set_nested(struct content *content, struct slice message)
{
	if (!content->nested)
		content->nested = g_string_new_len(message.data, (gssize)message.len);
}

void content_read_original(struct content *content, int part)
{
	struct slice message = embedded_message(content->mime, part);
	struct slice block = header_block(message.data, message.len);
	if (block.len > 0 && !g_ascii_isspace(block.data[0]) && block.data[0] != '>') {
		original_read(content->pool, block, &content->original);
	} else {
		g_autofree char *copy = g_strndup(block.data, block.len);
		g_autofree char *plain = original_unquote(copy);
		original_read(content->pool, header_block(plain, strlen(plain)),
			      &content->original);
	}
	if (header_is_report(block))
		set_nested(content, message);
}

void content_find_forwarded(struct content *content)
{
	for (int i = 0; i < parts_count(content->mime) && !content->nested; i++) {
		if (!parts_is_original(parts_at(content->mime, i)))
			continue;
		struct slice message = embedded_message(content->mime, i);
		if (header_is_report(header_block(message.data, message.len)))
			set_nested(content, message);
	}
}

/* Small, and not an image: may be the original that was attached as a file. */
static bool may_be_file(const struct mime_part *part)
{
	return part->body.len <= ORIGINAL_FILE_BYTES &&
	       (parts_is_text(part) || strcmp(part->type, "application/octet-stream") == 0);
}

void content_read_attached_original(struct content *content)
{
	for (int i = 1; i < parts_count(content->mime); i++) {
		bool whole;
		if (!may_be_file(parts_at(content->mime, i)))
			continue;
		const char *text = mime_text(content->mime, (size_t)i);
		text += strspn(text, "\n");
		if (original_find_in_text(text, &whole) != text)
			continue;
		original_read(content->pool, header_block(text, strlen(text)), &content->original);
		return;
	}
}

/* --- the text --------------------------------------------------------------- */

static bool is_blank_text(const char *text)
{
	return text[strspn(text, " \n\t")] == '\0';
}

static bool has_plain_sibling(struct mime *mime, int index)
{
	int parent = parts_at(mime, index)->parent;
	for (int i = MAX(parent, 0); i < parts_count(mime); i++)
		if (i != index && parts_at(mime, i)->parent == parent &&
		    strcmp(parts_at(mime, i)->type, "text/plain") == 0 &&
		    !is_blank_text(mime_text(mime, (size_t)i)))
			return true;
	return false;
}

static void append_part_text(struct mime *mime, int index, GString *out)
{
	const char *text = mime_text(mime, (size_t)index);
	bool html = strcmp(parts_at(mime, index)->type, "text/html") == 0;
	g_autofree char *plain = html ? html_to_text(text) : NULL;
	if (out->len > 0)
		g_string_append_c(out, '\n');
	g_string_append(out, plain ? plain : text);
}

/* Is this part, text, one that a person would read after what was read already? */
static bool is_shown(struct mime *mime, int index, bool is_first)
{
	const struct mime_part *part = parts_at(mime, index);
	if (strcmp(part->type, "text/html") == 0)
		return is_first && !has_plain_sibling(mime, index);
	return true;
}

static char *cut_text(struct content *content, GString *out)
{
	size_t max = content->pool->limits->text_bytes;
	if (out->len > max) {
		content->pool->is_truncated = true;
		g_string_truncate(out, text_cut_length(out->str, out->len, max));
	}
	return g_string_free(out, FALSE);
}

/* The text parts within a part, without the original and without attached files. */
static char *collect_text(struct content *content, int within, int original)
{
	struct mime *mime = content->mime;
	GString *out = g_string_new(NULL);
	for (int i = 0; i < parts_count(mime) && out->len <= content->pool->limits->text_bytes;
	     i++) {
		const struct mime_part *part = parts_at(mime, i);
		if (!parts_is_text(part) || !parts_is_within(mime, i, within) || i == original)
			continue;
		if (out->len > 0 && strcmp(part->disposition, "attachment") == 0)
			continue;
		if (is_shown(mime, i, out->len == 0))
			append_part_text(mime, i, out);
	}
	return cut_text(content, out);
}

static char *collect_all(struct content *content)
{
	struct mime *mime = content->mime;
	GString *out = g_string_new(NULL);
	for (int i = 0; i < parts_count(mime) && out->len <= content->pool->limits->text_bytes; i++)
		if (parts_is_text(parts_at(mime, i)) && is_shown(mime, i, out->len == 0))
			append_part_text(mime, i, out);
	return cut_text(content, out);
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
static void split_text(struct content *content, char *text)
{
	bool cut = false;
	for (char *copy = text; !cut && (copy = (char *)original_find_in_text(copy, &cut));) {
		g_autofree char *plain = original_unquote(copy);
		struct slice block = header_block(plain, strlen(plain));
		cut |= is_announced(text, copy);
		if (!*content->original.header.message_id && !*content->original.header.from)
			original_read(content->pool, block, &content->original);
		if (cut && header_is_report(block))
			set_nested(content, (struct slice){plain, strlen(plain)});
		if (cut)
			*copy = '\0';
		else
			copy += copied_length(copy);
	}
}

/* What Mailman adds to the end of a text: a line of underscores, then "NAME mailing list", the
 * address of the list, and a link. Nobody there has failed. */
static void cut_list_footer(char *text)
{
	static const char mark[] = " mailing list\n";
	char *line = g_strrstr(text, "\n_____");
	if (!line || strlen(line) > FOOTER_BYTES)
		return;
	const char *name = line + 1 + strspn(line + 1, "_");
	if (*name != '\n')
		return;
	size_t len = strcspn(name + 1, "\n");
	if (len + 2 >= sizeof mark &&
	    strncmp(name + 1 + len + 2 - sizeof mark, mark, sizeof mark - 1) == 0)
		*line = '\0';
}

static const char *keep_content_text(struct content *content, char *text)
{
	octal_decode(text);
	return value_pool_text(content->pool, text, strlen(text));
}

void content_read_text(struct content *content, int within, int original)
{
	g_autofree char *text = collect_text(content, within, original);
	cut_list_footer(text);
	split_text(content, text);
	content->text = keep_content_text(content, text);
}

const char *content_whole_text(struct content *content)
{
	g_autofree char *text = collect_all(content);
	return keep_content_text(content, text);
}
