/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Replies as bytes: the words of a refusal, what EHLO offers, and hiding PIPELINING.
 */
#include <string.h>

#include <glib.h>

#include "delivery/smtp/replies.h"

static void test_last_refusal(void)
{
	static const struct {
		const char *received;
		int code;
		const char *text;
	} rows[] = {
	    {"", 0, ""},
	    {"250 ok\r\n", 0, ""},
	    {"550 5.1.1 unknown\r\n", 550, "5.1.1 unknown"},
	    {"550 5.1.1 unknown\r\n", 0, "550 5.1.1 unknown"},
	    {"550 5.1.1 unknown\r\n", 554, ""},
	    {"550-first\r\n550 second\r\n", 550, "first second"},
	    {"550 one\r\n550-two\r\n550 three\r\n", 550, "two three"},
	    {"450 one\r\n550 two\r\n", 450, "one"},
	    {"554\r\n", 554, ""},
	    {"5501 no reply\r\n", 0, ""},
	    {"99 cut\r\n421 closing\r\n", 0, "421 closing"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = replies_last_refusal(rows[i].received, rows[i].code);

		g_test_message("%s", rows[i].received);
		g_assert_cmpstr(text, ==, rows[i].text);
	}
}

static void test_keywords(void)
{
	g_assert_true(replies_offer_8bitmime("250-mx\r\n250-8BITMIME\r\n250 DSN\r\n"));
	g_assert_true(replies_offer_8bitmime("250-mx\r\n250 8BITMIME\r\n"));
	g_assert_false(replies_offer_8bitmime("250-mx\r\n250 DSN\r\n"));
	g_assert_true(replies_accept_login("235 2.7.0 welcome\r\n"));
	g_assert_true(replies_accept_login("334 \r\n235 2.7.0 welcome\r\n"));
	g_assert_false(replies_accept_login("535 5.7.8 no 235\r\n"));
}

/* The last letter may come alone, and NULs may come before it. */
static void test_hide_pipelining(void)
{
	static const struct {
		const char *before;
		const char *fresh;
		const char *changed;
	} rows[] = {
	    {"", "250-mx\r\n250-PIPELINING\r\n250 DSN\r\n",
	     "250-mx\r\n250-PIPELININ-\r\n250 DSN\r\n"},
	    {"250-mx\r\n250-PIPELININ", "G\r\n250 DSN\r\n", "-\r\n250 DSN\r\n"},
	    {"250-mx\r\n250-PIPELINING", "\r\n250 DSN\r\n", "\r\n250 DSN\r\n"},
	    {"250-mx\r\n", "250 pipelining\r\n", "250 pipelinin-\r\n"},
	    {"", "220 PIPELINING\r\n", "220 PIPELINING\r\n"},
	    {"", "250-PIPE", "250-PIPE"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *received = g_strconcat(rows[i].before, rows[i].fresh, NULL);
		g_autofree char *fresh = g_strdup(rows[i].fresh);

		g_test_message("%s|%s", rows[i].before, rows[i].fresh);
		replies_hide_pipelining(received, strlen(received), fresh, strlen(fresh));
		g_assert_cmpstr(fresh, ==, rows[i].changed);
	}

	static const char with_nul[] = "250-a\0b\r\n250 PIPELINING\r\n";
	char fresh[sizeof with_nul];

	memcpy(fresh, with_nul, sizeof with_nul);
	replies_hide_pipelining(with_nul, sizeof with_nul - 1, fresh, sizeof with_nul - 1);
	g_assert_cmpstr(fresh + sizeof "250-a\0b\r\n" - 1, ==, "250 PIPELININ-\r\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/replies/last-refusal", test_last_refusal);
	g_test_add_func("/replies/keywords", test_keywords);
	g_test_add_func("/replies/hide-pipelining", test_hide_pipelining);
	return g_test_run();
}
