/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Composing: text and HTML as alternatives, pictures of the HTML beside it,
 * attachments around both. Every text part is quoted-printable, so that no
 * server on the way has to convert, and a signature made later holds.
 */
#include "delivery/message/compose.h"

#include <string.h>

#include <gmime/gmime.h>
#include <json-glib/json-glib.h>

#include "base/error.h"
#include "base/printable_text.h"
#include "delivery/message/dsn.h"
#include "delivery/message/header_fields.h"
#include "delivery/message/raw_message.h"

enum { COMPOSED_BYTES = 4096 }; /* more than most messages have */

/* --- composed ----------------------------------------------------------------- */

static void set_content(GMimePart *part, const char *bytes, gsize len)
{
	g_autoptr(GObject) stream = (GObject *)g_mime_stream_mem_new_with_buffer(bytes, len);
	g_autoptr(GObject) wrapper = (GObject *)g_mime_data_wrapper_new_with_stream(
	    (GMimeStream *)stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, (GMimeDataWrapper *)wrapper);
}

/* Heap. */
static char *unix_lines_of(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_auto(GStrv) lines = g_strsplit(valid, "\r\n", -1);

	return g_strjoinv("\n", lines);
}

/* Always UTF-8; g_mime_text_part_set_text() would choose a charset by the text. */
static GMimeObject *text_part_new(const char *subtype, const char *text)
{
	GMimeTextPart *part = g_mime_text_part_new_with_subtype(subtype);
	g_autofree char *unix_lines = unix_lines_of(text);

	g_mime_text_part_set_charset(part, "utf-8");
	set_content((GMimePart *)part, unix_lines, strlen(unix_lines));
	g_mime_part_set_content_encoding((GMimePart *)part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	return (GMimeObject *)part;
}

/* RFC 2046 forbids base64 for composite types; as a file it is one of its own. */
static GMimePart *file_part_new(const char *content_type)
{
	g_auto(GStrv) halves = g_strsplit(content_type, "/", 2);
	bool is_composite = g_ascii_strcasecmp(halves[0], "message") == 0 ||
			    g_ascii_strcasecmp(halves[0], "multipart") == 0;

	if (is_composite || g_strv_length(halves) != 2)
		return g_mime_part_new_with_type("application", "octet-stream");
	return g_mime_part_new_with_type(halves[0], halves[1]);
}

static GMimeObject *attachment_new(JsonObject *file)
{
	const char *filename = json_object_get_string_member_with_default(file, "filename", "");
	const char *content_id = json_object_get_string_member_with_default(file, "content_id", "");
	GMimePart *part =
	    file_part_new(json_object_get_string_member_with_default(file, "content_type", ""));
	gsize len;
	g_autofree guchar *bytes =
	    g_base64_decode(json_object_get_string_member_with_default(file, "content", ""), &len);

	set_content(part, (const char *)bytes, len);
	if (g_mime_content_type_is_type(g_mime_object_get_content_type((GMimeObject *)part), "text",
					"*") &&
	    g_utf8_validate((const char *)bytes, (gssize)len, NULL))
		g_mime_object_set_content_type_parameter((GMimeObject *)part, "charset", "utf-8");
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
	g_mime_object_set_disposition((GMimeObject *)part,
				      *content_id != '\0' ? "inline" : "attachment");
	if (*filename != '\0')
		g_mime_part_set_filename(part, filename);
	if (*content_id != '\0')
		g_mime_part_set_content_id(part, content_id);
	return (GMimeObject *)part;
}

/* Takes both; a multipart of that kind around them. */
static GMimeObject *around(const char *subtype, GMimeObject *first, GMimeObject *second)
{
	GMimeMultipart *multipart = g_mime_multipart_new_with_subtype(subtype);

	g_mime_multipart_add(multipart, first);
	g_mime_multipart_add(multipart, second);
	g_object_unref(first);
	g_object_unref(second);
	return (GMimeObject *)multipart;
}

/* Puts the files of one sort beside body, in a multipart of that kind if there are any. */
static GMimeObject *with_files(GMimeObject *body, JsonArray *files, bool is_inline,
			       const char *subtype)
{
	GMimeObject *whole = body;

	for (guint i = 0; files && i < json_array_get_length(files); i++) {
		JsonObject *file = json_array_get_object_element(files, i);
		bool has_id =
		    *json_object_get_string_member_with_default(file, "content_id", "") != '\0';

		if (has_id != is_inline)
			continue;
		if (whole == body) {
			whole = around(subtype, body, attachment_new(file));
		} else {
			g_autoptr(GObject) part = (GObject *)attachment_new(file);

			g_mime_multipart_add((GMimeMultipart *)whole, (GMimeObject *)part);
		}
	}
	return whole;
}

static GMimeObject *body_new(const struct db_content *content, JsonArray *files)
{
	GMimeObject *text =
	    content->has_text || !content->has_html ? text_part_new("plain", content->text) : NULL;
	GMimeObject *html = content->has_html ? with_files(text_part_new("html", content->html),
							   files, true, "related")
					      : NULL;
	GMimeObject *body = !text ? html : !html ? text : around("alternative", text, html);

	if (!html) /* nothing shows them */
		body = with_files(body, files, true, "mixed");
	return with_files(body, files, false, "mixed");
}

static bool read_attachments(const char *json, JsonParser *parser, JsonArray **files_out,
			     GError **error)
{
	*files_out = NULL;
	if (*json == '\0')
		return true;
	if (!json_parser_load_from_data(parser, json, -1, NULL) ||
	    !JSON_NODE_HOLDS_ARRAY(json_parser_get_root(parser))) {
		g_set_error(error, BM_ERROR, BM_ERROR_INPUT, "attachments: not a JSON array");
		return false;
	}
	*files_out = json_node_get_array(json_parser_get_root(parser));
	return true;
}

/* Takes LF line ends; base64 has to hold the CRLF of a text itself (RFC 2045 section 6.8). */
static void add_notice_part(GMimeMultipart *multipart, GMimePart *part, const char *text)
{
	bool is_encoded = g_mime_part_get_content_encoding(part) == GMIME_CONTENT_ENCODING_BASE64;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *content = g_strjoinv(is_encoded ? "\r\n" : "\n", lines);

	set_content(part, content, strlen(content));
	g_mime_multipart_add(multipart, (GMimeObject *)part);
	g_object_unref(part);
}

static GMimePart *explanation_part_new(void)
{
	GMimePart *part = g_mime_part_new_with_type("text", "plain");

	g_mime_object_set_content_type_parameter((GMimeObject *)part, "charset", "utf-8");
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
	return part;
}

/* RFC 6522 section 3. */
static GMimeObject *report_new(const struct dsn *dsn)
{
	g_autoptr(GObject) type = (GObject *)g_mime_content_type_new("multipart", "report");
	GMimeMultipart *report = g_mime_multipart_new();
	g_autofree char *subject = g_mime_utils_header_encode_text(NULL, dsn->subject, "utf-8");
	g_autofree char *original =
	    g_strconcat(dsn->header_fields, "Subject: ", subject, "\n", NULL);

	g_mime_content_type_set_parameter((GMimeContentType *)type, "report-type",
					  "delivery-status");
	g_mime_object_set_content_type((GMimeObject *)report, (GMimeContentType *)type);
	g_mime_multipart_set_boundary(report, NULL);
	add_notice_part(report, explanation_part_new(), dsn->explanation);
	add_notice_part(report, g_mime_part_new_with_type("message", "delivery-status"),
			dsn->status_fields);
	add_notice_part(report, g_mime_part_new_with_type("text", "rfc822-headers"), original);
	return (GMimeObject *)report;
}

static GMimeObject *notice_body_new(const char *facts, GError **error)
{
	g_autoptr(dsn_t) dsn = dsn_new(facts, error);

	return !dsn ? NULL : report_new(dsn);
}

static GMimeObject *application_body_new(const struct db_content *content, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonArray *files;

	return read_attachments(content->attachments, parser, &files, error)
		   ? body_new(content, files)
		   : NULL;
}

/* --- the whole ------------------------------------------------------------------ */

/* GMime folds some fields with a tab: with a blank all is printable ASCII. */
static void fold_with_blanks(char *text)
{
	const char *body = strstr(text, "\r\n\r\n");

	for (char *p = strstr(text, "\r\n\t"); p && p < body; p = strstr(p, "\r\n\t"))
		p[2] = ' ';
}

/* With CRLF line ends. */
static void append_part(GString *out, GMimeObject *part)
{
	GMimeFormatOptions *options =
	    g_mime_format_options_clone(g_mime_format_options_get_default());

	g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
	g_autofree char *text = g_mime_object_to_string(part, options);
	g_mime_format_options_free(options);
	fold_with_blanks(text);
	g_string_append(out, text);
}

/* What append_part() makes of a text_part_new() that is alone, as in most mails: as a stream of
 * objects it costs ten times as much. */
static void append_text(GString *out, const char *subtype, const char *text)
{
	g_autofree char *unix_lines = unix_lines_of(text);
	gsize len = strlen(unix_lines);
	GMimeEncoding state;

	g_string_append_printf(out,
			       "Content-Type: text/%s; charset=utf-8\r\n"
			       "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
			       subtype);
	g_mime_encoding_init_encode(&state, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	g_autofree char *encoded = g_malloc(g_mime_encoding_outlen(&state, len) + 1);
	encoded[g_mime_encoding_flush(&state, unix_lines, len, encoded)] = '\0';
	for (const char *line = encoded; *line != '\0';) {
		const char *end = strchrnul(line, '\n');

		g_string_append_len(out, line, end - line);
		g_string_append(out, "\r\n");
		line = *end == '\0' ? end : end + 1;
	}
}

/* Of a notice of ours, which repeats what servers said; NULL: as the application wrote it. */
static char *notice_text(const struct db_content *content)
{
	return *content->auto_submitted == '\0'
		   ? NULL
		   : printable_text_clean(content->text, true, PRINTABLE_TEXT_KEEP_LINES);
}

static bool append_body(GString *out, const struct db_content *content, GError **error)
{
	bool is_notice = *content->notice != '\0';

	if (!is_notice && *content->attachments == '\0' &&
	    !(content->has_text && content->has_html)) {
		g_autofree char *ours = notice_text(content);
		const char *text = ours ? ours : content->text;

		append_text(out, content->has_html ? "html" : "plain",
			    content->has_html ? content->html : text);
		return true;
	}
	g_autoptr(GObject) body = (GObject *)(is_notice ? notice_body_new(content->notice, error)
							: application_body_new(content, error));
	if (body)
		append_part(out, (GMimeObject *)body);
	return body;
}

/* Takes it. */
static GBytes *message_bytes(GString *message)
{
	gsize len = message->len;

	return g_bytes_new_take(g_string_free(message, FALSE), len);
}

static void append_date(GString *out, GDateTime *now)
{
	g_autofree char *date = g_mime_utils_header_format_date(now);

	header_fields_add(out, "Date", date);
}

static void append_message_id(GString *out, const char *message_id)
{
	g_autofree char *value = g_strdup_printf("<%s>", message_id);

	header_fields_add(out, "Message-Id", value);
}

static GBytes *compose(const struct db_content *content, GDateTime *now, GError **error)
{
	GString *message = g_string_sized_new(COMPOSED_BYTES);
	char *const from[] = {content->from, NULL};
	char *const reply_to[] = {*content->reply_to != '\0' ? content->reply_to : NULL, NULL};

	append_date(message, now);
	header_fields_add_mailboxes(message, "From", from);
	header_fields_add_mailboxes(message, "Reply-To", reply_to);
	header_fields_add_text(message, "Subject", content->subject);
	header_fields_add_mailboxes(message, "To", content->to);
	header_fields_add_mailboxes(message, "Cc", content->cc);
	append_message_id(message, content->message_id);
	header_fields_add(message, "X-Communication-ID", content->envelope_id);
	if (*content->auto_submitted != '\0')
		header_fields_add(message, "Auto-Submitted", content->auto_submitted);
	header_fields_add(message, "MIME-Version", "1.0");
	if (append_body(message, content, error))
		return message_bytes(message);
	g_string_free(message, TRUE);
	return NULL;
}

/* --- as the application wrote it ---------------------------------------------------- */

static GBytes *rewrite(const struct db_content *content, GDateTime *now)
{
	g_autofree char *from = header_fields_mailbox(content->from);
	g_autofree char *date = g_mime_utils_header_format_date(now);
	g_autofree char *message_id = g_strdup_printf("<%s>", content->message_id);
	const struct raw_message_fields fields = {.message_id = message_id,
						  .communication_id = content->envelope_id,
						  .date = date,
						  .from = from};

	return raw_message_rewrite(content->raw, content->raw_len, &fields);
}

GBytes *compose_message(const struct db_content *content, GDateTime *now, GError **error)
{
	return content->raw ? rewrite(content, now) : compose(content, now, error);
}

/* --- the operator's copy -------------------------------------------------------------- */

static void append_purpose(GString *out, const struct db_copy *copy)
{
	if (*copy->asked_by != '\0')
		g_string_append_printf(out,
				       "%s sends you the attached letter:\n\n    %s\n\n"
				       "It came in at %s, and is bounce %s there.\n",
				       copy->asked_by, copy->why, copy->received_at,
				       copy->bounce_id);
	else
		g_string_append_printf(
		    out,
		    "Nobody could tell what the attached letter means, so a person has "
		    "to read it.\nIt came in at %s. What it means can be said with\n\n"
		    "    bouncectl reclassify %s\n",
		    copy->received_at, copy->bounce_id);
}

static char *copy_text(const struct db_copy *copy)
{
	GString *out = g_string_new(NULL);

	append_purpose(out, copy);
	if (copy->raw_len < copy->size)
		g_string_append_printf(out,
				       "\nOf its %" G_GSIZE_FORMAT " bytes only the first "
				       "%" G_GSIZE_FORMAT " are attached.\nThe mailbox that it "
				       "came to has the whole letter.\n",
				       copy->size, copy->raw_len);
	if (copy->is_again)
		g_string_append(out, "\nYou may have got it before: it was sent once more because "
				     "nobody knows whether\nthe last time succeeded.\n");
	return g_string_free(out, FALSE);
}

/* RFC 2046 section 5.2.1: 7bit or 8bit, nothing else. */
static GMimeObject *original_part_new(const struct db_copy *copy)
{
	GMimePart *part = g_mime_part_new_with_type("message", "rfc822");
	g_autofree char *lines = raw_message_as_lines(copy->raw, copy->raw_len);

	set_content(part, lines, strlen(lines));
	g_mime_part_set_content_encoding(part, g_str_is_ascii(lines) ? GMIME_CONTENT_ENCODING_7BIT
								     : GMIME_CONTENT_ENCODING_8BIT);
	return (GMimeObject *)part;
}

static GMimeObject *copy_body_new(const struct db_copy *copy)
{
	g_autofree char *text = copy_text(copy);
	GMimeObject *original = original_part_new(copy);
	bool is_8bit =
	    g_mime_part_get_content_encoding((GMimePart *)original) == GMIME_CONTENT_ENCODING_8BIT;
	GMimeObject *body = around("mixed", text_part_new("plain", text), original);

	if (is_8bit) /* RFC 2045 section 6.4: then what it is in says so, too */
		g_mime_object_set_header(body, "Content-Transfer-Encoding", "8bit", NULL);
	return body;
}

/* The words are a stranger's, and stand beside our name. Heap. */
static char *copy_subject(const struct db_copy *copy)
{
	g_autofree char *words = printable_text_clean(copy->subject, true, PRINTABLE_TEXT_ONE_LINE);

	return g_strconcat("Letter: ", g_strstrip(words), NULL);
}

static void append_copy_fields(GString *out, const struct db_copy *copy)
{
	header_fields_add(out, "Auto-Submitted", "auto-generated");
	header_fields_add(out, "X-Bounce-Class", copy->class);
	header_fields_add(out, "X-Bounce-Reason", copy->reason);
	header_fields_add(out, "X-Bounce-Id", copy->bounce_id);
	header_fields_add(out, "MIME-Version", "1.0");
}

GBytes *compose_copy(const struct db_copy *copy, const char *sender, GDateTime *now)
{
	GString *message = g_string_sized_new(COMPOSED_BYTES);
	g_autoptr(GObject) body = (GObject *)copy_body_new(copy);
	g_autofree char *from = g_strdup_printf("bounce-milter <%s>", sender);
	char *const froms[] = {from, NULL};
	char *const to[] = {copy->address, NULL};
	g_autofree char *subject = copy_subject(copy);

	append_date(message, now);
	header_fields_add_mailboxes(message, "From", froms);
	header_fields_add_text(message, "Subject", subject);
	header_fields_add_mailboxes(message, "To", to);
	append_message_id(message, copy->message_id);
	append_copy_fields(message, copy);
	append_part(message, (GMimeObject *)body);
	return message_bytes(message);
}
