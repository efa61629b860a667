/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The operator's copy: our fields in its header, and none that it came with.
 */
#include <string.h>

#include "fetch/operator_copy.h"

struct row {
	const char *mail;
	const char *copy; /* behind our fields */
};

static const struct row rows[] = {
    {"x-bounce-class: hard\n folded\nSubject: a\r\n\nX-Bounce-Id: 1\n.end",
     "Subject: a\r\n\r\nX-Bounce-Id: 1\r\n.end\r\n"},
    {"Subject: a\n X-Bounce-Id: 1\nX-Bounce-Id : 2\n\nb\n",
     "Subject: a\r\n X-Bounce-Id: 1\r\n\r\nb\r\n"},
    /* where a CR ends a line, nothing of ours begins, and no command of SMTP */
    {"Subject: a\rX-Bounce-Class: hard\rX: y\r\n\r\nb\r.\r\nQUIT\r\r\n",
     "Subject: a\r\nX: y\r\n\r\nb\r\n.\r\nQUIT\r\n\r\n"},
    /* what is no field neither continues ours nor hides one */
    {" 2\nSubject: a\n\nb\n", "\r\n 2\r\nSubject: a\r\n\r\nb\r\n"},
    {"words\nX-Bounce-Id: 1\n", "\r\nwords\r\nX-Bounce-Id: 1\r\n"},
    {"Subject: a\n\vX-Bounce-Id: 1\n", "Subject: a\r\n\r\n\vX-Bounce-Id: 1\r\n"},
    {"From a@b Tue Dec  1 2026\n 2\n", "\r\n 2\r\n"},
    {"From a@b Tue Dec  1 2026\nSubject: a\n\nb\n", "Subject: a\r\n\r\nb\r\n"},
    {"\nX-Bounce-Id: 1\n", "\r\nX-Bounce-Id: 1\r\n"},
    {"Subject: only", "Subject: only\r\n"},
    {"", ""},
};

static void test_copy(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct operator_copy copy = {
		    .sender = "",
		    .to = "op@example.org",
		    .fields = {.class = "unclassified", .reason = "a\nb", .bounce_id = ""},
		    .bytes = rows[i].mail,
		    .len = strlen(rows[i].mail)};
		g_autoptr(GBytes) bytes = operator_copy_compose(&copy);
		g_autofree char *text =
		    g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
		g_autofree char *expected = g_strconcat(
		    "X-Bounce-Class: unclassified\r\nX-Bounce-Reason: a b\r\n", rows[i].copy, NULL);

		g_assert_cmpstr(text, ==, expected);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fetch/copy", test_copy);
	return g_test_run();
}
