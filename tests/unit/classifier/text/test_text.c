/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The small readers below a report: addresses, hosts, header fields, HTML,
 * charsets, each as a table.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/html.h"
#include "classifier/text/smtp_host.h"
#include "classifier/text/text.h"
#include "tests/unit/growth.h"

static char *take(bool found, struct slice slice)
{
	return found ? g_strndup(slice.data, slice.len) : g_strdup("");
}

static void test_address_find(void)
{
	/* clang-format off */
	static const struct { const char *text, *address; } rows[] = {
		{ "write to a.b@example.org, please", "a.b@example.org" },
		{ "<a@example.org>: host said", "a@example.org" },
		{ "'a@example.org' on Monday", "a@example.org" },
		{ "\"john doe\"@example.org", "\"john doe\"@example.org" },
		{ "<\"a@example.org\"@evil.example>: no", "\"a@example.org\"@evil.example" },
		{ "\"x\\\" a@example.org \\\"y\"@evil.example",
		  "\"x\\\" a@example.org \\\"y\"@evil.example" },
		{ "\"Anna\" a@example.org \"b\"@host.example", "a@example.org" },
		{ "\"a@example.org\" is \"Anna\"", "a@example.org" },
		{ "mailto:a@example.org.", "a@example.org" },
		{ "user+tag=x@sub.example.org)", "user+tag=x@sub.example.org" },
		{ "a@[192.0.2.1] x", "a@[192.0.2.1]" },
		{ "宛先「a@example.org」は", "a@example.org" },
		{ "收件人hanako@example.org您好", "hanako@example.org" },
		{ "用户@例子.中国", "用户@例子.中国" },
		{ "m\\374ller@example.org", "" },
		{ "m\\374ller@example.org a@example.org", "a@example.org" },
		{ "x@a日本.example", "x@a日本.example" },
		{ "pélé@exämple.org", "pélé@exämple.org" },
		/* no address, and none of somebody else either */
		{ "a@b@example.org", "a@b@example.org" },
		{ "<jo@smith@example.org>: no", "jo@smith@example.org" },
		{ "<max mustermann@example.org>: no", "max mustermann@example.org" },
		{ "<anna@example.org .net>: no", "anna@example.org .net" },
		{ "<\"jens.@example.org>: no", "\"jens.@example.org" },
		{ "<jens@example.org.>: no", "jens@example.org" },
		{ "<smtp example.org anna@example.org 99>: no", "anna@example.org" },
		{ "<info@mail.example,de>: no", "info@mail.example,de" },
		{ "info@firma,de", "info@firma,de" },
		{ "info@firma,de: no", "info@firma,de" },
		{ "root@firma,bert@example.org", "root@firma" },
		{ "root@firma, which is unknown", "root@firma" },
		{ "<\"anna@example.org\">: no", "anna@example.org" },
		{ "< anna@example.org >: no", "anna@example.org" },
		{ "<anna@example.org,bert@example.org>: no", "anna@example.org" },
		{ "<a href=\"mailto:anna@example.org\">", "anna@example.org" },
		{ "<宛先:anna@example.org>", "anna@example.org" },
		{ "<Иван anna@example.org>", "Иван anna@example.org" },
		{ "<<< 550 anna@example.org>", "anna@example.org" },
		{ "<max\nmustermann@example.org>", "mustermann@example.org" },
		{ "Mustermann <max@example.org>", "max@example.org" },
		/* a comma between two addresses, and one in an address */
		{ "anna,miller@example.org", "anna,miller@example.org" },
		{ "<anna,miller@example.org>: no", "anna,miller@example.org" },
		{ "to=x,y,anna@example.org", "to=x,y,anna@example.org" },
		{ ",b@example.org", "b@example.org" },
		{ "x, b@example.org", "b@example.org" },
		{ "@a.example,b@example.org", "b@example.org" },
		{ "收件人,b@example.org", "b@example.org" },
		{ "@example.org", "" },
		{ "a@", "" },
		{ "a @ b", "" },
		{ "@@@@", "" },
		{ "\"@", "" },
		{ "", "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct slice found = {NULL, 0};
		bool is_found = address_find(rows[i].text, strlen(rows[i].text), &found);
		g_autofree char *seen = take(is_found, found);
		g_assert_cmpstr(seen, ==, rows[i].address);
	}
}

static void find_all(const char *text)
{
	const char *end = text + strlen(text);
	struct slice found;
	while (address_find(text, (size_t)(end - text), &found))
		text = found.data + found.len;
}

/* Quotes that never end cost what the few lines around them do: a hundred times as much as those
 * that end, and not thousands. */
static void test_address_quotes(void)
{
	static const char *const units[] = {"\\\"@", "\"@", "\\\"a@", "\\\\\"@", "\"\\\"@"};
	gint64 ended = growth_cost(find_all, "\"a\"@b.example ", 64 * 1024);
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		gint64 endless = growth_cost(find_all, units[i], 64 * 1024);
		g_test_message("%s: %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " us", units[i],
			       endless, ended);
		g_assert_cmpint(endless, <, 1000 * ended);
	}
}

