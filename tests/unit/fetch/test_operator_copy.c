/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The operator's copy: our fields in its header, and none that it came with.
 */
#include <string.h>

#include "fetch/operator_copy.h"

static void test_copy(void)
{
	static const char mail[] = "x-bounce-class: hard\n folded\nSubject: a\r\n\nX-Bounce-Id: 1\n"
				   ".end";
	const struct operator_copy copy = {
	    .sender = "",
	    .to = "op@example.org",
	    .fields = {.class = "unclassified", .reason = "a\nb", .bounce_id = ""},
	    .bytes = mail,
	    .len = strlen(mail)};
	g_autoptr(GBytes) bytes = operator_copy_compose(&copy);
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

	g_assert_cmpstr(text, ==,
			"X-Bounce-Class: unclassified\r\nX-Bounce-Reason: a b\r\nSubject: a\r\n\r\n"
			"X-Bounce-Id: 1\r\n.end\r\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fetch/copy", test_copy);
	return g_test_run();
}
