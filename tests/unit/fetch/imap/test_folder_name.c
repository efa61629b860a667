/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names of folders as IMAP has them (RFC 3501 section 5.1.3).
 */
#include <glib.h>

#include "fetch/imap/folder_name.h"

static void test_folder_names(void)
{
	static const char *const rows[][2] = {
	    {"INBOX", "\"INBOX\""},
	    {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
	    {"Gel\xc3\xb6schte", "\"Gel&APY-schte\""},
	    {"A&B", "\"A&-B\""},
	    {"\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5", "\"&U,BTFw-/&ZeU-\""}, /* RFC 3501 5.1.3 */
	    {"\xf0\x9f\x93\xac", "\"&2D3c7A-\""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = imap_folder_name(rows[i][0]);

		g_assert_cmpstr(name, ==, rows[i][1]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fetch/folder-names", test_folder_names);
	return g_test_run();
}
