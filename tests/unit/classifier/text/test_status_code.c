/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Enhanced status codes and reply codes: which digits of a text are one.
 */
#include <string.h>

#include <glib.h>

#include "classifier/text/status_code.h"

static char *take(bool found, struct slice slice)
{
	return found ? g_strndup(slice.data, slice.len) : g_strdup("");
}

static void check_codes(void)
{
	/* clang-format off */
	static const struct { const char *text, *status, *reply; } rows[] = {
		{ "550 5.1.1 no such user", "5.1.1", "550" },
		{ "550-5.1.1 no such\n550 5.1.1 user", "5.1.1", "550" },
		{ "host mx.example.org[192.0.2.4] said: 450 4.2.0 later", "4.2.0", "450" },
		{ "Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1", "" },
		{ "5.1.1 (bad destination)", "5.1.1", "" },
		{ "2.0.0 (delivered)", "2.0.0", "" },
		{ "Remote host said: 554 delivery error", "", "554" },
		{ "connect to 5.4.1.9: refused", "", "" },
		{ "version 5.65/1.37 of 4.2.2011", "", "" },
		{ "Exim 4.96.2-rc1 said 550", "", "550" },
		{ "500 recipients, 450 of them good", "", "500" },
		{ "took 550 seconds", "", "" },
		{ "id 4f550a, port 5500, 550@example.org", "", "" },
		{ "smtp;550 5.7.26 dmarc", "5.7.26", "550" },
		{ "adresse invalide. ABC_416 [416]", "", "" },
		{ "550 5.1.1 adresse invalide. ABC_416 [416]", "5.1.1", "550" },
		{ "said: [450] later", "", "450" },
		{ "x 421-4.7.0 busy", "4.7.0", "" },
		{ "192.0.2.550 said 552 5.2.2", "5.2.2", "552" },
		{ "<<< 550 <a@example.org>... User unknown", "", "550" },
		{ "(reason: 550 Host unknown)", "", "550" },
		{ "220-banner 421 4.2.1 refused", "4.2.1", "421" },
		{ "5.1.1000 5.10000.1", "", "" },
		{ "", "", "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct slice found = {NULL, 0};
		bool is_found = status_code_find(rows[i].text, &found);
		g_autofree char *status = take(is_found, found);
		is_found = status_code_find_reply(rows[i].text, &found);
		g_autofree char *reply = take(is_found, found);
		g_test_message("%s", rows[i].text);
		g_assert_cmpstr(status, ==, rows[i].status);
		g_assert_cmpstr(reply, ==, rows[i].reply);
	}
}

static void check_failures(void)
{
	static const struct {
		const char *text;
		const char *status;
	} rows[] = {
	    {"550 5.1.1 user unknown", "5.1.1"},
	    {"no mailbox here by that name. (#5.1.1)", "5.1.1"},
	    {"5.1.0 - Unknown address error 550 '5.2.2 mailbox full'", "5.1.0"},
	    {"5.1.0 - Unknown address error 550 5.2.2 mailbox full", "5.2.2"},
	    {"relay 192.0.2.4.1.1 refused", ""},
	    {"from 5.1.1.4 said no", ""},
	    {"Exim 4.92.3 says no", ""},
	    {"at 5.1.1-host", ""},
	    {"ended with 5.2.1.", "5.2.1"},
	    {"250 2.0.0 ok", ""},
	    {"5.9.1 is not a subject", ""},
	    {"5.", ""},
	    {"", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char status[STATUS_CODE_SIZE] = "";
		g_test_message("%s", rows[i].text);
		g_assert_cmpint(status_code_find_failure(rows[i].text, status), ==,
				rows[i].status[0] != '\0');
		g_assert_cmpstr(status, ==, rows[i].status);
	}
}

/* Each of these was read in two ways when there were three readers. */
static void check_contested(void)
{
	static const struct {
		const char *text;
		const char *status;
	} rows[] = {
	    {"5.1.0 - Unknown address error 550 5.2.2 mailbox full", "5.2.2"},
	    {"(4.1.1), 550 (5.1.1)", "5.1.1"},
	    {"4.0.0 #5.1.1", "4.0.0"},
	    {"error 4.0.0 (#5.1.1)", "5.1.1"},
	    {"x 421-4.7.0 busy", "4.7.0"},
	    {"smtp;550-5.7.1", "5.7.1"},
	    {"at 5.1.1-host", ""},
	    {"5.1.1.example says", ""},
	    {"5.1.1_x", ""},
	    {"Exim/5.1.1 said no", ""},
	    {"-5.1.1 no", ""},
	    {"1-5.1.1", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct slice found = {NULL, 0};
		bool is_found = status_code_find(rows[i].text, &found);
		g_autofree char *status = take(is_found, found);
		char failure[STATUS_CODE_SIZE] = "";
		status_code_find_failure(rows[i].text, failure);
		g_test_message("%s", rows[i].text);
		g_assert_cmpstr(status, ==, rows[i].status);
		g_assert_cmpstr(failure, ==, rows[i].status);
	}
}

static void check_syntax(void)
{
	g_assert_cmpuint(status_code_length("5.1.10 no"), ==, 6);
	g_assert_cmpuint(status_code_length("5.123.123"), ==, 9);
	g_assert_cmpuint(status_code_length("5.1234.1"), ==, 0);
	g_assert_cmpuint(status_code_length("5.1.1234"), ==, 0);
	g_assert_cmpuint(status_code_length("3.1.1"), ==, 0);
	g_assert_cmpuint(status_code_length("5.1."), ==, 0);
	g_assert_cmpuint(status_code_length(""), ==, 0);
	g_assert_true(status_code_is_reply("550-"));
	g_assert_false(status_code_is_reply("55"));
	g_assert_false(status_code_is_reply("350"));
	g_assert_true(status_code_is_status("5.1.1"));
	g_assert_false(status_code_is_status("5.1.1 "));
}

static void check_generic(void)
{
	g_assert_true(status_code_is_generic(""));
	g_assert_true(status_code_is_generic("5.0.0"));
	g_assert_true(status_code_is_generic("junk"));
	g_assert_false(status_code_is_generic("5.1.0"));
	g_assert_false(status_code_is_generic("4.4.7"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/status-code/codes", check_codes);
	g_test_add_func("/status-code/failures", check_failures);
	g_test_add_func("/status-code/contested", check_contested);
	g_test_add_func("/status-code/syntax", check_syntax);
	g_test_add_func("/status-code/generic", check_generic);
	return g_test_run();
}
