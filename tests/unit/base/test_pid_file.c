/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pid file tells of a process that is there, of one that has gone, or of nothing.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "base/pid_file.h"

static bool is_running(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("pid-XXXXXX", &path, &error);

	g_assert_no_error(error);
	g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
	close(fd);
	bool is = pid_file_process(path) != 0;
	g_unlink(path);
	return is;
}

static void test_there(void)
{
	/* with blanks as master(8) of Postfix writes it, with its command as Sendmail does */
	g_autofree char *of_postfix = g_strdup_printf("%15d\n", (int)getpid());
	g_autofree char *of_sendmail = g_strdup_printf("%d\nsendmail -bd\n", (int)getpid());

	g_assert_true(is_running(of_postfix));
	g_assert_true(is_running(of_sendmail));
	g_assert_true(is_running("1\n"));
}

static void test_gone(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
	g_autofree char *gone = g_strdup_printf("%d\n", (int)child);

	g_assert_false(is_running(gone));
	g_assert_false(pid_file_process("/nonexistent/pid"));
}

static void test_nonsense(void)
{
	static const char *const texts[] = {"",     "\n",     "0\n",
					    "-1\n", "many\n", "99999999999999999999\n"};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert_false(is_running(texts[i]));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pid_file/there", test_there);
	g_test_add_func("/pid_file/gone", test_gone);
	g_test_add_func("/pid_file/nonsense", test_nonsense);
	return g_test_run();
}
