/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Large originals are left out, and the report says the same as with a small one.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/abridgement.h"
#include "classifier/report/report.h"

/* "@" stands for the body of the original. */
#define TOP(boundary)                                                                              \
	"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail\n"             \
	"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n"        \
	"  boundary=" boundary "\n\n"
#define WORDS "Your mail could not be delivered.\n\n"
#define STATUS                                                                                     \
	"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"              \
	"Final-Recipient: rfc822; jane@customer.example\nAction: failed\nStatus: 5.1.1\n\n"
#define HEADER   "Message-ID: <1@our.example>\nFrom: us@our.example\nSubject: Invoice\n"
#define ORIGINAL "Content-Type: message/rfc822\n\n" HEADER "\n@\n"

static const struct row {
	const char *name;
	bool is_abridged;
	const char *message;
} rows[] = {
    {"usual", true, TOP("b") "--b\n\n" WORDS "--b\n" STATUS "--b\n" ORIGINAL "--b--\n"},
    {"quoted boundary", true,
     TOP("\"=_x y/1\"") "--=_x y/1\n\n" WORDS "--=_x y/1\n" STATUS "--=_x y/1  \n" ORIGINAL
			"--=_x y/1--\n"},
    {"original first", true, TOP("b") "--b\n\n" WORDS "--b\n" ORIGINAL "--b\n" STATUS "--b--\n"},
    {"no end", true, TOP("b") "--b\n\n" WORDS "--b\n" STATUS "--b\n" ORIGINAL},
    {"lines that look like boundaries", true,
     TOP("b") "--b\n\n" WORDS "--b\n" ORIGINAL "--c\n" STATUS "-- \n--\n--bb\n@\n--b\n" STATUS
	      "--b--\n"},
    {"the boundary within the original", false,
     TOP("b") "--b\n\n" WORDS "--b\nContent-Type: message/rfc822\n\n" HEADER "\n--b\n" STATUS
	      "--b\nContent-Type: image/png\n\n@\n--b--\n"},
    {"several originals", true,
     TOP("b") "--b\n\n" WORDS "--b\n" ORIGINAL "--b\n" STATUS "--b\n" ORIGINAL "--b--\n"},
    {"within another multipart", true,
     "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/mixed; boundary=o\n\n"
     "--o\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"
     "--b\n\n" WORDS "--b\n" ORIGINAL "--b\n" STATUS "--b--\n--o\n\nA footer.\n--o--\n"},
    {"ends with the outer multipart", true,
     "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/mixed; boundary=o\n\n"
     "--o\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"
     "--b\n\n" WORDS "--b\n" ORIGINAL "--o\n" STATUS "--o--\n"},
    {"headers only, large all the same", true,
     TOP("b") "--b\n\n" WORDS "--b\n" STATUS "--b\nContent-Type: text/rfc822-headers\n\n" HEADER
	      "\n@\n--b--\n"},
    {"no empty line in the part's header", false,
     TOP("b") "--b\n\n" WORDS "--b\nContent-Type: message/rfc822\n--b\n" STATUS
	      "--b\nContent-Type: image/png\n\n@\n--b--\n"},
    {"no empty line in the original", false,
     TOP("b") "--b\n\n" WORDS "--b\n" STATUS "--b\nContent-Type: message/rfc822\n\n" HEADER
	      "X: @\n--b--\n"},
    {"base64", false,
     TOP("b") "--b\n\n" WORDS "--b\n" STATUS
	      "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
	      "TWVzc2FnZS1JRDogPDFAb3VyLmV4YW1wbGU+CkZyb206IHVzQG91ci5leGFtcGxlClN1YmplY3Q6IElu"
	      "dm9pY2UKCg==\n@\n--b--\n"},
    {"a report in a report", false,
     TOP("b") "--b\n\n" WORDS "--b\nContent-Type: message/rfc822\n\nMessage-ID: <2@mx.example>\n"
	      "From: MAILER-DAEMON@mx.example\n"
	      "Content-Type: multipart/report; report-type=delivery-status; boundary=i\n\n"
	      "--i\n" ORIGINAL "--i\n" STATUS "--i--\n--b\n" STATUS "--b--\n"},
    {"another part", false,
     TOP("b") "--b\n\n" WORDS "--b\n" STATUS "--b\nContent-Type: image/png\n\n@\n--b--\n"},
    {"no multipart", false, "From: MAILER-DAEMON@mx.example\n\n" WORDS "--b\n" ORIGINAL "--b--\n"},
    {"no header", false, "--b\n" ORIGINAL "--b--\n"},
    {"an undeclared boundary", false,
     TOP("c") "--b\n\n" WORDS "--b\n" STATUS "--b\n" ORIGINAL "--b--\n"},
};

enum { LARGE = 100000 };

static void append_lines(GString *out, const char *text, const char *line_end)
{
	for (const char *c = text; *c; c++)
		if (*c == '\n')
			g_string_append(out, line_end);
		else
			g_string_append_c(out, *c);
}

/* line: repeated for the body, which stands where an @ belongs to no address; line_end in place
 * of LF. In one pass: under a sanitizer each search through the rest reads all of it. */
