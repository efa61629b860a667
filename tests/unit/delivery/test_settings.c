/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of bounce-delivery.conf and their documents.
 */
#include <stdio.h>

#include <glib/gstdio.h>

#include "delivery/settings.h"
#include "tests/unit/daemon/settings_documents.h"

/* The sample file and the man page name every key, with its default. */
static void test_documents(void)
{
	g_auto(delivery_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(delivery_settings_read("etc/bounce-delivery.conf", &settings, &error));
	const struct config_sections sections = delivery_settings_sections(&settings);
	settings_documents_check(&sections, "etc/bounce-delivery.conf", "doc/bounce-delivery.8");
}

static void test_password_in_the_clear(void)
{
	static const struct {
		const char *lines;
		bool is_good;
	} rows[] = {
	    {"starttls = may\n", false},
	    {"starttls = off\n", false},
	    {"starttls = encrypt\n", false},
	    {"starttls = encrypt\nauth_unverified = yes\n", true},
	    {"starttls = may\nauth_unverified = yes\n", false},
	    {"starttls = verify\n", true},
	    {"starttls = smtps\n", true},
	    {"starttls = may\nauth_cleartext = yes\n", true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path =
		    g_build_filename(g_get_tmp_dir(), "bounce-delivery-test-XXXXXX", NULL);
		g_autofree char *text =
		    g_strconcat("conninfo = x\nusername = app\n", rows[i].lines, NULL);
		g_auto(delivery_settings_t) settings = {0};
		g_autoptr(GError) error = NULL;
		int fd = g_mkstemp(path);

		g_assert_true(fd >= 0 && g_close(fd, NULL) &&
			      g_file_set_contents(path, text, -1, NULL));
		g_test_message("%s", rows[i].lines);
		g_assert_true(delivery_settings_read(path, &settings, &error) == rows[i].is_good);
		g_assert_true((error != NULL) == !rows[i].is_good);
		g_assert_cmpint(remove(path), ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/delivery/settings/documents", test_documents);
	g_test_add_func("/delivery/settings/password-in-the-clear", test_password_in_the_clear);
	return g_test_run();
}
