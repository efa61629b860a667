/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What fold_text makes of the ways in which mail systems write.
 */
#include <glib.h>

#include "classifier/text/fold.h"
#include "tests/unit/growth.h"

static const char *const senders[] = {"us@our.example", NULL};

static void check_rows(void)
{
	static const struct {
		const char *text;
		const char *folded;
	} rows[] = {
	    {"", ""},
	    {" \r\n\t ", ""},
	    {"  user\r\n   unknsenders \n", "user unknsenders"},
	    {"550-5.1.1 No such\r\n550-5.1.1 user\n550 5.1.1 here", "550 5.1.1 No such user here"},
	    {"550-Verification failed 550-Called: x 550 Sender verify failed",
	     "550 Verification failed Called: x Sender verify failed"},
	    {"550 5.1.1 one 550 5.1.1 two", "550 5.1.1 one 550 5.1.1 two"},
	    {"call 550-1234 now", "call 550-1234 now"},
	    {"<some.body@example.org>... User unknsenders", "<@>... User unknsenders"},
	    {"<us+4711@our.example> and they@our.example", "<sender> and <sender>"},
	    {"Postmaster@our.example and postmaster@example.org", "<sender> and <@>"},
	    {"abuse@your.domain, info@yourdomain.com, your.domain", "<sender>, <sender>, <sender>"},
	    {"no user some+body=x@mail.example.org.", "no user <@>."},
	    {"full.mailbox@spam.example: hello", "<@>: hello"},
	    {"[user@[192.0.2.1]]: no", "[<@>]: no"},
	    {"user @ example", "user @ example"},
	    {"a@b@c", "<@>@c"},
	    {"@", "@"},
	    {"the user\xE2\x80\x99s mailbox\xC2\xA0is \xE2\x80\x9C"
	     "full\xE2\x80\x9D",
	     "the user's mailbox is \"full\""},
	    {"host mx.example.net[192.0.2.1] said: 550 no", "550 no"},
	    {"host mx.example.net said nothing", "host mx.example.net said nothing"},
	    {"宛先user@example.jpは存在しません", "宛先<@>は存在しません"},
	    {"connect to spam-filter.example.net[192.0.2.1]:25: refused",
	     "connect to <host>[192.0.2.1]:25: refused"},
	    {"<unknown[192.0.2.1]>: no, mx[IPv6:2001:db8::1]",
	     "<<host>[192.0.2.1]>: no, <host>[IPv6:2001:db8::1]"},
	    {"error[5] [192.0.2.1] a[1.b", "error[5] [192.0.2.1] <host>[1.b"},
	    {"see http://a-b.example/user-unknown?a-b, not-here",
	     "see http://a-b.example/user_unknown?a_b, not-here"},
	    {"https://a-b.example?c-d \"x-y", "https://a-b.example?c_d \"x-y"},
	    {"Not sent to a@b.example.\n\nunknown\n \nreason.\r\n \r\nend.\n\n",
	     "Not sent to <@>.\nunknown reason.\nend."},
	    {"<a@b.example>: host mx.b.example[192.0.2.1] said:\n  550 No", "<@>:\n550 No"},
	    {"the host mx said nothing", "the host mx said nothing"},
	    {"Is it?\nYes.  No:\n\nit is.\n\n", "Is it? Yes. No: it is."},
	    {"user\xE2\x80\x8B un\xC2\xADknown at mx\xE2\x80\x8E[\xEF\xBB\xBF"
	     "192.0.2.1]",
	     "user unknown at <host>[192.0.2.1]"},
	    {"550-", "550"},
	    {"550", "550"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folded = fold_text(rows[i].text, senders);
		g_test_message("%s", rows[i].text);
		g_assert_cmpstr(folded, ==, rows[i].folded);
	}
}

static void fold(const char *text)
{
	g_autofree char *folded = fold_text(text, senders);

	g_assert_nonnull(folded);
}

/* Half a megabyte of at signs or codes. */
static void check_linear(void)
{
	static const char *const units[] = {
	    "@", "a@", "550-", "550-5.1.1 ", "a", "our.example ", "our.", "\xE2\x80\x99", "<@>"};

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		growth_assert_linear(fold, units[i], 512 * 1024);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fold/rows", check_rows);
	g_test_add_func("/fold/linear", check_linear);
	return g_test_run();
}
