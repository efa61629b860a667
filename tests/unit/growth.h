/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Work on a text costs what the text is long, and not the square of it. What is held against each
 * other is the processor's time of one thread, which other programs do not use up.
 */
#ifndef TESTS_UNIT_GROWTH_H
#define TESTS_UNIT_GROWTH_H

#include <stddef.h>
#include <time.h>

#include <glib.h>

/* The least of three times, in microseconds, for that many bytes of the unit over and over. */
static inline gint64 growth_cost(void (*work)(const char *text), const char *unit, size_t bytes)
{
	g_autoptr(GString) text = g_string_new(NULL);
	gint64 least = G_MAXINT64;

	while (text->len < bytes)
		g_string_append(text, unit);
	for (int i = 0; i < 3; i++) {
		struct timespec start, end;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
		work(text->str);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
		least = MIN(least, (end.tv_sec - start.tv_sec) * G_USEC_PER_SEC +
				       (end.tv_nsec - start.tv_nsec) / 1000);
	}
	return least;
}

/* Eight times as much may cost thrice eight times as much: the square would be 64. */
static inline void growth_assert_linear(void (*work)(const char *text), const char *unit,
					size_t bytes)
{
	gint64 little = growth_cost(work, unit, bytes / 8);
	gint64 much = growth_cost(work, unit, bytes);

	g_test_message("%s: %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " us", unit, little, much);
	g_assert_cmpint(much, <, 24 * little + 1000);
}

#endif
