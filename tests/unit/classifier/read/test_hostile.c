/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails that are made to kill: each must give a report and a verdict, in bounded
 * time and memory, on the stack that a milter thread has.
 */
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"

#define STACK_BYTES (256 * 1024)

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
/* make coverage says -DINSTRUMENTED. */
#if defined(INSTRUMENTED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||      \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_INSTRUMENTED 1
#else
#define IS_INSTRUMENTED 0
#endif

/* Seconds of CPU that one mail may take, KiB that all may; the sanitizers and gcov get more. */
#define SECONDS_MAX (IS_INSTRUMENTED ? 20.0 : 2.0)
#define KIB_MAX     (250 * 1024)

static void repeat(GString *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		g_string_append(out, text);
}

static void wrap_rfc822(GString *out, const char *type)
{
	g_string_append_printf(
	    out,
	    "From: MAILER-DAEMON@example.org\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: %s\n\n",
	    type);
}

/* --- the mails ------------------------------------------------------------ */

static void groups_to(GString *out)
{
	g_string_append(out, "From: a@example.org\nTo: ");
	repeat(out, "g:", 500000);
	g_string_append(out, "\nSubject: x\n\nbody\n");
}

static void groups_folded(GString *out)
{
	g_string_append(out, "From: a@example.org\nCc:\n");
	repeat(out, " g:\n", 200000);
	g_string_append(out, "\nbody\n");
}

static void groups_blank_before_colon(GString *out)
{
	g_string_append(out, "Subject: x\nReply-To \t: ");
	repeat(out, "g:", 400000);
	g_string_append(out, "\n\nbody\n");
}

static void groups_nul_in_name(GString *out)
{
	g_string_append(out, "Subject: x\nTo");
	g_string_append_len(out, "\0zz: ", 5);
	repeat(out, "g:", 400000);
	g_string_append(out, "\n\nbody\n");
}

static void groups_every_header(GString *out)
{
	static const char *const names[] = {"Sender",
					    "from",
					    "REPLY-TO",
					    "Bcc",
					    "Resent-To",
					    "Resent-From",
					    "Resent-Cc",
					    "Resent-Bcc",
					    "Resent-Sender",
					    "Resent-Reply-To",
					    "Disposition-Notification-To",
					    "Errors-To",
					    "Return-Path",
					    "Delivered-To"};
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_string_append_printf(out, "%s: ", names[i]);
		repeat(out, "g:", 30000);
		g_string_append(out, "\n");
	}
	g_string_append(out, "\nbody\n");
}

static void groups_embedded(GString *out, const char *type)
{
	wrap_rfc822(out, type);
	groups_to(out);
	g_string_append(out, "--b--\n");
}

static void groups_in_rfc822(GString *out)
{
	groups_embedded(out, "message/rfc822");
}

static void groups_in_news(GString *out)
{
	groups_embedded(out, "message/news");
}

static void groups_in_rfc2822(GString *out)
{
	groups_embedded(out, "message/rfc2822");
}

static void groups_in_global(GString *out)
{
	groups_embedded(out, "MESSAGE/Global");
}

static void groups_in_base64(GString *out)
{
	g_autoptr(GString) inner = g_string_new(NULL);
	groups_to(inner);
	g_autofree char *encoded =
	    g_base64_encode((const guchar *)inner->str, MIN(inner->len, (size_t)300000));
	wrap_rfc822(out, "message/rfc822\nContent-Transfer-Encoding: base64");
	g_string_append(out, encoded);
	g_string_append(out, "\n--b--\n");
}

static void groups_in_status(GString *out)
{
	g_string_append(out, "MIME-Version: 1.0\nContent-Type: multipart/report; "
			     "report-type=delivery-status; boundary=b\n\n"
			     "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; "
			     "x\n\nFinal-Recipient: ");
	repeat(out, "g:", 200000);
	g_string_append(out, "\nTo: ");
	repeat(out, "g:", 200000);
	g_string_append(out, "\nAction: failed\n--b--\n");
}

