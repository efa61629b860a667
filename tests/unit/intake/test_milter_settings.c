/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-milter.conf: what is read, and what is said of what is wrong.
 */
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "intake/milter_settings.h"
#include "tests/unit/daemon/settings_documents.h"

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
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(milter_settings_read(path, &settings, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(settings.common.conninfo, ==, "dbname=x user = y");
	g_assert_cmpint(settings.intake.pool_size, ==, 7);
	g_assert_cmpint(settings.socket_mode, ==, 0600);
	g_assert_cmpstr(settings.own_mta_daemon_name, ==, "bounce-internal");
	g_assert_cmpint((int)daemon_settings_log_level(&settings.common), ==, LOG_LEVEL_INFO);
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
    {"conninfo = x\nown_mta_daemon_name =\n",
     ":2: own_mta_daemon_name: must not be empty (value of the macro {daemon_name} that marks "
     "reports made by our own MTA)"},
    {"conninfo = x\nsocket = \n",
     ":2: socket: must not be empty (where the MTA connects: unix:PATH or inet:PORT@HOST)"},
    {"conninfo = x\nlog = file\n", ":2: log: \"file\" is not one of syslog|stderr"},
    {"conninfo = x\nlog_level = \n", ":2: log_level: \"\" is not one of error|warning|info|debug"},
};

static void test_faults(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autofree char *path = write_file(faults[i].text);
		g_autofree char *expected = g_strconcat(path, faults[i].complaint, NULL);
		g_auto(milter_settings_t) settings = {0};
		g_autoptr(GError) error = NULL;

		g_assert_false(milter_settings_read(path, &settings, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, expected);
		g_unlink(path);
	}
}

static void test_missing_file(void)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	g_assert_false(milter_settings_read("/nonexistent/bounce-milter.conf", &settings, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_nonnull(strstr(error->message, "/nonexistent/bounce-milter.conf"));
}

/* The sample file and the man page name every key, with its default. */
static void test_documents(void)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(milter_settings_read("etc/bounce-milter.conf", &settings, &error));
	const struct config_sections sections = milter_settings_sections(&settings);
	settings_documents_check(&sections, "etc/bounce-milter.conf", "doc/bounce-milter.conf.5");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/config/values-and-defaults", test_values_and_defaults);
	g_test_add_func("/config/faults", test_faults);
	g_test_add_func("/config/missing-file", test_missing_file);
	g_test_add_func("/config/documents", test_documents);
	return g_test_run();
}
