/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A secret that a server repeats in an encoding is not shown either.
 */
#include <string.h>

#include <glib.h>

#include "net/secret_filter.h"

#define SECRET "Sup3r+Secr3t/P@ss=w&rd\"Zei<chen"

struct row {
	const char *name;
	const char *text;
	const char *shown; /* NULL: as it is */
};

static const struct row rows[] = {
    {"as it is", "bad " SECRET "!", "bad ***!"},
    {"URL", "bad Sup3r%2BSecr3t%2FP%40ss%3Dw%26rd%22Zei%3Cchen", "***"},
    {"URL, all of it", "%53%75%70%33%72%2b%53%65%63%72%33%74%2f%50%40%73%73", "***"},
    {"HTML", "bad Sup3r+Secr3t/P@ss=w&amp;rd&quot;Zei&lt;chen", "***"},
    {"HTML, all of it",
     "&#83;&#117;&#112;&#51;&#114;&#x2b;&#X53;&#101;&#99;&#114;&#51;&#116;&#47;&#80;", "***"},
    {"xtext", "bad Sup3r+2BSecr3t/P@ss+3Dw&rd\"Zei<chen", "***"},
    {"quoted-printable", "bad Sup3r+Secr3t/P=40ss=3Dw&rd\"Zei<chen", "***"},
    {"JSON", "bad Sup3r+Secr3t\\/P@ss=w&rd\\\"Zei<chen", "***"},
    {"JSON, all of it",
     "\\u0053\\u0075\\u0070\\u0033\\u0072\\u002b\\u0053\\u0065\\u0063\\u0072\\u0033\\u0074", "***"},
    {"C", "\\x53\\x75\\x70\\x33\\x72\\x2b\\x53\\x65\\x63\\x72\\x33\\x74", "***"},
    {"hexadecimal", "bad 53757033722B5365637233742F50407373", "***"},
    {"hexadecimal, apart", "bad 53 75 70 33 72 2b 53 65 63 72 33 74", "***"},
    {"base64", "bad U3VwM3IrU2VjcjN0L1BAc3M9dyZyZA==", "***"},
    {"base64, one byte on", "{ FN1cDNyK1NlY3IzdC9QQHNzPXcmcmQ= }", "***"},
    {"base64, two bytes on", "eyTdXAzcitTZWNyM3QvUEBzcz13JnJk", "***"},
    {"base64 in lines", "U3VwM3IrU2V jcjN0L1BAc3M 9dyZyZA", "***"},
    {"base64 for URLs", "U3VwM3IrU2VjcjN0L1BAc3M9dyZyZCJaZWk8Y2hlbg", "***"},
    {"base64 in a URL", "U3VwM3IrU2VjcjN0L1BAc3M9dyZyZA%3D%3D", "***"},
    {"a short one", "%62%6C%75e?", "***"},
    {"a shorter one", "a ox, %6f%78", "a ***, %6f%78"},
    {"others' escapes", "50% of \\ &amp; &#1; &#x110001; %zz =\\u12 c2VjcmV0 =", NULL},
    {"escapes at the end", "%", NULL},
    {"an entity at the end", "&#", NULL},
    {"a backslash at the end", "\\", NULL},
    {"nothing", "", NULL},
};

static void test_row(gconstpointer data)
{
	const struct row *row = data;
	g_autoptr(secret_filter_t) filter = secret_filter_new();

	secret_filter_add(filter, g_strdup(SECRET));
	secret_filter_add(filter, g_strdup("blue"));
	secret_filter_add(filter, g_strdup("ox"));
	secret_filter_add(filter, g_strdup(""));
	g_autofree char *shown = secret_filter_show(filter, row->text);
	g_assert_cmpstr(shown, ==, row->shown ? row->shown : row->text);
}

static void test_none(void)
{
	g_autofree char *shown = secret_filter_show(NULL, "%62%6C%75e");

	g_assert_cmpstr(shown, ==, "%62%6C%75e");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/secret_filter/", rows[i].name, NULL);

		g_test_add_data_func(path, &rows[i], test_row);
	}
	g_test_add_func("/secret_filter/none", test_none);
	return g_test_run();
}
