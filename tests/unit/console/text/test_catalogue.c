/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Languages of a browser, texts, and bytes that are no catalogue.
 */
#include "console/text/catalogue.h"

static void test_languages(void)
{
	static const struct {
		const char *field, *tag;
	} rows[] = {
	    {NULL, "en"},
	    {"", "en"},
	    {"de", "de"},
	    {"DE-ch", "de"},
	    {"fr-CH, de;q=0.9", "fr"},
	    {"de;q=0.5, fr;q=0.8", "fr"},
	    {"es, de;q=0", "en"},
	    {"xx-yy;q=1, en;q=0.2", "en"},
	    {"*", "en"},
	    {";;;,,,q=q=;deutsch", "en"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpstr(catalogue_tag(catalogue_for(rows[i].field)), ==, rows[i].tag);
}

static void test_texts(void)
{
	const struct catalogue *german = catalogue_for("de");
	const struct catalogue *french = catalogue_for("fr");
	static const char one[] = "{count} task is done.";
	static const char many[] = "{count} tasks are done.";

	g_assert_cmpstr(catalogue_text(german, "Tasks"), ==, "Aufgaben");
	g_assert_cmpstr(catalogue_text(german, "what is not there"), ==, "what is not there");
	g_assert_cmpstr(catalogue_text(german, ""), ==, "");
	g_assert_cmpstr(catalogue_text(catalogue_for("en"), "Tasks"), ==, "Tasks");
	g_assert_cmpstr(catalogue_text(catalogue_for("en"), "hard_bounce"), ==, "Dead address");
	g_assert_cmpstr(catalogue_plural(german, one, many, 0), ==,
			"{count} Aufgaben sind erledigt.");
	g_assert_cmpstr(catalogue_plural(german, one, many, 1), ==,
			"{count} Aufgabe ist erledigt.");
	g_assert_cmpstr(catalogue_plural(french, one, many, 0), ==, "{count} tâche est faite.");
	g_assert_cmpstr(catalogue_plural(german, "x", "y", 2), ==, "y");
}

static void test_broken(void)
{
	static const char bytes[40] = "\xde\x12\x04\x95\0\0\0\0\1\0\0\0\x1c\0\0\0\x24\0\0\0\0\0\0\0"
				      "\0\0\0\0\xff\0\0\0\xff\xff\0\0\0\0\0";

	for (gsize len = 0; len <= sizeof bytes; len++) {
		const struct catalogue_bytes source = {"xx", bytes, len};

		g_assert_null(catalogue_read(&source));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/catalogue/languages", test_languages);
	g_test_add_func("/catalogue/texts", test_texts);
	g_test_add_func("/catalogue/broken", test_broken);
	return g_test_run();
}
