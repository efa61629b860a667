/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A message while it comes in: exact bytes, the cap, the recipients.
 */
#include <string.h>

#include "milter/message.h"

static void test_bytes_are_exact(void)
{
	g_autoptr(message_t) message = message_new("<>", 1000);
	size_t len;

	message_add_header(message, "Subject", " one\n\ttwo");
	message_add_header(message, "X-Empty", "");
	message_add_header(message, "X-Cr", " a\r\n b");
	message_end_headers(message);
	message_end_headers(message); /* once is enough */
	message_add_body(message, "body\r\n\0x", 8);
	const char *bytes = message_bytes(message, &len);
	static const char expected[] =
	    "Subject: one\r\n\ttwo\r\nX-Empty:\r\nX-Cr: a\r\n b\r\n\r\nbody\r\n\0x";
	g_assert_cmpuint(len, ==, sizeof expected - 1);
	g_assert_true(memcmp(bytes, expected, len) == 0);
}

static void test_cap(void)
{
	g_autoptr(message_t) message = message_new("<>", 100);
	g_autofree char *chunk = g_strnfill(64, 'x');
	size_t len;

	message_add_header(message, "Subject", " x");
	message_end_headers(message);
	g_assert_false(message_is_full(message));
	message_add_body(message, chunk, 64);
	g_assert_false(message_is_full(message));
	message_add_body(message, chunk, 64);
	message_add_body(message, chunk, 64);
	g_assert_true(message_is_full(message));
	message_bytes(message, &len);
	g_assert_cmpuint(len, ==, 100);
	g_assert_cmpuint(message_envelope(message, "", "", false).size, ==,
			 strlen("Subject: x\r\n\r\n") + 3 * 64);
}

/* What the database would refuse: the report would go to the operator, without any bound. */
static void test_no_utf8(void)
{
	g_autoptr(message_t) message = message_new("<\xff@example.org>", 10);

	message_add_our_recipient(message, "<\xe4@b.example>");
	struct envelope envelope = message_envelope(message, "4Xyz", "192.0.2.1", true);

	g_assert_cmpstr(envelope.sender, ==, "\xef\xbf\xbd@example.org");
	g_assert_cmpstr(envelope.recipients[0], ==, "\xef\xbf\xbd@b.example");
	g_assert_cmpstr(message_our_recipients(message)[0], ==, "<\xe4@b.example>");
}

static void test_envelope(void)
{
	g_autoptr(message_t) message = message_new("<sender@example.org>", 10);

	g_assert_false(message_is_ours(message));
	message_add_foreign_recipient(message);
	g_assert_false(message_is_ours(message));
	message_add_our_recipient(message, "<a@b.example>");
	message_add_our_recipient(message, "c@b.example");
	struct envelope envelope = message_envelope(message, "4Xyz", "192.0.2.1", true);

	g_assert_true(message_is_ours(message));
	g_assert_true(message_has_foreign_recipients(message));
	g_assert_cmpstr(envelope.sender, ==, "sender@example.org");
	g_assert_cmpstr(envelope.recipients[0], ==, "a@b.example");
	g_assert_cmpstr(envelope.recipients[1], ==, "c@b.example");
	g_assert_null(envelope.recipients[2]);
	g_assert_cmpstr(message_our_recipients(message)[0], ==, "<a@b.example>");
	g_assert_true(envelope.own_mta);
}

static void test_own_headers_are_counted(void)
{
	g_autoptr(message_t) message = message_new("", 1000);

	message_add_header(message, "x-bounce-class", " hard");
	message_add_header(message, "X-Bounce-Class", " soft");
	message_add_header(message, "X-Bounces", " x");
	g_assert_cmpuint(message_own_header_count(message, "X-Bounce-Class"), ==, 2);
	g_assert_cmpuint(message_own_header_count(message, "X-Bounce-Id"), ==, 0);
}

/* Those behind the cap reach the operator as well, and too many of them are not removed. */
static void test_own_headers_have_a_bound(void)
{
	g_autoptr(message_t) message = message_new("", 10);

	for (unsigned i = 0; i < MESSAGE_OWN_HEADERS_MAX; i++)
		message_add_header(message, "X-Bounce-Id", " 1");
	g_assert_true(message_is_full(message));
	g_assert_cmpuint(message_own_header_count(message, "X-Bounce-Id"), ==,
			 MESSAGE_OWN_HEADERS_MAX);
	g_assert_false(message_has_too_many_own_headers(message));
	for (unsigned i = 0; i < 20000; i++)
		message_add_header(message, "X-Bounce-Other", " 1");
	g_assert_true(message_has_too_many_own_headers(message));
}

static void test_bare_addresses(void)
{
	static const char *const rows[][2] = {
	    {"<>", ""}, {"", ""},   {"<a@b>", "a@b"}, {"a@b", "a@b"},
	    {"<", "<"}, {">", ">"}, {"<a", "<a"},     {"<\"x>\"@b>", "\"x>\"@b"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *bare = message_address_bare(rows[i][0]);

		g_assert_cmpstr(bare, ==, rows[i][1]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/bytes-are-exact", test_bytes_are_exact);
	g_test_add_func("/message/cap", test_cap);
	g_test_add_func("/message/envelope", test_envelope);
	g_test_add_func("/message/no-utf8", test_no_utf8);
	g_test_add_func("/message/own-headers-are-counted", test_own_headers_are_counted);
	g_test_add_func("/message/own-headers-have-a-bound", test_own_headers_have_a_bound);
	g_test_add_func("/message/bare-addresses", test_bare_addresses);
	return g_test_run();
}
