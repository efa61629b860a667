/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The log: text from outside cannot forge a line.
 */
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* What one event writes to stderr. Heap. */
static char *logged(bool is_journal, const char *text)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("bounce-milter-XXXXXX", &path, NULL);
	int kept = dup(STDERR_FILENO);
	struct stat status;
	char *written = NULL;

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(fstat(fd, &status), ==, 0);
	g_autofree char *stream = g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev,
						  (uintmax_t)status.st_ino + (is_journal ? 0 : 1));
	g_setenv("JOURNAL_STREAM", stream, TRUE);
	dup2(fd, STDERR_FILENO);
	log_open("name", LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	log_event(LOG_LEVEL_WARNING, "4XYZ", "%s", text);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(fd);
	g_assert_true(g_file_get_contents(path, &written, NULL, NULL));
	unlink(path);
	return written;
}

static void test_journal(void)
{
	g_autofree char *line = logged(true, "no route");
	g_autofree char *broken = logged(true, "first\n\tsecond\r\nthird");

	g_assert_cmpstr(line, ==, "<4>4XYZ: no route\n");
	g_assert_cmpstr(broken, ==, "<4>4XYZ: first \tsecond  third\n");
}

static void test_stderr(void)
{
	g_autofree char *line = logged(false, "no route");
	g_autofree char *expected =
	    g_strdup_printf("name[%d]: warning: 4XYZ: no route\n", (int)getpid());

	g_assert_cmpstr(line, ==, expected);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/log/quoting", test_quoting);
	g_test_add_func("/log/journal", test_journal);
	g_test_add_func("/log/stderr", test_stderr);
	return g_test_run();
}
