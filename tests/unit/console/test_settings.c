/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of bounce-console.conf and their documents.
 */
#include "console/settings.h"
#include "tests/unit/daemon/settings_documents.h"

static void test_documents(void)
{
	g_auto(console_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(console_settings_read("etc/bounce-console.conf", &settings, &error));
	g_assert_no_error(error);
	const struct config_sections sections = console_settings_sections(&settings);
	settings_documents_check(&sections, "etc/bounce-console.conf", "doc/bounce-console.8");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/console/settings/documents", test_documents);
	return g_test_run();
}