static void test_address_locate(void)
{
	static const struct {
		const char *text;
		int place; /* -1: the address is not there */
	} rows[] = {
	    {"anna@host.example", 0},
	    {"<Anna@Host.Example>: no", 1},
	    {"rcpt=anna@host.example.", 5},
	    {"rfc822;anna@host.example", 7},
	    {"'anna@host.example'", 1},
	    {"收件人anna@host.example不存在", 9},
	    {"joanna@host.example, anna@host.example: no", 21},
	    {"joanna@host.example,anna@host.example: no", 20},
	    /* another one's */
	    {"joanna@host.example", -1},
	    {"jo.anna@host.example", -1},
	    {"jo+anna@host.example", -1},
	    {"jöanna@host.example", -1},
	    {"jo,anna@host.example", -1},
	    {"anna@host.example.org", -1},
	    {"anna@host.example-city", -1},
	    {"anna@host.examples", -1},
	    {"anna@host.exampleö", -1},
	    {"", -1},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *at = address_locate(rows[i].text, "anna@host.example");
		g_assert_cmpint(at ? (int)(at - rows[i].text) : -1, ==, rows[i].place);
	}
	g_assert_null(address_locate("anna", ""));
}

static void test_address_list(void)
{
	/* clang-format off */
	static const struct { const char *value, *addresses; } rows[] = {
		{ "a@example.org, B <b@example.org>", "a@example.org b@example.org" },
		{ "\"x@wrong.example, y\" <a@example.org>", "a@example.org" },
		{ "group: a@example.org, b@example.org;", "a@example.org b@example.org" },
		{ "undisclosed-recipients:;", "" },
		{ "(c, d@wrong.example) a@example.org", "d@wrong.example" },
		{ "<>", "" },
		{ "a@example.org (A, the first), b@example.org", "a@example.org b@example.org" },
		{ "a@example.org,b@example.org,<c@example.org>",
		  "a@example.org b@example.org c@example.org" },
		{ "g:g:g:g:a@example.org", "a@example.org" },
		{ "<<<<<a@example.org", "a@example.org" },
		{ "\"unclosed a@example.org", "a@example.org" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct slice rest = {rows[i].value, strlen(rows[i].value)};
		struct slice found;
		g_autoptr(GString) seen = g_string_new(NULL);
		while (address_next(&rest, &found))
			g_string_append_printf(seen, "%s%.*s", seen->len ? " " : "", (int)found.len,
					       found.data);
		g_assert_cmpstr(seen->str, ==, rows[i].addresses);
	}
}

/* Separated by "|". */
static void test_address_recipients(void)
{
	/* clang-format off */
	static const struct { const char *value, *addresses; } rows[] = {
		{ "a@example.org, B <b@example.org>", "a@example.org|b@example.org" },
		{ "a@example.org,b@example.org,<c@example.org>",
		  "a@example.org|b@example.org|c@example.org" },
		{ "group: a@example.org, b@example.org;", "a@example.org|b@example.org" },
		{ "Miller,Anna <a@example.org>, b@example.org", "a@example.org|b@example.org" },
		{ "\"Anna\" a@example.org", "a@example.org" },
		{ "a@example.org (A, the first)", "a@example.org" },
		/* no address: as it is written */
		{ "max mustermann@example.org, b@example.org",
		  "max mustermann@example.org|b@example.org" },
		{ "Max <max mustermann@example.org>", "max mustermann@example.org" },
		{ "anna,miller@example.org, b@example.org",
		  "anna,miller@example.org|b@example.org" },
		{ "b@example.org,info@firma,de", "b@example.org|info@firma,de" },
		{ "info@firma,de,b@example.org", "info@firma,de|b@example.org" },
		{ "jo@smith@example.org", "jo@smith@example.org" },
		{ "b@example.org,", "b@example.org" },
		{ ",,b@example.org", "b@example.org" },
		{ ",", "" },
		{ "undisclosed-recipients:;", "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct slice rest = {rows[i].value, strlen(rows[i].value)};
		struct slice found;
		g_autoptr(GString) seen = g_string_new(NULL);
		while (address_next_recipient(&rest, &found))
			g_string_append_printf(seen, "%s%.*s", seen->len ? "|" : "", (int)found.len,
					       found.data);
		g_assert_cmpstr(seen->str, ==, rows[i].addresses);
	}
}

static void test_address_rest(void)
{
	const char *words = "501 frau mueller@example.org: malformed address: "
			    "Mueller@example.org may not follow frau";

	g_assert_true(address_is_rest(words, "mueller@example.org"));
	g_assert_false(address_is_rest(words, "frau mueller@example.org"));
	g_assert_false(address_is_rest("550 mueller@example.org: no", "mueller@example.org"));
}

#define BLANKS "                                                                                  "

static void test_address_bare(void)
{
	/* clang-format off */
	static const struct { const char *value, *address; } rows[] = {
		{ "<a@example.org>", "a@example.org" },
		{ "a@example.org (comment)", "a@example.org" },
		{ "Anna <a@example.org>", "a@example.org" },
		{ "<>", "" },
		{ "  ", "" },
		{ "anna", "anna" },
		{ "/var/mail/anna", "/var/mail/anna" },
		{ "<anna>", "anna" },
		{ "anna,miller@example.org", "anna,miller@example.org" },
		/* who chooses a local part chooses what is between its quotes */
		{ "\"a@example.org\"@evil.example", "\"a@example.org\"@evil.example" },
		{ " \"x (a@example.org)\"@evil.example (x)", "\"x (a@example.org)\"@evil.example" },
		{ "<\"a@example.org>\"@evil.example>", "\"a@example.org>\"@evil.example" },
		{ "\"\\\"<a@example.org>\"@evil.example", "\"\\\"<a@example.org>\"@evil.example" },
		{ "\"a@example.org\\\\\"@evil.example", "\"a@example.org\\\\\"@evil.example" },
		{ "\"a@example.org" BLANKS "\"@evil.example",
		  "\"a@example.org" BLANKS "\"@evil.example" },
		{ "\"\"@evil.example", "\"\"@evil.example" },
		{ "\"a@example.org\"", "a@example.org" },
		{ "\"Anna\" <a@example.org>", "a@example.org" },
		{ "\"Anna\" a@example.org", "a@example.org" },
		{ "smtp:a@example.org", "a@example.org" },
		{ "@relay.example:a@example.org", "a@example.org" },
		{ "'a@example.org'", "a@example.org" },
		{ "a@example.org; on Monday", "a@example.org" },
		{ "a@example.org, b@example.org", "a@example.org" },
		/* no address: as it is written */
		{ "max mustermann@example.org", "max mustermann@example.org" },
		{ "<max mustermann@example.org>", "max mustermann@example.org" },
		{ "<max mustermann@example.org> (Max)", "max mustermann@example.org" },
		{ "max mustermann@example.org (Max)", "max mustermann@example.org" },
		{ "max/mustermann anna@example.org", "max/mustermann anna@example.org" },
		{ "max=mustermann anna@example.org", "max=mustermann anna@example.org" },
		{ "mustermann@example.org max", "mustermann@example.org max" },
		{ "mustermann@example.org\tmax", "mustermann@example.org\tmax" },
		{ "anna@example.org/x", "anna@example.org/x" },
		{ "info@firma,de", "info@firma,de" },
		{ "info@mail.firma,de", "info@mail.firma,de" },
		{ "jo@smith@example.org", "jo@smith@example.org" },
		{ "jo@smith@", "jo@smith@" },
		{ "@example.org", "@example.org" },
		{ "\"jens.@example.org", "\"jens.@example.org" },
		{ "'jens@example.org", "'jens@example.org" },
		{ "jens@example.org\"", "jens@example.org\"" },
		{ "jens@example.org.", "jens@example.org" },
		{ "jens @example.org", "jens @example.org" },
		/* what is in a comment is not who failed */
		{ "anna (miller@example.org)", "anna" },
		{ "anna (miller@example.org", "anna" },
		{ "anna@example.org (miller@example.org)", "anna@example.org" },
		{ "anna@[192.0.2.1(2]", "anna@[192.0.2.1(2]" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *seen =
		    take(true, address_bare(rows[i].value, strlen(rows[i].value)));
		g_assert_cmpstr(seen, ==, rows[i].address);
	}
}

static void test_address_decode(void)
{
	/* clang-format off */
	static const struct { const char *given, *xtext, *utf8; } rows[] = {
		{ "a+2Bb@example.org", "a+b@example.org", "a+2Bb@example.org" },
		{ "a+3D1", "a=1", "a+3D1" },
		{ "a+tag@example.org", "a+tag@example.org", "a+tag@example.org" },
		{ "a+2b+00+0A+FF+", "a+2b+00+0A+FF+", "a+2b+00+0A+FF+" },
		{ "p\\x{E9}l\\x{1F600}", "p\\x{E9}l\\x{1F600}", "pél😀" },
		{ "\\x{0}\\x{D800}\\x{110000}\\x{", "\\x{0}\\x{D800}\\x{110000}\\x{",
		  "\\x{0}\\x{D800}\\x{110000}\\x{" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *xtext = g_strdup(rows[i].given);
		g_autofree char *utf8 = g_strdup(rows[i].given);
		address_decode_xtext(xtext);
		address_decode_utf8(utf8);
		g_assert_cmpstr(xtext, ==, rows[i].xtext);
		g_assert_cmpstr(utf8, ==, rows[i].utf8);
	}
}

static void test_host(void)
{
	/* clang-format off */
	static const struct { const char *text, *host; } rows[] = {
		{ "host mx.example.org[192.0.2.4] said: 550 no", "mx.example.org" },
		{ "host mx.example.org [192.0.2.4]: 550 no", "mx.example.org" },
		{ "... while talking to mx.example.org.:", "mx.example.org" },
		{ "connect to mx.example.org[192.0.2.4]:25: Connection refused", "mx.example.org" },
		{ "550 unknown host mx.example.org, said server mx.example.net", "mx.example.net" },
		{ "550 No such host mx.example.org", "" },
		{ "the host was down", "" },
		{ "ghost town.example.org", "" },
		{ "", "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct slice found = {NULL, 0};
		bool is_found = smtp_host_find(rows[i].text, &found);
		g_autofree char *host = take(is_found, found);
		g_assert_cmpstr(host, ==, rows[i].host);
	}
}

static void test_header(void)
{
	static const char block[] = "From a mbox line\nSubject : one\n two\n\tthree "
				    "\ngarbage\nTO:x\n:nothing\nsubject: second\n\nTo: body\n";
	struct slice value;
	struct slice header = header_block(block, strlen(block));
	g_assert_true(header_find(header, "Subject", &value));
	g_autofree char *subject = header_unfold(value.data, value.len);
	g_assert_cmpstr(subject, ==, "one two three");
	g_assert_true(header_find(header, "To", &value));
	g_assert_cmpint((int)value.len, ==, 1);
	g_assert_false(header_find(header, "garbage", &value));
	g_assert_false(header_find(header, "", &value));
}

static void test_media_type(void)
{
	/* clang-format off */
	static const struct { const char *value, *type; } rows[] = {
		{ "text/plain; charset=x", "text/plain" },
		{ " (a (nested) comment)\n Message/RFC822", "Message/RFC822" },
		{ "((((", "" },
		{ "", "" },
		{ ";x", "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *seen = take(
		    true, header_media_type((struct slice){rows[i].value, strlen(rows[i].value)}));
		g_assert_cmpstr(seen, ==, rows[i].type);
	}
}

static void test_html(void)
{
	/* clang-format off */
	static const struct { const char *html, *text; } rows[] = {
		{ "<p>a<br>b</p>", "a\nb\n" },
		{ "<td>a</td><td>b</td>", "a b" },
		{ "a &amp; b &lt;c@example.org&gt; &#233;&#xE9;&nbsp;x",
		  "a & b <c@example.org> éé x" },
		{ "<head><title>t</title></head><style>s</style>x<script>y", "xy" },
		{ "to <a@example.org> now", "to <a@example.org> now" },
		{ "<a href=\"mailto:b@example.org?subject=x\">Bert</a>.", "Bert <b@example.org>." },
		{ "<a href=\"mailto:b@example.org\">b@example.org</a>", "b@example.org" },
		{ "<a href=\"mailto:b@example.org", "" },
		{ "1 < 2 & 3 > 2", "1 < 2 & 3 > 2" },
		{ "<!-- no -->yes<!-- open", "yes" },
		{ "a\n\n  b", "a b" },
		{ "&#0;&#xD800;&#1;&unknown;&", "&#0;&#xD800;&#1;&unknown;&" },
		{ "<", "<" },
		{ "<p", "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *seen = html_to_text(rows[i].html);
		g_strchomp(seen);
		g_autofree char *expected = g_strchomp(g_strdup(rows[i].text));
		g_assert_cmpstr(seen, ==, expected);
	}
}

static void test_charset(void)
{
	/* clang-format off */
	static const struct { const char *bytes, *charset, *text; } rows[] = {
		{ "plain", "", "plain" },
		{ "h\xc3\xa9", "utf-8", "hé" },
		{ "h\xe9", "iso-8859-1", "hé" },
		{ "h\xe9", "", "hé" },
		{ "h\xe9", "no-such-charset", "hé" },
		{ "\x1b$B%(%i!<\x1b(B", "us-ascii", "エラー" },
		{ "\x1b$B%(%i!<\x1b(B", "iso-2022-jp", "エラー" },
		{ "\xe3\x82\xa8", "iso-2022-jp", "エ" },
		{ "a\r\nb\rc\x01" "d\x7f", "", "a\nb\nc d " },
		{ "", "utf-16", "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *seen =
		    text_from_charset(rows[i].bytes, strlen(rows[i].bytes), rows[i].charset, 100);
		g_assert_cmpstr(seen, ==, rows[i].text);
	}
	g_autofree char *cut = text_clean("ééé", 6, 3);
	g_assert_cmpstr(cut, ==, "é");
}

static void test_words(void)
{
	/* clang-format off */
	static const struct { const char *value, *text; } rows[] = {
		{ "=?utf-8?q?Rechnung_=C3=BC?= x", "Rechnung ü x" },
		{ "=?iso-8859-1?b?6Q==?=", "é" },
		{ "folded\n  twice\n\tover", "folded twice over" },
		{ "=?broken?q?", "=?broken?q?" },
		{ "raw \xe9", "raw é" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *seen = mime_decode_value(rows[i].value, strlen(rows[i].value));
		g_assert_cmpstr(seen, ==, rows[i].text);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_test_add_func("/text/address-find", test_address_find);
	g_test_add_func("/text/address-quotes", test_address_quotes);
	g_test_add_func("/text/address-locate", test_address_locate);
	g_test_add_func("/text/address-list", test_address_list);
	g_test_add_func("/text/address-recipients", test_address_recipients);
	g_test_add_func("/text/address-rest", test_address_rest);
	g_test_add_func("/text/address-bare", test_address_bare);
	g_test_add_func("/text/address-decode", test_address_decode);
	g_test_add_func("/text/host", test_host);
	g_test_add_func("/text/header", test_header);
	g_test_add_func("/text/media-type", test_media_type);
	g_test_add_func("/text/html", test_html);
	g_test_add_func("/text/charset", test_charset);
	g_test_add_func("/text/encoded-words", test_words);
	return g_test_run();
}
