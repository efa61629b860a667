/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Figures in the text format of Prometheus (exposition format 0.0.4): times are in seconds.
 */
#ifndef BASE_PROMETHEUS_TEXT_H
#define BASE_PROMETHEUS_TEXT_H

#include <stdatomic.h>

#include <glib.h>

/* Appends the two lines that precede all values of a name. type: counter, gauge, histogram. */
void prometheus_text_announce(GString *out, const char *name, const char *type, const char *help);

/* Appends the one value that a name has, announced. */
void prometheus_text_append_figure(GString *out, const char *name, const char *type,
				   const char *help, gint64 value);

/* Appends NAME{LABEL="VALUE"} and the number as a line; the value may be any text. */
void prometheus_text_append_labelled(GString *out, const char *name, const char *label,
				     const char *value, gint64 number);

/* How long something took, how often. Zero is an empty one; any thread may add to it. */
enum { PROMETHEUS_TEXT_BOUNDS = 13 };
struct prometheus_text_histogram {
	atomic_ullong counts[PROMETHEUS_TEXT_BOUNDS + 1]; /* up to each bound, and above the last */
	atomic_ullong microseconds;                       /* of all */
};

/* A negative duration counts as 0. */
void prometheus_text_histogram_add(struct prometheus_text_histogram *histogram,
				   gint64 microseconds);

/* Appends it, announced. */
void prometheus_text_histogram_append(GString *out, const char *name, const char *help,
				      const struct prometheus_text_histogram *histogram);

#endif
