/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The bytes that are sent: composed ones are parsed again by GMime, raw ones are
 * compared byte by byte.
 */
#include <string.h>

#include <gmime/gmime.h>

#include "base/error.h"
#include "classifier/mime/mime.h"
#include "delivery/message/compose.h"

static char *none[] = {NULL};

static struct db_content content_of(void)
{
	return (struct db_content){.message_id = (char *)"one@example.org",
				   .envelope_id = (char *)"0123456789abcdef0123456789abcdef",
				   .text = (char *)"",
				   .html = (char *)"",
				   .from = (char *)"\"Office, the\" <office@example.org>",
				   .to = none,
				   .cc = none,
				   .reply_to = (char *)"",
				   .subject = (char *)"",
				   .auto_submitted = (char *)"",
				   .attachments = (char *)"",
				   .notice = (char *)""};
}

static char *composed(const struct db_content *content)
{
	g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 21, 8, 30, 0);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = compose_message(content, now, &error);
	gsize size;

	g_assert_no_error(error);
	const char *text = g_bytes_get_data(bytes, &size);
	return g_strndup(text, size);
}

/* RFC 5321 section 2.3.8, RFC 5322 section 2.1.1. */
static void assert_lines(const char *text)
{
	gsize line = 0;

	for (const char *p = text; *p != '\0'; p++) {
		g_assert_true(*p != '\n' || (p > text && p[-1] == '\r'));
		g_assert_true(*p != '\r' || p[1] == '\n');
		line = *p == '\n' ? 0 : line + 1;
		g_assert_cmpuint(line, <=, 999);
	}
	g_assert_true(g_str_has_suffix(text, "\r\n"));
}

/* --- composed ----------------------------------------------------------------- */

static GMimeMessage *parsed(const char *text)
{
	g_autoptr(GObject) stream =
	    (GObject *)g_mime_stream_mem_new_with_buffer(text, strlen(text));
	g_autoptr(GObject) parser = (GObject *)g_mime_parser_new_with_stream((GMimeStream *)stream);

	return g_mime_parser_construct_message((GMimeParser *)parser, NULL);
}

/* The decoded bytes of a leaf. */
static GByteArray *bytes_of(GMimeObject *part)
{
	GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray *bytes = g_byte_array_new();

	g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
	g_byte_array_free(g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream), TRUE);
	g_mime_stream_mem_set_byte_array((GMimeStreamMem *)stream, bytes);
	g_mime_data_wrapper_write_to_stream(g_mime_part_get_content((GMimePart *)part), stream);
	g_object_unref(stream);
	return bytes;
}

static char *text_of(GMimeObject *part)
{
	GByteArray *bytes = bytes_of(part);
	g_autofree char *text =
	    g_strndup(bytes->len == 0 ? "" : (const char *)bytes->data, bytes->len);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

	g_byte_array_free(bytes, TRUE);
	return g_strjoinv("\n", lines);
}

/* "multipart/mixed(text/plain application/pdf)" */
static void append_shape(GMimeObject *part, GString *shape)
{
	g_autofree char *type =
	    g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));

	g_string_append(shape, type);
	if (!GMIME_IS_MULTIPART(part))
		return;
	for (int i = 0; i < g_mime_multipart_get_count((GMimeMultipart *)part); i++) {
		g_string_append(shape, i == 0 ? "(" : " ");
		append_shape(g_mime_multipart_get_part((GMimeMultipart *)part, i), shape);
	}
	g_string_append(shape, ")");
}

