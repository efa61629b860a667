/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Replies from bytes: the same whatever pieces they come in, and what is none.
 */
#include <string.h>

#include <glib.h>

#include "delivery/smtp/ehlo_extensions.h"
#include "delivery/smtp/reply_reader.h"

/* All replies in the bytes as "CODE STATUS|TEXT;"; "!" where one cannot be read, "..." where
 * more is expected. */
static char *read_all(const char *bytes, gsize len, gsize piece)
{
	struct reply_reader reader;
	GString *all = g_string_new(NULL);
	enum reply_progress progress = REPLY_INCOMPLETE;

	reply_reader_init(&reader);
	for (gsize at = 0; at < len && progress != REPLY_UNREADABLE; at += piece) {
		struct smtp_reply reply;

		reply_reader_add(&reader, bytes + at, MIN(piece, len - at));
		while ((progress = reply_reader_next(&reader, &reply)) == REPLY_COMPLETE) {
			g_string_append_printf(all, "%d %s|%s;", reply.code, reply.status,
					       reply.text);
			g_free(reply.text);
		}
	}
	if (progress == REPLY_UNREADABLE)
		g_string_append_c(all, '!');
	else if (!reply_reader_is_empty(&reader))
		g_string_append(all, "...");
	reply_reader_clear(&reader);
	return g_string_free(all, FALSE);
}

#define LINE(bytes) (bytes), sizeof(bytes) - 1

static void test_replies(void)
{
	static const struct {
		const char *bytes;
		gsize len;
		const char *replies;
	} rows[] = {
	    {LINE(""), ""},
	    {LINE("250 ok\r\n"), "250 |ok;"},
	    {LINE("250\r\n"), "250 |;"},
	    {LINE("250 \r\n"), "250 |;"},
	    {LINE("250 ok\n"), "250 |ok;"},
	    {LINE("250 ok"), "..."},
	    {LINE("250-a\r\n"), "..."},
	    {LINE("250-a\r\n250 b\r\n"), "250 |a b;"},
	    {LINE("250-\r\n250\r\n"), "250 |;"},
	    {LINE("550 5.1.1 unknown\r\n"), "550 5.1.1|unknown;"},
	    {LINE("550 5.1.1\r\n"), "550 5.1.1|;"},
	    {LINE("550-5.1.1 a\r\n550 5.1.1 b\r\n"), "550 5.1.1|a b;"},
	    {LINE("550-5.1.1 a\r\n550 5.7.1 b\r\n"), "550 5.1.1|a 5.7.1 b;"},
	    {LINE("550-5.1.1 a\r\n550 5.1.10 b\r\n"), "550 5.1.1|a 5.1.10 b;"},
	    {LINE("450 5.1.1 unknown\r\n"), "450 |5.1.1 unknown;"},
	    {LINE("550 5.1.1.2 unknown\r\n"), "550 |5.1.1.2 unknown;"},
	    {LINE("550 5.1.1x\r\n"), "550 |5.1.1x;"},
	    {LINE("250 a\r\n550 b\r\n2"), "250 |a;550 |b;..."},
	    {LINE("150 x\r\n354 y\r\n650 z\r\n999\r\n"), "150 |x;354 |y;650 |z;999 |;"},
	    {LINE("250 a\0b\tc\x7f\r\n"), "250 |a b c;"},
	    {LINE("250 caf\xc3\xa9\r\n"), "250 |caf\xc3\xa9;"},
	    {LINE("250 caf\xe9\r\n"), "250 |caf\xef\xbf\xbd;"},
	    {LINE("\r\n"), "!"},
	    {LINE("ok\r\n"), "!"},
	    {LINE("25 ok\r\n"), "!"},
	    {LINE("2500 ok\r\n"), "!"},
	    {LINE("050 ok\r\n"), "!"},
	    {LINE("2\0000 ok\r\n"), "!"},
	    {LINE(" 250 ok\r\n"), "!"},
	    {LINE("250\tok\r\n"), "!"},
	    {LINE("250_ok\r\n"), "!"},
	    {LINE("250-a\r\n550 b\r\n"), "!"},
	    {LINE("250-a\r\nb\r\n"), "!"},
	    {LINE("250 ok\r\nx\r\n250 ok\r\n"), "250 |ok;!"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (gsize piece = 1; piece <= MAX(rows[i].len, 1); piece++) {
			g_autofree char *replies = read_all(rows[i].bytes, rows[i].len, piece);

			g_test_message("%s in pieces of %zu", rows[i].bytes, piece);
			g_assert_cmpstr(replies, ==, rows[i].replies);
		}
}

/* bytes: that many of filler between the two. */
static char *read_long(const char *before, const char *filler, gsize count, const char *after)
{
	g_autoptr(GString) bytes = g_string_new(before);

	for (gsize i = 0; i < count; i++)
		g_string_append(bytes, filler);
	g_string_append(bytes, after);
	return read_all(bytes->str, bytes->len, 4096);
}

static void test_bounds(void)
{
	g_autofree char *longest = read_long("250 ", "x", REPLY_LINE_BYTES_MAX - 4, "\r\n");
	g_autofree char *too_long = read_long("250 ", "x", REPLY_LINE_BYTES_MAX - 3, "\r\n");
	g_autofree char *endless = read_long("250 ", "x", 3 * REPLY_LINE_BYTES_MAX, "");
	g_autofree char *most = read_long("", "250-\r\n", REPLY_LINES_MAX - 1, "250 \r\n");
	g_autofree char *too_many = read_long("", "250-\r\n", REPLY_LINES_MAX, "250 \r\n");
	/* a thousand bytes in each line, and a blank between two of them */
	g_autofree char *line = g_strnfill(1000, 'x');
	g_autofree char *filler = g_strconcat("550-", line, "\r\n", NULL);
	g_autofree char *wordy = read_long("", filler, REPLY_LINES_MAX - 1, "550 \r\n");

	g_assert_true(g_str_has_prefix(longest, "250 |xxx"));
	g_assert_cmpstr(too_long, ==, "!");
	g_assert_cmpstr(endless, ==, "!");
	g_assert_cmpstr(most, ==, "250 |;");
	g_assert_cmpstr(too_many, ==, "!");
	g_assert_cmpuint(strlen(wordy), ==, strlen("550 |;") + REPLY_TEXT_BYTES_MAX);
}

static void test_offers(void)
{
	struct ehlo_extensions offers = {.mechanisms = NULL};

	ehlo_extensions_read(&offers,
			     "PIPELINING\n8bitmime\nSIZE 1000\nAUTH PLAIN\nAUTH=LOGIN X\nDSNX\n");
	g_assert_false(offers.has_pipelining); /* the first line names the server */
	g_assert_true(offers.has_8bitmime && offers.has_size);
	g_assert_false(offers.has_dsn || offers.has_smtputf8 || offers.has_starttls);
	g_assert_cmpstr(g_strstrip(offers.mechanisms), ==, "PLAIN LOGIN X");
	ehlo_extensions_read(&offers, "");
	g_assert_false(offers.has_8bitmime);
	g_assert_cmpstr(offers.mechanisms, ==, "");
	ehlo_extensions_clear(&offers);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/reply-reader/replies", test_replies);
	g_test_add_func("/reply-reader/bounds", test_bounds);
	g_test_add_func("/reply-reader/offers", test_offers);
	return g_test_run();
}
