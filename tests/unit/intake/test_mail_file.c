/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails in files: where each begins and ends, and what their headers say of
 * the envelope.
 */
#include <string.h>

#include <glib.h>

#include "intake/mail_file.h"
#include "intake/trace_fields.h"

static FILE *file_of(const char *text)
{
	FILE *file = tmpfile();

	g_assert_nonnull(file);
	g_assert_cmpuint(fwrite(text, 1, strlen(text), file), ==, strlen(text));
	rewind(file);
	return file;
}

static char *text_of(const struct mail_file *place)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();

	g_assert_true(mail_file_read(place, 100000, bytes));
	return g_strndup(bytes->len == 0 ? "" : (const char *)bytes->data, bytes->len);
}

/* The mails of an mbox, parted by "|". */
static const struct {
	const char *mbox;
	const char *mails;
} mboxes[] = {
    {"", ""},
    {"\n\n", ""},
    {"From a Mon Jan 1\nA: 1\n\nx\n", "A: 1\n\nx\n"},
    {"From a Mon\nA: 1\n\nx\n\nFrom b Tue\nB: 2\n\ny\n\n", "A: 1\n\nx\n|B: 2\n\ny\n"},
    {"From a\nA: 1\n\nFrom here on it is text? No: a blank line was before it\n", "A: 1\n|"},
    {"From a\nA: 1\n\nx\nFrom within a paragraph\n", "A: 1\n\nx\nFrom within a paragraph\n"},
    {"From a\nA: 1\n\nx\n>From quoted\n", "A: 1\n\nx\n>From quoted\n"},
    {"From a\r\nA: 1\r\n\r\nx\r\n\r\nFrom b\r\nB: 2\r\n\r\n", "A: 1\r\n\r\nx\r\n|B: 2\r\n"},
    {"From a\nno end", "no end"},
    {"From a\n\n\nFrom b\nB: 2\n", "|B: 2\n"},
};

static void test_mboxes(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(mboxes); i++) {
		FILE *file = file_of(mboxes[i].mbox);
		g_autoptr(GString) mails = g_string_new(NULL);
		struct mail_file place;

		g_test_message("%zu: %s", i, mboxes[i].mbox);
		for (unsigned count = 0; mail_file_next(file, &place); count++) {
			g_autofree char *text = text_of(&place);

			g_assert_cmpuint(count, <, 10);
			g_string_append_printf(mails, "%s%s", count > 0 ? "|" : "", text);
		}
		g_assert_cmpstr(mails->str, ==, mboxes[i].mails);
		fclose(file);
	}
}

static void test_whole(void)
{
	static const struct {
		const char *file;
		const char *mail;
	} wholes[] = {{"A: 1\n\nFrom x\n", "A: 1\n\nFrom x\n"},
		      {"From a b\nA: 1\n\nx\n\nFrom y\n", "A: 1\n\nx\n\nFrom y\n"},
		      {"From: a@example.org\n\nx", "From: a@example.org\n\nx"},
		      {"From no end", "From no end"},
		      {"", ""}};

	for (size_t i = 0; i < G_N_ELEMENTS(wholes); i++) {
		FILE *file = file_of(wholes[i].file);
		struct mail_file place;

		g_assert_true(mail_file_whole(fileno(file), &place));
		g_autofree char *text = text_of(&place);
		g_assert_cmpstr(text, ==, wholes[i].mail);
		fclose(file);
	}
}

static void test_read_is_bounded(void)
{
	FILE *file = file_of("0123456789");
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	const struct mail_file place = {fileno(file), 2, 10};

	g_assert_true(mail_file_read(&place, 5, bytes));
	g_assert_cmpuint(bytes->len, ==, 5);
	g_assert_true(memcmp(bytes->data, "23456", 5) == 0);
	fclose(file);
}

static void test_trace(void)
{
	static const struct {
		const char *head;
		const char *sender;
		const char *recipients;
	} traces[] = {
	    {"Return-Path: <>\nDelivered-To: bounce+x@b.example\n\n", "", "bounce+x@b.example"},
	    {"RETURN-PATH: <a@example.org>\r\nX-Original-To: X@b.example\r\n\r\n", "a@example.org",
	     "X@b.example"},
	    {"Delivered-To: x@b.example\nX-Original-To: X@B.example\nEnvelope-to: "
	     "<y@b.example>\n\n",
	     "", "x@b.example,y@b.example"},
	    {"Subject: x\n\nDelivered-To: body@b.example\n", "", ""},
	    {"Delivered-Tomorrow: x@b.example\nDelivered-To\nDelivered-To:\n\n", "", ""},
	    {"", "", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(traces); i++) {
		struct trace_fields trace;

		g_test_message("%s", traces[i].head);
		trace_fields_read(traces[i].head, strlen(traces[i].head), &trace);
		g_autofree char *recipients = g_strjoinv(",", (char **)trace.recipients->pdata);
		g_assert_cmpstr(trace.sender, ==, traces[i].sender);
		g_assert_cmpstr(recipients, ==, traces[i].recipients);
		trace_fields_clear(&trace);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mailbox/mbox", test_mboxes);
	g_test_add_func("/mailbox/whole", test_whole);
	g_test_add_func("/mailbox/read-is-bounded", test_read_is_bounded);
	g_test_add_func("/mailbox/trace", test_trace);
	return g_test_run();
}