static GString *fill(const char *message, const char *line, size_t bytes, const char *line_end)
{
	GString *out = g_string_new(NULL);

	for (const char *c = message; *c; c++) {
		bool is_body = *c == '@' && !(c > message && g_ascii_isalnum(c[-1]));

		for (size_t n = 0; is_body && n < bytes; n += strlen(line))
			append_lines(out, line, line_end);
		if (!is_body)
			append_lines(out, (const char[]){*c, '\0'}, line_end);
	}
	return out;
}

static void assert_same(const struct report *large, const struct report *small)
{
	g_assert_cmpint(large->kind, ==, small->kind);
	g_assert_cmpstr(large->text, ==, small->text);
	g_assert_cmpstr(large->facts.reporting_mta, ==, small->facts.reporting_mta);
	g_assert_cmpstr(large->original.message_id, ==, small->original.message_id);
	g_assert_cmpstr(large->original.subject, ==, small->original.subject);
	g_assert_cmpuint(large->recipient_count, ==, small->recipient_count);
	for (size_t i = 0; i < small->recipient_count; i++)
		g_assert_cmpstr(large->recipients[i].recipient, ==, small->recipients[i].recipient);
}

static void check_row(const struct row *row, const char *line, const char *line_end)
{
	g_autoptr(GString) large = fill(row->message, line, LARGE, line_end);
	g_autoptr(GString) small = fill(row->message, line, 1, line_end);
	GString *abridged = abridgement_make(large->str, large->len);
	g_autoptr(report_t) report = reader_parse(large->str, large->len, &limits_default);
	g_autoptr(report_t) expected = reader_parse(small->str, small->len, &limits_default);

	g_test_message("%s", row->name);
	g_assert_cmpint(!!abridged, ==, row->is_abridged);
	if (!abridged)
		return;
	g_assert_cmpuint(abridged->len, <, large->len - LARGE / 2);
	g_string_free(abridged, TRUE);
	g_assert_false(report->truncated);
	assert_same(report, expected);
}

static void check_rows(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		check_row(&rows[i], "VGhpcyBpcyBhIGxhcmdlIG1haWwgd2l0aCBhbiBpbnZvaWNl\n", "\n");
		check_row(&rows[i], "VGhpcyBpcyBhIGxhcmdlIG1haWwgd2l0aCBhbiBpbnZvaWNl\n", "\r\n");
	}
}

/* One line, or none but dashes. */
static void check_lines(void)
{
	check_row(&rows[0], "x", "\n");
	check_row(&rows[0], "--", "\n");
	check_row(&rows[0], "--\n", "\n");
	check_row(&rows[0], "\n", "\r\n");
}

/* A line is not cut so that a boundary is left of it. */
static void check_cut(void)
{
	g_autoptr(GString) message = fill(rows[0].message, "x", LARGE, "\n");
	const char *body = strstr(message->str, "xxxx");
	size_t from = (size_t)(body - message->str);

	for (size_t i = 0; i < 5000; i += 7)
		memcpy(message->str + from + i, "\n--bbbb", 7);
	g_autoptr(report_t) report = reader_parse(message->str, message->len, &limits_default);
	g_assert_cmpuint(report->recipient_count, ==, 1);
	g_assert_cmpstr(report->original.message_id, ==, "1@our.example");
	GString *abridged = abridgement_make(message->str, message->len);
	g_assert_null(strstr(strstr(abridged->str, "\n--bbbb"), "\n--b\n"));
	g_string_free(abridged, TRUE);
}

static const struct row *find_row(const char *name)
{
	const struct row *row = rows;

	while (!g_str_equal(row->name, name))
		row++;
	return row;
}

static unsigned count_recipients(const char *name, size_t bytes)
{
	g_autoptr(GString) message = fill(find_row(name)->message, "x\n", bytes, "\n");
	g_autoptr(report_t) report = reader_parse(message->str, message->len, &limits_default);

	return (unsigned)report->recipient_count;
}

/* Behind a very large original a part is found where it ends the message. */
static void check_tail(void)
{
	g_assert_cmpuint(count_recipients("original first", 300000), ==, 1);
	g_assert_cmpuint(count_recipients("lines that look like boundaries", 300000), ==, 1);
	g_assert_cmpuint(count_recipients("several originals", 100000), ==, 1);
	g_assert_cmpuint(count_recipients("several originals", 300000), ==, 0);
}

/* Beyond the bound of a message nothing is read, and that is said. */
static void check_bound(void)
{
	g_autoptr(GString) message = fill(rows[0].message, "x\n", 3000000, "\n");
	g_autoptr(report_t) report = reader_parse(message->str, message->len, &limits_default);

	g_assert_true(report->truncated);
	g_assert_cmpuint(report->recipient_count, ==, 1);
	g_assert_cmpstr(report->original.message_id, ==, "1@our.example");
}

static void check_small(void)
{
	g_assert_null(abridgement_make("", 0));
	g_assert_null(abridgement_make("\n\n\n", 3));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_test_add_func("/abridgement/rows", check_rows);
	g_test_add_func("/abridgement/lines", check_lines);
	g_test_add_func("/abridgement/cut", check_cut);
	g_test_add_func("/abridgement/tail", check_tail);
	g_test_add_func("/abridgement/bound", check_bound);
	g_test_add_func("/abridgement/small", check_small);
	return g_test_run();
}
