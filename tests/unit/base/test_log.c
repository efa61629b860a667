/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The log: text from outside cannot forge a line.
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

/* What one event writes to stderr; if is_journal, stderr is the journal, and its socket is at
 * socket_path. Heap. */
static char *logged(bool is_journal, const char *socket_path, const char *text)
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
	log_set_journal(socket_path);
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
	g_autofree char *line = logged(true, "/nonexistent", "no route");
	g_autofree char *broken = logged(true, "/nonexistent", "first\n\tsecond\r\nthird");
	g_autofree char *evil = logged(true, "/nonexistent",
				       "a\033[2Jb\302\233"
				       "1mc\342\200\256"
				       "d\377e\302\205"
				       "f");

	g_assert_cmpstr(line, ==, "<4>4XYZ: no route\n");
	g_assert_cmpstr(broken, ==, "<4>4XYZ: first  second  third\n");
	g_assert_cmpstr(evil, ==, "<4>4XYZ: a [2Jb 1mc d\357\277\275e f\n");
}

static void test_fields(void)
{
	static const struct {
		const char *text;
		const char *fields;
	} rows[] = {
	    {"no route", ""},
	    {"database: task=1 is gone", ""},
	    {"recorded bounce=34 task=none consequence=\"blocked, \\\"a=b\\\" \\\\\" own_mta=no",
	     "BM_EVENT=recorded\nBM_BOUNCE=34\nBM_TASK=none\n"
	     "BM_CONSEQUENCE=blocked, \"a=b\" \\\nBM_OWN_MTA=no\n"},
	    {"copy outcome= response=\"cut", "BM_EVENT=copy\nBM_OUTCOME=\nBM_RESPONSE=cut\n"},
	    {"refused client=a: not ours task=1", "BM_EVENT=refused\nBM_CLIENT=a:\n"},
	};
	g_autofree char *dir = g_dir_make_tmp("bounce-milter-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "socket", NULL);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int journal = socket(AF_UNIX, SOCK_DGRAM, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	g_assert_cmpint(bind(journal, (const struct sockaddr *)&address, sizeof address), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char entry[4096] = "";
		g_autofree char *line = logged(true, path, rows[i].text);
		g_autofree char *expected = g_strdup_printf(
		    "MESSAGE=4XYZ: %s\nPRIORITY=4\nSYSLOG_IDENTIFIER=name\nBM_QUEUE_ID=4XYZ\n%s",
		    rows[i].text, rows[i].fields);

		g_assert_cmpint(recv(journal, entry, sizeof entry - 1, MSG_DONTWAIT), >, 0);
		g_assert_cmpstr(entry, ==, expected);
		g_assert_cmpstr(line, ==, "");
	}
	close(journal);
	unlink(path);
	rmdir(dir);
}

static void test_stderr(void)
{
	g_autofree char *line = logged(false, "/nonexistent", "no route");
	g_autofree char *expected =
	    g_strdup_printf("name[%d]: warning: 4XYZ: no route\n", (int)getpid());

	g_assert_cmpstr(line, ==, expected);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/log/quoting", test_quoting);
	g_test_add_func("/log/journal", test_journal);
	g_test_add_func("/log/fields", test_fields);
	g_test_add_func("/log/stderr", test_stderr);
	return g_test_run();
}
