/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The parts that mime_parse finds, and what it makes of broken messages.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"

/* "parent:type" of every part in order, then the text of the part asked for. */
struct row {
	const char *name;
	const char *mail;
	const char *parts;
	size_t index;
	const char *text;
};

#define MULTIPART "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"

static const struct row rows[] = {
    /* clang-format off */
	{ "plain", "Subject: x\n\nhello\n", "-1:text/plain", 0, "hello\n" },
	{ "no-header", "just words, no field\n", "-1:text/plain", 0, "just words, no field\n" },
	{ "empty", "", "-1:text/plain", 0, "" },
	{ "only-header", "Subject: x\n", "-1:text/plain", 0, "" },
	{ "mbox-line", "From a@b.example Sat Nov 21\nSubject: x\n\nhello\n", "-1:text/plain", 0,
	  "hello\n" },
	{ "blank-lines-first", "\n\nSubject: x\n\nhello\n", "-1:text/plain", 0, "hello\n" },
	{ "crlf", "Subject: x\r\n\r\na\r\nb\r\n", "-1:text/plain", 0, "a\nb\n" },
	{ "cr-only", "Subject: x\r\ra\rb\r", "-1:text/plain", 0, "a\nb\n" },
	{ "cr-cr-lf", "Subject: x\r\r\n\r\r\na\r\r\n", "-1:text/plain", 0, "a\n" },
	{ "two-parts", MULTIPART "--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n",
	  "-1:multipart/mixed 0:text/plain 0:text/html", 2, "two" },
	{ "not-closed", MULTIPART "--b\n\none\n", "-1:multipart/mixed 0:text/plain", 1, "one\n" },
	{ "prologue", MULTIPART "ignored\n--b\n\none\n--b--\nignored\n",
	  "-1:multipart/mixed 0:text/plain", 1, "one" },
	{ "nested", MULTIPART "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\n"
	  "one\n--c--\n--b\n\ntwo\n--b--\n",
	  "-1:multipart/mixed 0:multipart/alternative 1:text/plain 0:text/plain", 3, "two" },
	{ "message-is-a-leaf", MULTIPART "--b\nContent-Type: message/rfc822\n\nTo: a\nSubject: y\n"
	  "\ninner\n--b--\n",
	  "-1:multipart/mixed 0:message/rfc822", 1, "To: a\nSubject: y\n\ninner" },
	{ "digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: y\n\ninner\n"
	  "--b--\n",
	  "-1:multipart/digest 0:text/plain", 1, "Subject: y\n\ninner" },
	{ "status", MULTIPART "--b\nContent-Type: Message/Delivery-Status\n\nStatus: 5.1.1\n"
	  "--b--\n",
	  "-1:multipart/mixed 0:message/delivery-status", 1, "Status: 5.1.1" },
	{ "fields-in-the-text-stay", "Subject: x\n\nTo: a\nCc: b\nFrom: c\nX: d\n", "-1:text/plain",
	  0, "To: a\nCc: b\nFrom: c\nX: d\n" },
	{ "base64", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n"
	  "\naMOp\n", "-1:text/plain", 0, "hé" },
	{ "quoted-printable", "Content-Type: text/plain; charset=iso-8859-1\n"
	  "Content-Transfer-Encoding: quoted-printable\n\nh=E9=\n!\n",
	  "-1:text/plain", 0, "hé!\n" },
	{ "no-boundary-parameter", "Content-Type: multipart/mixed\n\n--b\n"
	  "Content-Type: text/html\n\none\n--b--\n",
	  "-1:multipart/mixed 0:text/html", 1, "one" },
	{ "wrong-boundary", "Content-Type: multipart/mixed; boundary=z\n\n--b\n"
	  "Content-Type: text/html\n\none\n--b--\n",
	  "-1:multipart/mixed 0:text/html", 1, "one" },
	{ "no-boundary-at-all", "Content-Type: multipart/mixed; boundary=z\n\njust words\n",
	  "-1:text/plain", 0, "\njust words\n" },
	{ "comment-before-type", "Content-Type: (x) text/HTML; a=b\n\none\n", "-1:text/html", 0,
	  "one\n" },
	{ "no-type", "Content-Type: ;\n\none\n", "-1:text/plain", 0, "one\n" },
    /* clang-format on */
};

static char *describe(const struct mime *mime)
{
	GString *out = g_string_new(NULL);
	size_t count;
	const struct mime_part *parts = mime_parts(mime, &count);
	for (size_t i = 0; i < count; i++)
		g_string_append_printf(out, "%s%d:%s", i ? " " : "", parts[i].parent,
				       parts[i].type);
	return g_string_free(out, FALSE);
}

static void test_row(gconstpointer data)
{
	const struct row *row = data;
	g_autoptr(mime_t) mime = mime_parse(row->mail, strlen(row->mail), &limits_default);
	g_autofree char *parts = describe(mime);
	g_assert_cmpstr(parts, ==, row->parts);
	g_assert_cmpstr(mime_text(mime, row->index), ==, row->text);
	g_assert_false(mime_is_truncated(mime));
}

static void test_header(void)
{
	static const char mail[] =
	    "Subject: =?utf-8?q?=C3=A9t=C3=A9?=\n =?utf-8?q?_et?= more\nsubject: second\nX: raw "
	    "\xe9\n\nSubject: body\n";
	g_autoptr(mime_t) mime = mime_parse(mail, strlen(mail), &limits_default);
	g_autofree char *subject = mime_header(mime, 0, "SUBJECT");
	g_autofree char *raw = mime_header(mime, 0, "X");
	g_autofree char *absent = mime_header(mime, 0, "To");
	g_assert_cmpstr(subject, ==, "été et more");
	g_assert_cmpstr(raw, ==, "raw é");
	g_assert_cmpstr(absent, ==, "");
}

static void test_nul(void)
{
	static const char mail[] = "Subject: a\0b\n\nc\0d\n";
	g_autoptr(mime_t) mime = mime_parse(mail, sizeof mail - 1, &limits_default);
	g_autofree char *subject = mime_header(mime, 0, "Subject");
	g_assert_cmpstr(subject, ==, "a?b");
	g_assert_cmpstr(mime_text(mime, 0), ==, "c d\n");
}

/* Past a bound the rest is missing, what was before it is there, and it is said. */
static void test_bounds(void)
{
	struct limits limits = limits_default;
	limits.part_count = 3;
	g_autoptr(GString) mail = g_string_new(MULTIPART);
	for (int i = 0; i < 50; i++)
		g_string_append_printf(mail, "--b\n\n%d\n", i);
	g_autoptr(mime_t) mime = mime_parse(mail->str, mail->len, &limits);
	g_autofree char *parts = describe(mime);
	g_assert_cmpstr(parts, ==, "-1:multipart/mixed 0:text/plain 0:text/plain");
	g_assert_cmpstr(mime_text(mime, 1), ==, "0");
	g_assert_true(mime_is_truncated(mime));

	limits = limits_default;
	limits.part_bytes = 10;
	g_autoptr(mime_t) large = mime_parse("A: b\n\n0123456789abc", 19, &limits);
	g_assert_cmpstr(mime_text(large, 0), ==, "0123456789");
	g_assert_true(mime_is_truncated(large));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/mime/", rows[i].name, NULL);
		g_test_add_data_func(path, &rows[i], test_row);
	}
	g_test_add_func("/mime/header", test_header);
	g_test_add_func("/mime/nul", test_nul);
	g_test_add_func("/mime/bounds", test_bounds);
	return g_test_run();
}
