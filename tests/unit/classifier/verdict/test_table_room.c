/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of the automata have room for mails of many systems: for all samples at once. Where
 * they have not, each mail costs several times as much, and no verdict shows it.
 */
#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"
#include "tests/unit/shipped_rules.h"

static unsigned judge_mail(const struct ruleset *rules, const char *bytes, size_t len)
{
	g_autoptr(report_t) report = reader_parse(bytes, len, &limits_default);

	for (size_t i = 0; i < report->recipient_count; i++) {
		struct verdict verdict;
		classify(rules, report, &report->recipients[i], &verdict);
		verdict_clear(&verdict);
	}
	return (unsigned)report->recipient_count;
}

/* Of all mails in a folder and below it; returns how many recipients were judged. */
static unsigned judge_folder(const struct ruleset *rules, const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	unsigned judged = 0;

	g_assert_nonnull(dir);
	for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *bytes = NULL;
		gsize len = 0;

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			judged += judge_folder(rules, path);
		else if (g_str_has_suffix(name, ".eml") &&
			 g_file_get_contents(path, &bytes, &len, NULL))
			judged += judge_mail(rules, bytes, len);
	}
	return judged;
}

static void test_samples(void)
{
	g_autoptr(ruleset_t) rules = shipped_rules();

	g_assert_cmpuint(judge_folder(rules, "tests/mails"), >, 500);
	g_assert_cmpuint(ruleset_restarts(rules), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_test_add_func("/table-room/samples", test_samples);
	return g_test_run();
}
