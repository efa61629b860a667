/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration file: what is read, and what is said of what is wrong.
 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/settings.h"

static char *write_file(const char *text)
{
	char *path = NULL;
	int fd = g_file_open_tmp("bounce-milter-XXXXXX", &path, NULL);

	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void test_values_and_defaults(void)
{
	g_autofree char *path = write_file(
	    "# a comment\n\n  conninfo = dbname=x user = y \r\npool_size=7\nsocket_mode = 0600\n");
	g_auto(settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(settings_read(path, &settings, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(settings.conninfo, ==, "dbname=x user = y");
	g_assert_cmpint(settings.pool_size, ==, 7);
	g_assert_cmpint(settings.socket_mode, ==, 0600);
	g_assert_cmpstr(settings.own_mta_daemon_name, ==, "bounce-internal");
	g_assert_cmpint((int)settings_log_level(&settings), ==, LOG_LEVEL_INFO);
	g_unlink(path);
}

/* Each names file, line and key. */
static const struct {
	const char *text;
	const char *complaint; /* after the file's name */
} faults[] = {
    {"", ": conninfo: must be set (libpq connection string of the database)"},
    {"conninfo = x\nconninfo = y\n", ":2: conninfo: is already set in line 1"},
    {"conninfo = x\npool = 3\n", ":2: pool: unknown key"},
    {"conninfo = x\npool_size\n", ":2: pool_size: expected \"name = value\""},
    {"conninfo = x\npool_size = \n", ":2: pool_size: \"\" is not a whole number"},
    {"conninfo = x\npool_size = 3x\n", ":2: pool_size: \"3x\" is not a whole number"},
    {"conninfo = x\npool_size = 99999999999999999999\n",
     ":2: pool_size: \"99999999999999999999\" is not a whole number"},
    {"conninfo = x\npool_size = 0\n", ":2: pool_size: 0 is not in 1 to 100"},
    {"conninfo = x\n\nsocket_mode = 680\n", ":3: socket_mode: \"680\" is not an octal number"},
    {"conninfo = x\nlog = file\n", ":2: log: \"file\" is not one of syslog|stderr"},
    {"conninfo = x\nlog_level = \n", ":2: log_level: \"\" is not one of error|warning|info|debug"},
};

static void test_faults(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autofree char *path = write_file(faults[i].text);
		g_autofree char *expected = g_strconcat(path, faults[i].complaint, NULL);
		g_auto(settings_t) settings = {0};
		g_autoptr(GError) error = NULL;

		g_assert_false(settings_read(path, &settings, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, expected);
		g_unlink(path);
	}
}

static void test_missing_file(void)
{
	g_auto(settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	g_assert_false(settings_read("/nonexistent/bounce-milter.conf", &settings, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_nonnull(strstr(error->message, "/nonexistent/bounce-milter.conf"));
}

static bool has_line_with(const char *text, const char *before, const char *name, const char *after)
{
	g_autofree char *wanted = g_strconcat(before, name, after, NULL);

	return strstr(text, wanted) != NULL;
}

/* The sample file and the man page name every key, with its default. */
static void test_documents(void)
{
	g_autofree char *sample = NULL;
	g_autofree char *manual = NULL;
	g_auto(settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	size_t count;
	const struct config_key *keys = settings_keys(&count);

	g_assert_true(g_file_get_contents("etc/bounce-milter.conf", &sample, NULL, &error));
	g_assert_true(g_file_get_contents("doc/bounce-milter.conf.5", &manual, NULL, &error));
	g_assert_true(settings_read("etc/bounce-milter.conf", &settings, &error));
	for (size_t i = 0; i < count; i++) {
		g_autofree char *preset =
		    g_strconcat(keys[i].name, " = ",
				keys[i].default_value != NULL ? keys[i].default_value : "", NULL);

		g_test_message("%s", keys[i].name);
		g_assert_true(has_line_with(sample, "\n#", g_strchomp(preset), "\n") ||
			      has_line_with(sample, "\n", keys[i].name, " = "));
		g_assert_true(has_line_with(manual, "\n.It Va ", keys[i].name, ""));
		if (keys[i].default_value != NULL && *keys[i].default_value != '\0')
			g_assert_true(
			    has_line_with(manual, "\nDefault: ", keys[i].default_value, ".\n"));
	}
}

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
	g_test_add_func("/config/values-and-defaults", test_values_and_defaults);
	g_test_add_func("/config/faults", test_faults);
	g_test_add_func("/config/missing-file", test_missing_file);
	g_test_add_func("/config/documents", test_documents);
	g_test_add_func("/log/quoting", test_quoting);
	return g_test_run();
}
