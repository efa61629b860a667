/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The only file that includes GMime. GMime finds the parts in a defused copy;
 * what it found becomes offsets into the message, and its object tree goes.
 * Decoding (transfer encodings, charsets, encoded-words) is GMime's too, on
 * demand.
 */
#include "classifier/mime/mime.h"

#include <string.h>

#include <gmime/gmime.h>

#include "classifier/mime/mime_defuse.h"
#include "classifier/text/header.h"
#include "classifier/text/text.h"

#define WORD_BYTES      100  /* of a media type and its like */
#define PARAMETER_BYTES 8192 /* of a Content-Type, where a parameter is looked for */

struct mime {
	struct limits limits;
	char *bytes; /* the message, line ends LF */
	size_t len;
	GArray *parts; /* struct mime_part */
	GStringChunk *pool;
	bool truncated;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeObject, g_object_unref)
typedef GMimeStream gmime_stream;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gmime_stream, g_object_unref)

void mime_init(void)
{
	g_mime_init();
	text_init();
}

/* Line ends become LF. A message that knows no LF at all is one of bare CRs;
 * CR CR LF is one line end that met two gateways. */
static size_t copy_lines(char *to, const char *from, size_t len)
{
	bool bare_cr = !memchr(from, '\n', len);
	const char *end = from + len;
	char *out = to;
	while (from < end) {
		const char *cr = memchr(from, '\r', (size_t)(end - from));
		size_t run = (size_t)((cr ? cr : end) - from);
		memcpy(out, from, run);
		out += run;
		from += run;
		if (!cr)
			break;
		while (from < end && *from == '\r' && !bare_cr)
			from++;
		if (bare_cr) {
			*out++ = '\n';
			from++;
		} else if (from == end || *from != '\n') {
			*out++ = '\r';
		}
	}
	return (size_t)(out - to);
}

/* An mbox line or blank lines before the header are no part of the message. */
static size_t preamble_length(const char *bytes, size_t len)
{
	size_t skip = 0;
	while (skip < len && bytes[skip] == '\n')
		skip++;
	size_t quote = skip < len && bytes[skip] == '>';
	if (len - skip < 5 + quote || memcmp(bytes + skip + quote, "From ", 5) != 0)
		return skip;
	const char *newline = memchr(bytes + skip, '\n', len - skip);
	return newline ? (size_t)(newline - bytes) + 1 : len;
}

static const char *pool_lower(struct mime *mime, struct slice word)
{
	if (word.len == 0 || word.len > WORD_BYTES)
		return "";
	char *lower = g_string_chunk_insert_len(mime->pool, word.data, (gssize)word.len);
	for (char *at = lower; *at; at++)
		*at = g_ascii_tolower(*at);
	return lower;
}

/* A type that makes no sense is text (RFC 2045 section 5.2). */
static const char *media_type(struct mime *mime, struct slice value)
{
	struct slice name = header_media_type(value);
	if (name.len > WORD_BYTES || !memchr(name.data, '/', name.len))
		return "text/plain";
	return pool_lower(mime, name);
}

static int transfer_encoding(struct slice value)
{
	char word[WORD_BYTES + 1];
	value = header_media_type(value);
	g_strlcpy(word, value.data, MIN(value.len + 1, sizeof word));
	return (int)g_mime_content_encoding_from_string(word);
}

/* From the message's own bytes: GMime has seen the fields of multiparts only. The first
 * of a name counts. */
static void read_content_fields(struct mime *mime, struct mime_part *part)
{
	struct slice disposition = {NULL, 0}, encoding = {NULL, 0}, rest = part->header;
	struct header_field field;
	while (header_next(&rest, &field)) {
		if (field.name.len < 12 || g_ascii_strncasecmp(field.name.data, "Content-", 8) != 0)
			continue;
		if (!part->content_type.data && header_name_is(&field, "Content-Type"))
			part->content_type = field.value;
		else if (!disposition.data && header_name_is(&field, "Content-Disposition"))
			disposition = field.value;
		else if (!encoding.data && header_name_is(&field, "Content-Transfer-Encoding"))
			encoding = field.value;
	}
	if (part->content_type.data)
		part->type = media_type(mime, part->content_type);
	if (disposition.data)
		part->disposition = pool_lower(mime, header_media_type(disposition));
	if (encoding.data)
		part->encoding = transfer_encoding(encoding);
}