static void groups_bare_cr(GString *out)
{
	g_string_append(out, "From: a@example.org\rTo: ");
	repeat(out, "g:\r ", 200000);
	g_string_append(out, "\r\rbody");
}

static void comments_nested(GString *out)
{
	g_string_append(out, "From: a@example.org\nContent-Type: text/plain");
	repeat(out, "(", 300000);
	g_string_append(out, "\nTo: ");
	repeat(out, "(", 300000);
	g_string_append(out, "\n\nbody\n");
}

static void million_headers(GString *out)
{
	repeat(out, "A: b\n", 1000000);
	g_string_append(out, "\nbody\n");
}

static void million_content_headers(GString *out)
{
	repeat(out, "Content-Type: text/plain; a=b\n", 300000);
	g_string_append(out, "\nbody\n");
}

static void headers_between_content(GString *out)
{
	repeat(out, "Content-X: y\nA: b\n", 100000);
	g_string_append(out, "\nbody\n");
}

static void million_parts(GString *out)
{
	g_string_append(out, "Content-Type: multipart/mixed; boundary=b\n\n");
	repeat(out, "--b\n\n", 1000000);
}

static void parts_with_headers(GString *out)
{
	g_string_append(out, "Content-Type: multipart/digest; boundary=b\n\n");
	repeat(out, "--b\n\nTo: x@example.org\n\nx\n", 100000);
}

static void deep_messages(GString *out)
{
	repeat(out, "Content-Type: message/rfc822\n\n", 40000);
}

