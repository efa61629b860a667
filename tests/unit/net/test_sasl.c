/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a server repeats of a login is shown to people without the secret.
 */
#include <string.h>

#include <glib.h>

#include "net/sasl.h"

#define TOKEN "ya29.a0AfB_byC-1234567890abcdefghijklmnopqrstuvwxyz"

struct row {
	const char *name;
	const char *secret;
	const char *text;  /* as a dialogue has read it */
	const char *shown; /* NULL: as it is */
};

static const struct row rows[] = {
    {"no secret", "secret", "[AUTHENTICATIONFAILED] wrong", NULL},
    {"the secret", "secret", "unknown command PASS secret", "unknown command PASS ***"},
    {"in base64", "secret", "what is c2VjcmV0?", "what is ***?"},
    {"in capitals", "secret", "UNKNOWN COMMAND PASS SECRET", "UNKNOWN COMMAND PASS ***"},
    {"in quotes", "a\"b\\c", "LOGIN \"x\" \"a\\\"b\\\\c\"", "LOGIN \"x\" \"***\""},
    {"with a tabulator", "horse\tstaple", "PASS horse staple?", "PASS ***?"},
    {"with blanks around it", " secret ", "PASS  secret", "PASS  ***"},
    {"in Latin-1", "gehei\xdf", "PASS gehei\xef\xbf\xbd", "PASS ***"},
    {"beyond ASCII", "p\xc3\xa4sswort", "PASS p\xc3\xa4sswort p\xc3\xa4", "PASS *** p\xc3\xa4"},
    {"cut", TOKEN, "Bearer ya29.a0AfB_byC-12345", "Bearer ***"},
    {"in two lines", TOKEN, "ya29.a0AfB_byC-1234567890abcd efghijklmnopqrstuvwxyz", "*** ***"},
    {"none", "", "nothing", NULL},
};

static void test_shown(gconstpointer data)
{
	const struct row *row = data;
	const struct sasl_login login = {"anna", row->secret, "mail.example", "993"};
	g_autoptr(secret_filter_t) filter = sasl_filter(&login);
	g_autofree char *shown = secret_filter_show(filter, row->text);

	g_assert_cmpstr(shown, ==, row->shown ? row->shown : row->text);
}

/* What is sent is not shown, however much of it came back. */
static void test_cut_anywhere(void)
{
	const struct sasl_login login = {"anna", TOKEN, "mail.example", "993"};
	g_autoptr(secret_filter_t) filter = sasl_filter(&login);
	char *forms[] = {sasl_plain(&login), sasl_oauthbearer(&login), sasl_xoauth2(&login),
			 sasl_encode(TOKEN)};

	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
		for (size_t len = 12; len <= strlen(forms[i]); len++) {
			g_autofree char *text = g_strdup_printf("BAD %.*s", (int)len, forms[i]);
			g_autofree char *shown = secret_filter_show(filter, text);

			g_assert_cmpstr(shown, ==, "BAD ***");
		}
		g_free(forms[i]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/sasl/", rows[i].name, NULL);

		g_test_add_data_func(path, &rows[i], test_shown);
	}
	g_test_add_func("/sasl/cut-anywhere", test_cut_anywhere);
	return g_test_run();
}
