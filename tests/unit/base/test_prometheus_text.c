/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A histogram as Prometheus reads it: each bucket counts all that is not longer, +Inf everything.
 */
#include <string.h>

#include "base/prometheus_text.h"

static void test_histogram(void)
{
	struct prometheus_text_histogram histogram = {0};
	g_autoptr(GString) out = g_string_new(NULL);
	static const char *const lines[] = {
	    "# HELP a_seconds what\n# TYPE a_seconds histogram\na_seconds_bucket{le=",
	    "_bucket{le=\"0.0001\"} 2\n",
	    "\na_seconds_bucket{le=\"0.00025\"} 3\n",
	    "\na_seconds_bucket{le=\"0.1\"} 3\n",
	    "\na_seconds_bucket{le=\"60\"} 3\n",
	    "\na_seconds_bucket{le=\"+Inf\"} 4\na_seconds_sum 61.000201\na_seconds_count 4\n"};

	prometheus_text_histogram_add(&histogram, -5);
	prometheus_text_histogram_add(&histogram, 100); /* a bound belongs to its bucket */
	prometheus_text_histogram_add(&histogram, 101);
	prometheus_text_histogram_add(&histogram, 61000000);
	prometheus_text_histogram_append(out, "a_seconds", "what", &histogram);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		if (!strstr(out->str, lines[i]))
			g_error("\"%s\" is missing in:\n%s", lines[i], out->str);
}

static void test_label(void)
{
	static const struct {
		const char *value;
		const char *line;
	} rows[] = {{"box", "a{b=\"box\"} -7\n"},
		    {"in\"b\\o\nx", "a{b=\"in\\\"b\\\\o\\nx\"} -7\n"},
		    {"\xff", "a{b=\"\xef\xbf\xbd\"} -7\n"},
		    {"", "a{b=\"\"} -7\n"}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		prometheus_text_append_labelled(out, "a", "b", rows[i].value, -7);
		g_assert_cmpstr(out->str, ==, rows[i].line);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/exposition/histogram", test_histogram);
	g_test_add_func("/exposition/label", test_label);
	return g_test_run();
}