char *mime_parameter(const struct mime_part *part, const char *name)
{
	struct slice value = part->content_type;
	if (!value.data || !memchr(value.data, ';', value.len))
		return g_strdup("");
	g_autofree char *unfolded = header_unfold(value.data, MIN(value.len, PARAMETER_BYTES));
	GMimeContentType *type = g_mime_content_type_parse(NULL, unfolded);
	const char *found = g_mime_content_type_get_parameter(type, name);
	g_autofree char *clean = text_clean(found ? found : "", found ? strlen(found) : 0, 200);
	g_object_unref(type);
	return g_ascii_strdown(clean, -1);
}

static gint64 first_offset(GMimeObject *object)
{
	GMimeHeaderList *list = object ? g_mime_object_get_header_list(object) : NULL;
	if (!list || g_mime_header_list_get_count(list) == 0)
		return -1;
	return g_mime_header_get_offset(g_mime_header_list_get_header_at(list, 0));
}

/* The header block from its first field to the empty line or the limit. */
static struct slice header_at(const struct mime *mime, gint64 offset)
{
	if (offset < 0 || (size_t)offset >= mime->len)
		return (struct slice){"", 0};
	return header_block(mime->bytes + offset, mime->len - (size_t)offset);
}

static void set_body(struct mime *mime, struct mime_part *part, GMimePart *leaf)
{
	part->body = (struct slice){"", 0};
	GMimeDataWrapper *content = g_mime_part_get_content(leaf);
	if (!content)
		return;
	GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
	gint64 from = stream->bound_start;
	gint64 to = stream->bound_end;
	if (from < 0 || from > to || (size_t)to > mime->len)
		return;
	part->body = (struct slice){mime->bytes + from, (size_t)(to - from)};
}

static struct mime_part blank_part(const struct mime *mime, int parent)
{
	return (struct mime_part){
	    .parent = parent,
	    .depth =
		parent < 0 ? 0 : g_array_index(mime->parts, struct mime_part, parent).depth + 1,
	    .type = "text/plain",
	    .content_type = {NULL, 0},
	    .disposition = "",
	    .encoding = GMIME_CONTENT_ENCODING_DEFAULT,
	    .header = {"", 0},
	    .body = {"", 0},
	};
}

/* Recursion is as deep as GMime's own, which the defusing has bounded. */
static void add_object(struct mime *mime, int parent, GMimeObject *object)
{
	if (mime->parts->len >= mime->limits.part_count) {
		mime->truncated = true;
		return;
	}
	struct mime_part part = blank_part(mime, parent);
	part.header = header_at(mime, first_offset(object));
	read_content_fields(mime, &part);
	if (object && GMIME_IS_PART(object))
		set_body(mime, &part, GMIME_PART(object));
	g_array_append_val(mime->parts, part);
	int index = (int)mime->parts->len - 1;
	int count = object && GMIME_IS_MULTIPART(object)
			? g_mime_multipart_get_count(GMIME_MULTIPART(object))
			: 0;
	for (int i = 0; i < count; i++)
		add_object(mime, index, g_mime_multipart_get_part(GMIME_MULTIPART(object), i));
}

/* No header at all: everything is text. */
static void add_whole(struct mime *mime)
{
	struct mime_part part = blank_part(mime, -1);
	part.body = (struct slice){mime->bytes, mime->len};
	g_array_append_val(mime->parts, part);
}

static void parse_copy(struct mime *mime, char *copy, size_t len)
{
	g_autoptr(gmime_stream) stream = g_mime_stream_mem_new();
	GByteArray *array = g_byte_array_new_take((guint8 *)copy, len);
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), array);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	/* as a part: GMimeMessage only adds what we do not want, lists of addresses */
	GMimeObject *root = g_mime_parser_construct_part(parser, NULL);
	if (root) {
		add_object(mime, -1, root);
		g_object_unref(root);
	}
	if (mime->parts->len == 0)
		add_whole(mime);
	g_object_unref(parser);
	g_byte_array_unref(array);
}

/* A multipart whose boundary never occurs: forwarders and anonymisers rewrite the one
 * and not the other. */