static void deep_multiparts(GString *out)
{
	for (int i = 0; i < 20000; i++)
		g_string_append_printf(
		    out, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
}

static void deep_same_boundary(GString *out)
{
	repeat(out, "Content-Type: multipart/mixed; boundary=b\n\n--b\n", 20000);
}

static void deep_digest(GString *out)
{
	for (int i = 0; i < 10000; i++)
		g_string_append_printf(
		    out, "Content-Type:\n multipart/digest; boundary=b%d\n\n--b%d\n\n", i, i);
}

static void long_boundary(GString *out)
{
	g_string_append(out, "Content-Type: multipart/mixed; boundary=\"");
	repeat(out, "b", 100000);
	g_string_append(out, "\"\n\n");
	repeat(out, "--bbbbbbbbbbbbbbbbbbbbbbbbb\n", 20000);
}

static void parameter_bomb(GString *out)
{
	g_string_append(out, "Content-Type: text/plain");
	for (int i = 0; i < 60000; i++)
		g_string_append_printf(out, "; a*%d*=utf-8''%%41", i);
	g_string_append(out, "\n\nbody\n");
}

static void encoded_word_bomb(GString *out)
{
	g_string_append(out, "Subject: ");
	repeat(out, "=?utf-8?q?=41?= ", 60000);
	g_string_append(out, "\nFrom: ");
	repeat(out, "=?iso-2022-jp?b?GyRCMEw=?= ", 30000);
	g_string_append(out, "<a@example.org>\n\nbody\n");
}

static void base64_bomb(GString *out)
{
	g_string_append(out, "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n");
	repeat(out, "PGEgPGEgPGEgPGEgPGEgPGEgPGEgPGEgPGEgPGEgPGEgPGEg\n", 1000000);
}

static void quoted_printable_bomb(GString *out)
{
	g_string_append(out, "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: "
			     "quoted-printable\n\n");
	repeat(out, "=00=D8=3D=\n", 1000000);
}

static void html_bomb(GString *out)
{
	g_string_append(
	    out,
	    "From: MAILER-DAEMON@example.org\nSubject: undelivered\nContent-Type: text/html\n\n");
	repeat(out, "<script><!--<style>", 20000);
}

static void html_report(GString *out, const char *tag)
{
	g_string_append(
	    out,
	    "From: MAILER-DAEMON@example.org\nSubject: undelivered\nContent-Type: text/html\n\n");
	while (out->len < 520 * 1024)
		g_string_append(out, tag);
}

static void html_links(GString *out)
{
	html_report(out, "<a>");
}

static void html_silence(GString *out)
{
	html_report(out, "<script>");
}

static void html_numbers(GString *out)
{
	html_report(out, "&#99999999999999999999;");
}

/* Fifty megabytes in one part, in one line and in many. */
static void large_line(GString *out)
{
	wrap_rfc822(out, "application/octet-stream");
	g_string_set_size(out, out->len + 50000000);
	memset(out->str + out->len - 50000000, 'x', 50000000);
	g_string_append(out, "\n--b--\n");
}

static void large_part(GString *out)
{
	wrap_rfc822(out, "text/plain");
	repeat(out, "50 MB of lines like this one, each with a colon: and a code 550 5.1.1\n",
	       720000);
	g_string_append(out, "--b--\n");
}

static void charset_part(GString *out, const char *charset)
{
	g_string_append_printf(out,
			       "From: MAILER-DAEMON@example.org\nSubject: failure notice\n"
			       "Content-Type: text/plain; charset=%s\n\n",
			       charset);
	repeat(out, "\x1b$B0l\x1b(J \xff\xfe\xe9 +AGE- \xed\xa0\x80 ~{\n", 20000);
}

static void charset_unknown(GString *out)
{
	charset_part(out, "x-no-such-charset");
}

static void charset_utf7(GString *out)
{
	charset_part(out, "utf-7");
}

static void charset_japanese(GString *out)
{
	charset_part(out, "iso-2022-jp-3");
}

static void charset_utf32(GString *out)
{
	charset_part(out, "utf-32le");
}

static void charset_ebcdic(GString *out)
{
	charset_part(out, "ibm037");
}

/* What iconv takes as an order: "//TRANSLIT", and names of files. */
static void charset_order(GString *out)
{
	charset_part(out, "\"../../../etc/passwd//TRANSLIT//IGNORE\"");
}

static void charset_long(GString *out)
{
	g_string_append(out, "Content-Type: text/plain; charset=\"");
	repeat(out, "utf-8,", 100000);
	g_string_append(out, "\"\n\n\xe9\n");
}

/* Escapes that open and never close, in every header of the original. */
static void charset_words(GString *out)
{
	wrap_rfc822(out, "message/rfc822");
	for (int i = 0; i < 2000; i++)
		g_string_append_printf(
		    out, "Subject: =?%s?b?GyRC?= =?utf-8?b?4g==?= =?gb18030?q?=81=30?=\n",
		    i % 2 ? "iso-2022-jp" : "utf-7");
	g_string_append(out, "\n--b--\n");
}

static void boundary_in_boundary(GString *out)
{
	g_string_append(out, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 3000; i++)
		g_string_append_printf(
		    out, "--b\nContent-Type: multipart/mixed; boundary=\"b%.*s\"\n\n", i % 60,
		    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
}

static void base64_of_report(GString *out)
{
	g_autoptr(GString) inner = g_string_new("Content-Type: multipart/report; boundary=b\n\n");
	for (int i = 0; i < 8; i++) {
		g_autofree char *encoded =
		    g_base64_encode((const guchar *)inner->str, MIN(inner->len, (size_t)400000));
		g_string_printf(
		    inner,
		    "From: MAILER-DAEMON@example.org\nContent-Type: multipart/report; "
		    "report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/rfc822\n"
		    "Content-Transfer-Encoding: base64\n\n%s\n--b--\n",
		    encoded);
	}
	g_string_append(out, inner->str);
}

/* As many recipients as there may be, each with the longest of words: every one is judged. */
static void status_with_words(GString *out)
{
	g_string_append(out, "Content-Type: message/delivery-status\n\n");
	for (int i = 0; i < 1200; i++) {
		g_string_append_printf(
		    out,
		    "Final-Recipient: rfc822; user%d@example.org\nAction: failed\nStatus: 5.0.0\n"
		    "Diagnostic-Code: smtp; 550 ",
		    i);
		repeat(out, "user mailbox not ", 48);
		g_string_append(out, "\n\n");
	}
}

/* Words of which every pattern's first part is made, without end. */
static void words_bomb(GString *out)
{
	g_string_append(out, "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n"
			     "Hi. This is the qmail-send program\n<a@example.org>:\n");
	repeat(out,
	       "user mailbox account address domain message recipient quota spam sender is not ",
	       900);
}

static void prose_bomb(GString *out)
{
	g_string_append(out, "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\nHi. This "
			     "is the qmail-send program\n");
	repeat(out, "<a@example.org>:\n", 50000);
}

/* One long line, on which every pattern that begins with anything starts over. */
static void angle_bomb(GString *out)
{
	g_string_append(out, "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n"
			     "An email you sent has been\n");
	repeat(out, "<", 60000);
	g_string_append(out, "a@example.org\n");
}

/* A blank of a pattern takes them all, wherever it starts. */
static void blank_bomb(GString *out)
{
	g_string_append(out, "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n"
			     "   ----- Transcript of session follows -----\n5");
	repeat(out, " ", 100000);
	g_string_append(out, "\n");
}

/* Nobody's phrases: every address is weighed by what is around it. */
static void address_bomb(GString *out)
{
	g_string_append(
	    out,
	    "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\nCould not be delivered:");
	for (int i = 0; i < 10000; i++)
		g_string_append_printf(out, " a%d@example.org, from b%d@example.org", i, i);
	repeat(out, "\na@example.org: 550 unknown", 10000);
}

/* Lines that may be words about the recipient above them. */
static void indented_bomb(GString *out)
{
	g_string_append(out,
			"From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n"
			"This is the mail system at host example.net.\n\n<a@example.org>: x\n");
	repeat(out, "    <a@example.org>: x\n", 50000);
}

static void at_bomb(GString *out)
{
	g_string_append(out, "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\nHi. This "
			     "is the qmail-send program\n");
	repeat(out, "@", 200000);
	repeat(out, "\"@", 200000);
	repeat(out, "a@", 200000);
}

static void status_bomb(GString *out)
{
	g_string_append(out, "Content-Type: message/delivery-status\n\n");
	repeat(out, "Final-Recipient: rfc822; a@example.org\nAction: failed\n\n", 20000);
}

/* A thousand recipients without a word, and one paragraph that names them all. */
static void status_without_words(GString *out)
{
	g_string_append(
	    out,
	    "From: MAILER-DAEMON@example.org\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n");
	for (int i = 0; i < 3000; i++)
		g_string_append_printf(out, "user%d@example.org ", i);
	g_string_append(out, "\n--b\nContent-Type: message/delivery-status\n\n");
	for (int i = 0; i < 3000; i++)
		g_string_append_printf(
		    out, "Final-Recipient: rfc822; user%d@example.org\nAction: failed\n\n", i);
	g_string_append(out, "--b--\n");
}

static void status_garbage(GString *out)
{
	g_string_append(out, "Content-Type: message/delivery-status\n\n");
	repeat(out, "x\n", 400000);
	repeat(out, "\n\n \n", 100000);
}

static void headers_in_text(GString *out)
{
	g_string_append(out, "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n");
	repeat(out, "X: y\n", 5000);
	repeat(out, "\nFrom: a\nX: y", 5000);
	repeat(out, "\n> \n> To: a", 5000);
}

static void nested_in_text(GString *out)
{
	g_string_append(out,
			"From: MAILER-DAEMON@example.org\nSubject: failure notice\n\ngone\n\n");
	repeat(out,
	       "Received: x\nFrom: MAILER-DAEMON@example.org\nTo: g:g:g:\nMIME-Version: 1.0\n"
	       "Content-Type: multipart/report; report-type=delivery-status\n\ngone\n\n",
	       3000);
}

static void json_bomb(GString *out)
{
	g_string_append(out,
			"From: no-reply@example.org\n\n{\"notificationType\":\"Bounce\",\"a\":");
	repeat(out, "[", 60000);
}

static void nul_everywhere(GString *out)
{
	for (int i = 0; i < 300000; i++)
		g_string_append_len(out, i % 7 ? "\0" : "\n\0To:\0g:g:", i % 7 ? 1 : 10);
}

static void cr_only(GString *out)
{
	repeat(out, "To: g:g:g:\r", 100000);
}

static void one_line(GString *out)
{
	repeat(out, "Subject", 150000);
}

static void no_boundary(GString *out)
{
	g_string_append(out, "From: MAILER-DAEMON@example.org\nContent-Type: multipart/report; "
			     "report-type=delivery-status\n\n");
	repeat(out, "--x\n", 200000);
}

static void wrong_boundary(GString *out)
{
	g_string_append(
	    out, "From: MAILER-DAEMON@example.org\nContent-Type: multipart/report; boundary=y\n\n");
	repeat(out, "--x\nContent-Type: multipart/report; boundary=z\n\n", 20000);
}

static void empty(GString *out)
{
	(void)out;
}

static void only_newlines(GString *out)
{
	repeat(out, "\n", 1000000);
}

static void mbox_line_only(GString *out)
{
	g_string_append(out, "From ");
}

static const struct {
	const char *name;
	void (*make)(GString *out);
} mails[] = {
    {"groups-to", groups_to},
    {"groups-folded", groups_folded},
    {"groups-blank-before-colon", groups_blank_before_colon},
    {"groups-nul-in-name", groups_nul_in_name},
    {"groups-every-header", groups_every_header},
    {"groups-in-rfc822", groups_in_rfc822},
    {"groups-in-news", groups_in_news},
    {"groups-in-rfc2822", groups_in_rfc2822},
    {"groups-in-global", groups_in_global},
    {"groups-in-base64", groups_in_base64},
    {"groups-in-status", groups_in_status},
    {"groups-bare-cr", groups_bare_cr},
    {"comments-nested", comments_nested},
    {"million-headers", million_headers},
    {"million-content-headers", million_content_headers},
    {"headers-between-content", headers_between_content},
    {"million-parts", million_parts},
    {"parts-with-headers", parts_with_headers},
    {"deep-messages", deep_messages},
    {"deep-multiparts", deep_multiparts},
    {"deep-same-boundary", deep_same_boundary},
    {"deep-digest", deep_digest},
    {"long-boundary", long_boundary},
    {"parameter-bomb", parameter_bomb},
    {"encoded-word-bomb", encoded_word_bomb},
    {"base64-bomb", base64_bomb},
    {"quoted-printable-bomb", quoted_printable_bomb},
    {"html-bomb", html_bomb},
    {"html-links", html_links},
    {"html-silence", html_silence},
    {"html-numbers", html_numbers},
    {"large-line", large_line},
    {"large-part", large_part},
    {"charset-unknown", charset_unknown},
    {"charset-utf7", charset_utf7},
    {"charset-japanese", charset_japanese},
    {"charset-utf32", charset_utf32},
    {"charset-ebcdic", charset_ebcdic},
    {"charset-order", charset_order},
    {"charset-long", charset_long},
    {"charset-words", charset_words},
    {"boundary-in-boundary", boundary_in_boundary},
    {"base64-of-report", base64_of_report},
    {"status-with-words", status_with_words},
    {"words-bomb", words_bomb},
    {"prose-bomb", prose_bomb},
    {"angle-bomb", angle_bomb},
    {"blank-bomb", blank_bomb},
    {"address-bomb", address_bomb},
    {"indented-bomb", indented_bomb},
    {"at-bomb", at_bomb},
    {"status-bomb", status_bomb},
    {"status-without-words", status_without_words},
    {"status-garbage", status_garbage},
    {"headers-in-text", headers_in_text},
    {"nested-in-text", nested_in_text},
    {"json-bomb", json_bomb},
    {"nul-everywhere", nul_everywhere},
    {"cr-only", cr_only},
    {"one-line", one_line},
    {"no-boundary", no_boundary},
    {"wrong-boundary", wrong_boundary},
    {"empty", empty},
    {"only-newlines", only_newlines},
    {"mbox-line-only", mbox_line_only},
};

/* --- the check ------------------------------------------------------------ */

static double cpu_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
	       (double)usage.ru_stime.tv_sec;
}

static void check_string(const char *text, size_t max)
{
	g_assert_nonnull(text);
	g_assert_cmpuint(strlen(text), <=, max);
	g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void check_header(const struct report_header *header)
{
	size_t max = limits_default.field_bytes;
	check_string(header->message_id, max);
	check_string(header->from, max);
	check_string(header->sender, max);
	check_string(header->subject, max);
	check_string(header->date, max);
	check_string(header->envelope_to, max);
	check_string(header->delivered_to, max);
	for (size_t i = 0; header->to[i]; i++)
		check_string(header->to[i], max);
}

static void check_report(const struct report *report)
{
	size_t max = limits_default.field_bytes;
	check_header(&report->header);
	check_header(&report->original);
	check_string(report->text, limits_default.text_bytes);
	check_string(report->facts.reporting_mta, max);
	check_string(report->facts.envelope_id, max);
	g_assert_cmpuint(report->recipient_count, <=, limits_default.recipient_count);
	for (size_t i = 0; i < report->recipient_count; i++) {
		check_string(report->recipients[i].recipient, max);
		check_string(report->recipients[i].original_recipient, max);
		check_string(report->recipients[i].diagnostic, max);
		check_string(report->recipients[i].status, max);
		check_string(report->recipients[i].remote_mta, max);
	}
	g_assert_cmpuint(strlen(report->digest), ==, 64);
}

/* The shipped rules, and a site's rule that looks wherever one can. */
static struct ruleset *load_rules(void)
{
	g_autofree char *dir = g_dir_make_tmp("hostile-XXXXXX", NULL);
	g_autofree char *site = g_build_filename(dir, "site", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(
	    site,
	    "[site.all]\nreason = expired\nmatch = never .. said\nmatch = (?<!a)zzz\n"
	    "look = diagnostic, text, subject, from, remote_mta, reporting_mta\n",
	    -1, NULL));
	struct ruleset *loaded = ruleset_load("etc/rules", site, &error);
	g_assert_no_error(error);
	g_unlink(site);
	g_rmdir(dir);
	return loaded;
}

struct job {
	const struct ruleset *rules;
	const GString *mail;
};

static void *judge_in_thread(void *data)
{
	const struct job *job = data;
	struct report *report = reader_parse(job->mail->str, job->mail->len, &limits_default);
	check_report(report);
	for (size_t i = 0; i < MAX(report->recipient_count, 1); i++) {
		struct verdict verdict;
		classify(job->rules, report,
			 report->recipient_count == 0 ? NULL : &report->recipients[i], &verdict);
		check_string(verdict.evidence, limits_default.field_bytes);
		g_assert_nonnull(verdict.reason);
		verdict_clear(&verdict);
	}
	report_free(report);
	return NULL;
}

static void test_mail(gconstpointer data)
{
	void (*make)(GString *) = ((void (*const *)(GString *))data)[0];
	static struct ruleset *rules; /* loaded once: it costs more than all the mails */
	g_autoptr(GString) mail = g_string_new(NULL);
	if (!rules)
		rules = load_rules();
	make(mail);
	struct job job = {rules, mail};
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	double before = cpu_seconds();
	g_assert_cmpint(pthread_create(&thread, &attributes, judge_in_thread, &job), ==, 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	double used = cpu_seconds() - before;
	g_test_message("%.3f s", used);
	g_assert_cmpfloat(used, <, SECONDS_MAX);
}

/* All of them together must not have cost more than this. */
static void test_memory(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	g_test_message("%ld KiB at most", usage.ru_maxrss);
	if (!IS_INSTRUMENTED)
		g_assert_cmpint(usage.ru_maxrss, <, KIB_MAX);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
		g_autofree char *path = g_strconcat("/hostile/", mails[i].name, NULL);
		g_test_add_data_func(path, &mails[i].make, test_mail);
	}
	g_test_add_func("/hostile/memory", test_memory);
	return g_test_run();
}
