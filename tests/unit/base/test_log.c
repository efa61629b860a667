/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The log: text from outside cannot forge a line.
 */
#include <string.h>

#include "base/log.h"

static void test_quoting(void)
{
	static const struct {
		const char *text;
		const char *quoted;
	} rows[] = {
	    {"", "\"\""},
	    {"plain", "\"plain\""},
	    {"a \"b\" \\", "\"a \\\"b\\\" \\\\\""},
	    {"forged\nline", "\"forged\\x0aline\""},
	    {"\x1b[31m", "\"\\x1b[31m\""},
	    {"\xc2\x9b[31m", "\"\\xc2\\x9b[31m\""},
	    {"\xff\xc3", "\"\\xff\\xc3\""},
	    {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
	};
	g_autofree char *long_text = g_strnfill(5000, 'x');
	g_autofree char *cut = log_quote(long_text);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *quoted = log_quote(rows[i].text);

		g_assert_cmpstr(quoted, ==, rows[i].quoted);
	}
	g_assert_cmpuint(strlen(cut), ==, 200 + strlen("\"...\""));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/log/quoting", test_quoting);
	return g_test_run();
}