static bool lost_its_parts(const struct mime *mime)
{
	const struct mime_part *root = &g_array_index(mime->parts, struct mime_part, 0);
	return mime->parts->len == 1 && g_str_has_prefix(root->type, "multipart/");
}

/* A multipart without parts, whose boundary is wrong or missing: all that follows its
 * header is text, up to the next part that was found. */
static void take_bodies_as_text(struct mime *mime)
{
	for (guint i = 0; i < mime->parts->len; i++) {
		struct mime_part *part = &g_array_index(mime->parts, struct mime_part, i);
		const struct mime_part *next = i + 1 < mime->parts->len ? part + 1 : NULL;
		if (!g_str_has_prefix(part->type, "multipart/") ||
		    (next && next->parent == (int)i) || !part->header.len)
			continue;
		const char *from = part->header.data + part->header.len;
		const char *end =
		    next && next->header.len ? next->header.data : mime->bytes + mime->len;
		part->type = "text/plain";
		part->body = (struct slice){from, (size_t)(MAX(from, end) - from)};
	}
}

/* The line that serves as a boundary: "--x", and a Content-* field behind it. */
static struct slice find_boundary(const struct mime *mime)
{
	const char *end = mime->bytes + mime->len;
	for (const char *at = mime->bytes; (at = memmem(at, (size_t)(end - at), "\n--", 3)); at++) {
		const char *from = at + 3;
		const char *stop = memchr(from, '\n', (size_t)(end - from));
		if (stop && stop > from && end - stop > 8 &&
		    g_ascii_strncasecmp(stop + 1, "Content-", 8) == 0 &&
		    !memchr(from, '"', (size_t)(stop - from)))
			return (struct slice){from, (size_t)(stop - from)};
	}
	return (struct slice){NULL, 0};
}

/* Puts a Content-Type with the found boundary before the header and takes the wrong
 * one away. False if there is nothing to mend. */
static bool mend_boundary(struct mime *mime)
{
	const struct mime_part *root = &g_array_index(mime->parts, struct mime_part, 0);
	struct slice boundary = find_boundary(mime);
	struct slice wrong;
	if (!boundary.data || boundary.len > 200 ||
	    !header_find(root->header, "Content-Type", &wrong))
		return false;
	g_autofree char *report_type = mime_parameter(root, "report-type");
	g_autofree char *field =
	    g_strdup_printf("Content-Type: %s; report-type=\"%s\"; boundary=\"%.*s\"\n", root->type,
			    report_type, (int)boundary.len, boundary.data);
	char *name = mime->bytes + (wrong.data - mime->bytes);
	while (name > mime->bytes && name[-1] != '\n')
		name--;
	*name = 'X';
	size_t added = strlen(field);
	char *bytes = g_malloc(mime->len + added + 1);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the message follows */
	memcpy(bytes, field, added);
	memcpy(bytes + added, mime->bytes, mime->len + 1);
	g_free(mime->bytes);
	mime->bytes = bytes;
	mime->len += added;
	g_array_set_size(mime->parts, 0);
	return true;
}

/* A message that has no parts needs no parser. False if it may have some, or a header
 * whose end is open to doubt. */
static bool add_leaf(struct mime *mime)
{
	struct mime_part part = blank_part(mime, -1);
	part.header = header_block(mime->bytes, mime->len);
	if (!header_is_sound(part.header))
		return false;
	read_content_fields(mime, &part);
	if (part.content_type.data && header_has_word(part.content_type, "multipart"))
		return false;
	size_t from = MIN(part.header.len + 1, mime->len);
	part.body = (struct slice){mime->bytes + from, mime->len - from};
	g_array_append_val(mime->parts, part);
	return true;
}

static void parse_bytes(struct mime *mime)
{
	if (add_leaf(mime))
		return;
	char *copy = g_malloc(mime->len + 1);
	memcpy(copy, mime->bytes, mime->len + 1);
	parse_copy(mime, copy, mime_defuse(copy, mime->len, &mime->limits, &mime->truncated));
}