static void test_shapes(void)
{
	static const char pdf[] =
	    "[{\"filename\":\"r\xc3\xa9sum\xc3\xa9.pdf\",\"content_type\":\"application/pdf\","
	    "\"content_id\":\"\",\"content\":\"JVBERg==\"}]";
	static const char logo[] =
	    "[{\"filename\":\"logo.png\",\"content_type\":\"image/png\",\"content_id\":\"logo@"
	    "x\",\"content\":\"iVBORw==\"}]";
	static const char mail[] =
	    "[{\"filename\":\"a.eml\",\"content_type\":\"message/rfc822\",\"content_id\":\"\","
	    "\"content\":\"QTogYg==\"}]";
	static const struct {
		bool has_text, has_html;
		const char *attachments;
		const char *shape;
	} rows[] = {
	    {true, false, "", "text/plain"},
	    {false, true, "", "text/html"},
	    {true, true, "", "multipart/alternative(text/plain text/html)"},
	    {true, false, pdf, "multipart/mixed(text/plain application/pdf)"},
	    {false, false, pdf, "multipart/mixed(text/plain application/pdf)"},
	    {true, true, pdf,
	     "multipart/mixed(multipart/alternative(text/plain text/html) application/pdf)"},
	    {true, true, logo,
	     "multipart/alternative(text/plain multipart/related(text/html image/png))"},
	    {true, false, logo, "multipart/mixed(text/plain image/png)"},
	    {true, false, mail, "multipart/mixed(text/plain application/octet-stream)"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct db_content content = content_of();

		content.has_text = rows[i].has_text;
		content.has_html = rows[i].has_html;
		content.html = (char *)"<p>x</p>";
		content.attachments = (char *)rows[i].attachments;
		g_autofree char *text = composed(&content);
		g_autoptr(GObject) message = (GObject *)parsed(text);
		g_autoptr(GString) shape = g_string_new(NULL);

		append_shape(g_mime_message_get_mime_part((GMimeMessage *)message), shape);
		g_assert_cmpstr(shape->str, ==, rows[i].shape);
		assert_lines(text);
	}
}

/* What was given comes out again. */
static void test_round_trip(void)
{
	g_autofree char *long_line = g_strnfill(5000, 'x');
	g_autofree char *long_subject = g_strnfill(1999, 's');
	const struct {
		const char *subject;
		const char *from;
		const char *address; /* of the parsed From */
		const char *name;
		const char *text;
	} rows[] = {
	    {"", "office@example.org", "office@example.org", "", ""},
	    {"Rechnung f\xc3\xbcr November", "B\xc3\xbcro <office@example.org>",
	     "office@example.org", "B\xc3\xbcro", "Gr\xc3\xbc\xc3\x9f\n"},
	    {long_subject, "\"Office, the\" <office@example.org>", "office@example.org",
	     "Office, the", long_line},
	    {"blanks   inside", "A \"b\" \\ c <o@example.org>", "o@example.org", "A \"b\" \\ c",
	     ".\n..\nFrom here\ntrailing \t \n\n\nend"},
	    {"Bcc: x@example.org", "Group: x; <o@example.org>", "o@example.org", "Group: x;",
	     "a\x01\x7f"},
	    {"\xf0\x9f\x92\x8c \xd0\x9f\xd0\xb8\xd1\x81\xd1\x8c\xd0\xbc\xd0\xbe",
	     "B <o@b\xc3\xbc"
	     "cher.example>",
	     "o@xn--bcher-kva.example", "B", "=20=\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct db_content content = content_of();

		content.subject = (char *)rows[i].subject;
		content.from = (char *)rows[i].from;
		content.has_text = true;
		content.text = (char *)rows[i].text;
		g_autofree char *text = composed(&content);
		g_autoptr(GObject) object = (GObject *)parsed(text);
		GMimeMessage *message = (GMimeMessage *)object;
		InternetAddress *from =
		    internet_address_list_get_address(g_mime_message_get_from(message), 0);
		g_autofree char *body = text_of(g_mime_message_get_mime_part(message));
		g_autofree char *wanted = g_str_has_suffix(rows[i].text, "\n")
					      ? g_strdup(rows[i].text)
					      : g_strconcat(rows[i].text, "\n", NULL);
		g_autofree char *got =
		    g_str_has_suffix(body, "\n") ? g_strdup(body) : g_strconcat(body, "\n", NULL);

		assert_lines(text);
		for (const char *p = text; *p != '\0'; p++)
			g_assert_true((unsigned char)*p < 0x80);
		g_assert_cmpstr(g_mime_message_get_subject(message), ==, rows[i].subject);
		g_assert_cmpstr(
		    internet_address_mailbox_get_idn_addr((InternetAddressMailbox *)from), ==,
		    rows[i].address);
		g_assert_cmpstr(internet_address_get_name(from), ==, rows[i].name);
		g_assert_cmpstr(got, ==, wanted);
		g_assert_cmpstr(g_mime_message_get_message_id(message), ==, "one@example.org");
		g_assert_null(g_mime_object_get_header((GMimeObject *)message, "Bcc"));
	}
}

/* One text goes another way than one of several parts, and comes to the same. */
static void test_bytes(void)
{
	static const char fields[] = "Date: Sat, 21 Nov 2026 08:30:00 +0000\r\n"
				     "From: \"Office, the\" <office@example.org>\r\n"
				     "Subject: =?UTF-8?B?R3LDvA==?=\r\n"
				     "To: anna@customer.example, A person whose name is so "
				     "long that it is folded\r\n "
				     "<b@customer.example>\r\n"
				     "Message-Id: <one@example.org>\r\n"
				     "X-Communication-ID: 0123456789abcdef0123456789abcdef\r\n"
				     "Auto-Submitted: auto-generated\r\n"
				     "MIME-Version: 1.0\r\n";
	static const char part[] = "Content-Type: text/plain; charset=utf-8\r\n"
				   "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
				   ".\r\nGr=C3=BC=C3=9Fe=20\r\nFrom here";
	char *to[] = {(char *)"anna@customer.example",
		      (char *)"A person whose name is so long that it is folded "
			      "<b@customer.example>",
		      NULL};
	struct db_content content = content_of();

	content.has_text = true;
	content.to = to;
	content.subject = (char *)"Gr\xc3\xbc";
	content.auto_submitted = (char *)"auto-generated";
	content.text = (char *)".\r\nGr\xc3\xbc\xc3\x9f"
			       "e \nFrom here";
	g_autofree char *alone = composed(&content);
	g_autofree char *wanted = g_strconcat(fields, part, "\r\n", NULL);
	g_assert_cmpstr(alone, ==, wanted);

	content.has_html = true;
	g_autofree char *both = composed(&content);
	g_assert_true(g_str_has_prefix(both, fields));
	g_assert_nonnull(strstr(both, part));
}

/* What turns text around is an application's own affair, and has no place in a notice of ours. */
static void test_what_acts(void)
{
	struct db_content content = content_of();

	content.has_text = true;
	content.text = (char *)"a\342\200\256b\342\200\250c\nd";
	g_autofree char *written = composed(&content);
	g_assert_nonnull(strstr(written, "\r\n\r\na=E2=80=AEb=E2=80=A8c\r\nd\r\n"));
	content.auto_submitted = (char *)"auto-generated";
	g_autofree char *ours = composed(&content);
	g_assert_nonnull(strstr(ours, "\r\n\r\na b c\r\nd\r\n"));
}

static void test_files(void)
{
	struct db_content content = content_of();

	content.has_text = true;
	content.attachments = (char *)"[{\"filename\":\"r\xc3\xa9sum\xc3\xa9 "
				      "\\\"1\\\".pdf\",\"content_type\":\"application/pdf\","
				      "\"content_id\":\"\",\"content\":\"AAECA/8N\"},"
				      "{\"filename\":\"t.txt\",\"content_type\":\"text/"
				      "plain\",\"content_id\":\"\",\"content\":\"w7wK\"}]";
	g_autofree char *text = composed(&content);
	g_autoptr(GObject) message = (GObject *)parsed(text);
	GMimeMultipart *mixed =
	    (GMimeMultipart *)g_mime_message_get_mime_part((GMimeMessage *)message);
	GMimeObject *pdf = g_mime_multipart_get_part(mixed, 1);
	GMimeObject *plain = g_mime_multipart_get_part(mixed, 2);
	GByteArray *bytes = bytes_of(pdf);

	g_assert_cmpstr(g_mime_part_get_filename((GMimePart *)pdf), ==,
			"r\xc3\xa9sum\xc3\xa9 \"1\".pdf");
	g_assert_true(bytes->len == 6 && memcmp(bytes->data, "\0\1\2\3\xff\r", 6) == 0);
	g_assert_cmpstr(g_mime_object_get_disposition(pdf), ==, "attachment");
	g_assert_cmpstr(g_mime_object_get_content_type_parameter(plain, "charset"), ==, "utf-8");
	g_byte_array_free(bytes, TRUE);
}

static void test_many_recipients(void)
{
	g_autoptr(GPtrArray) to = g_ptr_array_new_with_free_func(g_free);
	struct db_content content = content_of();

	for (int i = 0; i < 2000; i++)
		g_ptr_array_add(to, g_strdup_printf("L\xc3\xa9"
						    "a %d <r%d@customer.example>",
						    i, i));
	g_ptr_array_add(to, NULL);
	content.to = (char **)to->pdata;
	g_autofree char *text = composed(&content);
	g_autoptr(GObject) message = (GObject *)parsed(text);

	assert_lines(text);
	g_assert_cmpint(
	    internet_address_list_length(g_mime_message_get_to((GMimeMessage *)message)), ==, 2000);
}

/* What GMime's own parser dies of is not given to it. */
static void test_nested_groups(void)
{
	GString *name = g_string_new(NULL);
	struct db_content content = content_of();

	for (int i = 0; i < 100000; i++)
		g_string_append(name, "g:");
	g_string_append(name, " <a@customer.example>");
	char *to[] = {name->str, NULL};
	content.to = to;
	g_autofree char *text = composed(&content);
	g_assert_nonnull(strstr(text, "<a@customer.example>"));
	g_string_free(name, TRUE);
}

/* --- as the application wrote it ---------------------------------------------------- */

#define IDENTITY                                                                                   \
	"Message-ID: <one@example.org>\r\nX-Communication-ID: "                                    \
	"0123456789abcdef0123456789abcdef\r\n"
#define DATE "Date: Sat, 21 Nov 2026 08:30:00 +0000\r\n"
#define FROM "From: \"Office, the\" <office@example.org>\r\n"

static void test_raw(void)
{
	static const struct {
		const char *raw;
		const char *added; /* beside the identity */
		const char *sent;
	} rows[] = {
	    {"From: a@b\nDate: x\nSubject: x\n\nbody\n", "",
	     "From: a@b\r\nDate: x\r\nSubject: x\r\n\r\nbody\r\n"},
	    {"From: a@b\r\nSubject: x\r\n\r\nbody", DATE,
	     "From: a@b\r\nSubject: x\r\n\r\nbody\r\n"},
	    {"date : x\nSubject: x\n\n", FROM, "date : x\r\nSubject: x\r\n\r\n"},
	    {"BCC: a@b,\n c@d\nSubject: x\n y\nResent-Bcc:\n e@f\n\n", DATE FROM,
	     "Subject: x\r\n y\r\n\r\n"},
	    {"bcc : a@b\nA: b\n\n", DATE FROM, "A: b\r\n\r\n"},
	    {"message-id: <old@x>\nX-Communication-ID: forged\nReturn-Path: <x>\nA: b\n\nBcc: "
	     "stays\n",
	     DATE FROM, "A: b\r\n\r\nBcc: stays\r\n"},
	    {"\nno header\n", DATE FROM, "\r\nno header\r\n"},
	    {"A: b", DATE FROM, "A: b\r\n\r\n"},
	    {"", DATE FROM, "\r\n"},
	    {"no field at all\nA: b\n", DATE FROM, "\r\nno field at all\r\nA: b\r\n"},
	    {"A: b\nno field\nC: d\n", DATE FROM, "A: b\r\n\r\nno field\r\nC: d\r\n"},
	    {" folded first\nA: b\n", DATE FROM, "\r\n folded first\r\nA: b\r\n"},
	    {"From x@y Sat Nov 21\nA: b\n\nFrom here\n", DATE FROM, "A: b\r\n\r\nFrom here\r\n"},
	    /* a bare CR is a line end to some, and may not hide a field or an end of data from
	       others */
	    {"A: b\rBcc: x@y\r\nC: d\n\nx\r.\ry\r\n", DATE FROM,
	     "A: b\r\nC: d\r\n\r\nx\r\n.\r\ny\r\n"},
	    {"A: b\n\nx\r\r\ny", DATE FROM, "A: b\r\n\r\nx\r\n\r\ny\r\n"},
	    {"A: \xc3\xbc\n\n\xff\xfe", DATE FROM, "A: \xc3\xbc\r\n\r\n\xff\xfe\r\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct db_content content = content_of();

		content.raw = (char *)rows[i].raw;
		content.raw_len = strlen(rows[i].raw);
		g_autofree char *text = composed(&content);
		g_autofree char *wanted = g_strconcat(IDENTITY, rows[i].added, rows[i].sent, NULL);

		g_assert_cmpstr(text, ==, wanted);
		assert_lines(text);
	}
}

/* Lines of every length around the limits, of one-byte and of three-byte characters: broken, and
 * nothing lost. */
static void test_raw_long_lines(void)
{
	for (gsize len = 990; len <= 3010; len++) {
		for (int wide = 0; wide <= 1; wide++) {
			g_autoptr(GString) raw = g_string_new("A: b\n\n");
			struct db_content content = content_of();

			for (gsize i = 0; i < len; i += wide ? 3 : 1)
				g_string_append(raw, wide ? "\xe2\x82\xac" : "x");
			gsize body_len = raw->len - strlen("A: b\n\n");
			/* exactly as long as it is, so that reading beyond it shows */
			g_autofree char *exact = g_memdup2(raw->str, raw->len);
			content.raw = exact;
			content.raw_len = raw->len;
			g_autofree char *text = composed(&content);
			const char *body = strstr(text, "\r\n\r\n") + 4;
			g_auto(GStrv) lines = g_strsplit(body, "\r\n ", -1);
			g_autofree char *joined = g_strjoinv("", lines);

			assert_lines(text);
			g_assert_cmpuint(strlen(joined), ==, body_len + 2);
			for (char **line = lines; *line; line++)
				g_assert_true(g_utf8_validate(*line, -1, NULL));
		}
	}
}

/* --- a notice of ours ------------------------------------------------------------- */

static const char facts[] =
    "{\"reporting_mta\": \"example.org\", \"process\": \"invoice\", \"business_ref\": \"R-7\","
    " \"original\": {\"message_id\": \"two@example.org\", \"envelope_id\": \"00ff\","
    "   \"from\": \"office@example.org\", \"to\": \"o'b\\\\x@b\xc3\xbc"
    "cher.example\","
    "   \"subject\": \"Gr\xc3\xbc\xc3\x9f"
    "e\", \"arrival_date\": \"2026-11-21T09:30:00.5+01:00\"},"
    " \"recipients\": [{\"address\": \"o'b\\\\x@b\xc3\xbc"
    "cher.example\", \"action\": \"failed\","
    "   \"status\": \"5.7.1\", \"diagnostic\": \"550 5.7.1 n\xc3\xb6\\r\\nSubject: no\\u202e\","
    "   \"last_attempt_date\": \"2026-11-21T08:31:00+00:00\"},"
    "   {\"address\": \"blocked@customer.example\", \"action\": \"failed\","
    "   \"status\": \"5.7.1\", \"diagnostic\": \"the address is blocked\"}]}";

static const char status_fields[] =
    "Reporting-MTA: dns; example.org\nOriginal-Envelope-Id: 00ff\n"
    "Arrival-Date: Sat, 21 Nov 2026 08:30:00 +0000\n\n"
    "Original-Recipient: utf-8; o'b\\x{5C}x@b\\x{FC}cher.example\n"
    "Final-Recipient: utf-8; o'b\\x{5C}x@b\\x{FC}cher.example\n"
    "Action: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 n?  Subject: no?\n"
    "Last-Attempt-Date: Sat, 21 Nov 2026 08:31:00 +0000\n\n"
    "Original-Recipient: rfc822; blocked@customer.example\n"
    "Final-Recipient: rfc822; blocked@customer.example\n"
    "Action: failed\nStatus: 5.7.1\n"; /* no server has said anything */

static void assert_part(GMimeMultipart *report, int index, const char *type, const char *wanted)
{
	GMimeObject *part = g_mime_multipart_get_part(report, index);
	g_autofree char *actual =
	    g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
	g_autoptr(GByteArray) bytes = bytes_of(part);
	g_autofree char *text = g_strndup((const char *)bytes->data, bytes->len);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	g_autofree char *unix_lines = g_strjoinv("\n", lines);

	g_assert_cmpstr(actual, ==, type);
	g_assert_cmpstr(unix_lines, ==, wanted);
}

/* RFC 6522: three parts, of which machines read the second (RFC 3464). */
static void test_notice(void)
{
	struct db_content content = content_of();

	content.notice = (char *)facts;
	content.auto_submitted = (char *)"auto-replied";
	g_autofree char *text = composed(&content);
	g_autoptr(GObject) object = (GObject *)parsed(text);
	GMimeMultipart *report =
	    (GMimeMultipart *)g_mime_message_get_mime_part((GMimeMessage *)object);

	assert_lines(text);
	g_assert_true(g_str_is_ascii(text));
	g_assert_nonnull(
	    strstr(text, "Content-Type: multipart/report; report-type=delivery-status;"));
	g_assert_nonnull(strstr(text, "\r\nAuto-Submitted: auto-replied\r\n"));
	g_assert_null(strstr(text, "\r\n\t"));
	g_assert_cmpint(g_mime_multipart_get_count(report), ==, 3);
	assert_part(report, 0, "text/plain",
		    "The mail \"Gr\xc3\xbc\xc3\x9f"
		    "e\" (invoice R-7) to o'b\\x@b\xc3\xbc"
		    "cher.example was not delivered and is not tried again.\n\n"
		    "550 5.7.1 n\xc3\xb6\nSubject: no \n\n"
		    "The mail \"Gr\xc3\xbc\xc3\x9f"
		    "e\" (invoice R-7) to blocked@customer.example was not delivered and is not "
		    "tried again.\n\nthe address is blocked\n");
	assert_part(report, 1, "message/delivery-status", status_fields);
	assert_part(report, 2, "text/rfc822-headers",
		    "Message-ID: <two@example.org>\nX-Communication-ID: 00ff\n"
		    "From: <office@example.org>\nTo: <o'b\\x@b?cher.example>\n"
		    "Subject: =?UTF-8?b?R3LDvMOfZQ==?=\n");
}

static void test_notice_without_facts(void)
{
	static const char *const broken[] = {"{", "[]", "{}",
					     "{\"original\": {}, \"recipients\": []}",
					     "{\"original\": [], \"recipients\": [{}]}"};
	g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 21, 8, 30, 0);

	for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
		struct db_content content = content_of();
		g_autoptr(GError) error = NULL;

		content.notice = (char *)broken[i];
		g_assert_null(compose_message(&content, now, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_INPUT);
	}
}

/* --- the operator's copy ------------------------------------------------------------- */

static void test_copy(void)
{
	static const char raw[] =
	    "From: a@b.example\nX-Bounce-Class: forged\n\nGr\303\274\303\237e\0!\r"
	    "\n.\nend";
	g_autofree char *long_line = g_strnfill(3000, 'x');
	g_autofree char *long_raw = g_strconcat("Subject: l\n\n", long_line, NULL);
	const struct {
		const char *raw;
		size_t len, size;
		const char *wanted, *asked_by;
	} rows[] = {
	    {raw, sizeof raw - 1, sizeof raw - 1,
	     "\r\n\r\nFrom: a@b.example\r\nX-Bounce-Class: forged\r\n\r\n"
	     "Gr\303\274\303\237e !\r\n.\r\nend\r\n",
	     ""},
	    {long_raw, strlen(long_raw), strlen(long_raw), "\r\n\r\nSubject: l\r\n\r\nxxx", ""},
	    {"cut", 3, 9, "Of its 9 bytes only the first 3 are attached.", ""},
	    {"", 0, 0, "bouncectl reclassify 7", ""},
	    {"", 0, 0, "eva sends you the attached letter:\r\n\r\n    for you\r\n", "eva"}};
	g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 21, 8, 30, 0);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct db_copy copy = {.bounce_id = (char *)"7",
					     .address = (char *)"operator@example.org",
					     .message_id = (char *)"copy.1@example.org",
					     .class = (char *)"unclassified",
					     .reason = (char *)"undetermined",
					     .subject = (char *)"\303\204rger\r\nBcc: x@y.example"
								"\342\200\256\302\205",
					     .received_at = (char *)"2026-11-21T08:00:00Z",
					     .asked_by = (char *)rows[i].asked_by,
					     .why = (char *)"for you",
					     .raw = (char *)rows[i].raw,
					     .raw_len = rows[i].len,
					     .size = rows[i].size};
		g_autoptr(GBytes) bytes = compose_copy(&copy, "us@example.org", now);
		gsize size;
		const char *data = g_bytes_get_data(bytes, &size);
		g_autofree char *text = g_strndup(data, size);

		assert_lines(text);
		g_assert_nonnull(strstr(text, rows[i].wanted));
		g_assert_nonnull(strstr(text, "Message-Id: <copy.1@example.org>\r\n"));
		g_assert_nonnull(strstr(text, "X-Bounce-Id: 7\r\n"));
		g_assert_null(strstr(text, "\nBcc:"));
		g_autoptr(GObject) message = (GObject *)parsed(text);
		GMimeObject *body = g_mime_message_get_mime_part((GMimeMessage *)message);
		g_assert_cmpstr(g_mime_message_get_subject((GMimeMessage *)message), ==,
				"Letter: \303\204rger  Bcc: x@y.example");
		g_assert_cmpstr(g_mime_object_get_header(body, "Content-Transfer-Encoding"), ==,
				i == 0 ? "8bit" : NULL);
		g_assert_cmpint(g_mime_multipart_get_count((GMimeMultipart *)body), ==, 2);
		g_assert_true(
		    GMIME_IS_MESSAGE_PART(g_mime_multipart_get_part((GMimeMultipart *)body, 1)));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_test_add_func("/compose/shapes", test_shapes);
	g_test_add_func("/compose/round-trip", test_round_trip);
	g_test_add_func("/compose/bytes", test_bytes);
	g_test_add_func("/compose/what-acts", test_what_acts);
	g_test_add_func("/compose/files", test_files);
	g_test_add_func("/compose/many-recipients", test_many_recipients);
	g_test_add_func("/compose/nested-groups", test_nested_groups);
	g_test_add_func("/compose/notice", test_notice);
	g_test_add_func("/compose/notice/without-facts", test_notice_without_facts);
	g_test_add_func("/compose/raw", test_raw);
	g_test_add_func("/compose/raw/long-lines", test_raw_long_lines);
	g_test_add_func("/compose/copy", test_copy);
	return g_test_run();
}
