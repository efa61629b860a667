/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From a tenth of a millisecond, which reading a bounce takes, to the minute after which an MTA
 * gives up.
 */
#include "base/prometheus_text.h"

static const struct {
	gint64 microseconds;
	const char *seconds;
} bounds[PROMETHEUS_TEXT_BOUNDS] = {
    {100, "0.0001"}, {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"}, {2500, "0.0025"},
    {5000, "0.005"}, {10000, "0.01"},  {25000, "0.025"}, {100000, "0.1"}, {500000, "0.5"},
    {2000000, "2"},  {10000000, "10"}, {60000000, "60"},
};

void prometheus_text_announce(GString *out, const char *name, const char *type, const char *help)
{
	g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void prometheus_text_append_figure(GString *out, const char *name, const char *type,
				   const char *help, gint64 value)
{
	prometheus_text_announce(out, name, type, help);
	g_string_append_printf(out, "%s %" G_GINT64_FORMAT "\n", name, value);
}

void prometheus_text_append_labelled(GString *out, const char *name, const char *label,
				     const char *value, gint64 number)
{
	g_autofree char *text = g_utf8_make_valid(value, -1);

	g_string_append_printf(out, "%s{%s=\"", name, label);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\\' || *c == '"' || *c == '\n')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *c == '\n' ? 'n' : *c);
	}
	g_string_append_printf(out, "\"} %" G_GINT64_FORMAT "\n", number);
}

void prometheus_text_histogram_add(struct prometheus_text_histogram *histogram, gint64 microseconds)
{
	size_t bound = 0;

	while (bound < PROMETHEUS_TEXT_BOUNDS && microseconds > bounds[bound].microseconds)
		bound++;
	atomic_fetch_add(&histogram->counts[bound], 1);
	atomic_fetch_add(&histogram->microseconds, (unsigned long long)MAX(microseconds, 0));
}

/* The total is of what was read: an add meanwhile must not make it less than a bucket. */
void prometheus_text_histogram_append(GString *out, const char *name, const char *help,
				      const struct prometheus_text_histogram *histogram)
{
	unsigned long long sum = atomic_load(&histogram->microseconds);
	unsigned long long count = 0;

	prometheus_text_announce(out, name, "histogram", help);
	for (size_t i = 0; i < PROMETHEUS_TEXT_BOUNDS; i++) {
		count += atomic_load(&histogram->counts[i]);
		g_string_append_printf(out, "%s_bucket{le=\"%s\"} %llu\n", name, bounds[i].seconds,
				       count);
	}
	count += atomic_load(&histogram->counts[PROMETHEUS_TEXT_BOUNDS]);
	g_string_append_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %llu.%06llu\n", name,
			       count, name, sum / G_USEC_PER_SEC, sum % G_USEC_PER_SEC);
	g_string_append_printf(out, "%s_count %llu\n", name, count);
}