struct mime *mime_parse(const char *bytes, size_t len, const struct limits *limits)
{
	struct mime *mime = g_new0(struct mime, 1);
	mime->limits = *limits;
	mime->pool = g_string_chunk_new(512);
	mime->parts = g_array_sized_new(FALSE, TRUE, sizeof(struct mime_part), 8);
	if (len > limits->message_bytes) {
		len = limits->message_bytes;
		mime->truncated = true;
	}
	size_t skip = 0;
	mime->bytes = g_malloc(len + 1);
	mime->len = copy_lines(mime->bytes, bytes, len);
	skip = preamble_length(mime->bytes, mime->len);
	mime->len -= skip;
	memmove(mime->bytes, mime->bytes + skip, mime->len);
	mime->bytes[mime->len] = '\0';

	parse_bytes(mime);
	if (lost_its_parts(mime) && mend_boundary(mime))
		parse_bytes(mime);
	take_bodies_as_text(mime);
	return mime;
}

void mime_free(struct mime *mime)
{
	if (!mime)
		return;
	for (guint i = 0; i < mime->parts->len; i++) {
		struct mime_part *part = &g_array_index(mime->parts, struct mime_part, i);
		if (part->decoded)
			g_string_free(part->decoded, TRUE);
		g_free(part->text);
	}
	g_array_free(mime->parts, TRUE);
	g_string_chunk_free(mime->pool);
	g_free(mime->bytes);
	g_free(mime);
}

const struct mime_part *mime_parts(const struct mime *mime, size_t *count_out)
{
	*count_out = mime->parts->len;
	return (const struct mime_part *)(const void *)mime->parts->data;
}

bool mime_is_truncated(const struct mime *mime)
{
	return mime->truncated;
}

static bool is_encoded(const struct mime_part *part)
{
	return part->encoding == GMIME_CONTENT_ENCODING_BASE64 ||
	       part->encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
	       part->encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

/* Transfer encoding undone, as far as the bound allows. */
static GString *decode_body(const struct mime_part *part, size_t max)
{
	enum { STEP = 8192 };
	GString *out = g_string_sized_new(MIN(part->body.len, max) + 1);
	GMimeEncoding encoding;
	g_mime_encoding_init_decode(&encoding, (GMimeContentEncoding)part->encoding);
	for (size_t at = 0; at < part->body.len && out->len < max; at += STEP) {
		size_t len = MIN((size_t)STEP, part->body.len - at);
		size_t used = out->len;
		g_string_set_size(out, used + g_mime_encoding_outlen(&encoding, len) + 1);
		size_t got =
		    g_mime_encoding_step(&encoding, part->body.data + at, len, out->str + used);
		g_string_set_size(out, used + got);
	}
	return out;
}

struct slice mime_body(struct mime *mime, size_t index)
{
	struct mime_part *part = &g_array_index(mime->parts, struct mime_part, index);
	if (!is_encoded(part))
		return part->body;
	if (!part->decoded)
		part->decoded = decode_body(part, mime->limits.part_bytes);
	return (struct slice){part->decoded->str, part->decoded->len};
}

static char *text_in_charset(const struct mime_part *part, struct slice body, size_t max)
{
	g_autofree char *named = mime_parameter(part, "charset");
	const char *charset = *named ? g_mime_charset_iconv_name(named) : "";
	return text_from_charset(body.data, body.len, charset, max);
}

const char *mime_text(struct mime *mime, size_t index)
{
	struct mime_part *part = &g_array_index(mime->parts, struct mime_part, index);
	if (part->text)
		return part->text;
	struct slice body = mime_body(mime, index);
	if (body.len > mime->limits.part_bytes) {
		body.len = mime->limits.part_bytes;
		mime->truncated = true;
	}
	if (text_is_ascii(body.data, body.len, "") && !text_names_wide_charset(part->content_type))
		part->text = g_strndup(body.data, body.len);
	else
		part->text = text_in_charset(part, body, mime->limits.part_bytes);
	return part->text;
}

char *mime_header(const struct mime *mime, size_t index, const char *name)
{
	const struct mime_part *part = &g_array_index(mime->parts, struct mime_part, index);
	struct slice value;
	if (!header_find(part->header, name, &value))
		return g_strdup("");
	return mime_decode_value(value.data, MIN(value.len, mime->limits.header_bytes));
}

char *mime_decode_value(const char *value, size_t len)
{
	g_autofree char *unfolded = header_unfold(value, len);
	if (!strstr(unfolded, "=?"))
		return text_from_charset(unfolded, strlen(unfolded), "", len * 2);
	g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, unfolded);
	return text_clean(decoded, strlen(decoded), len * 4);
}
