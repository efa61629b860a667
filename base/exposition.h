/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Figures in the text format of Prometheus (exposition format 0.0.4): times are in seconds.
 */
#ifndef BASE_EXPOSITION_H
#define BASE_EXPOSITION_H

#include <stdatomic.h>

#include <glib.h>

/* Appends the two lines that precede all values of a name. type: counter, gauge, histogram. */
void exposition_announce(GString *out, const char *name, const char *type, const char *help);

/* Appends the one value that a name has, announced. */
void exposition_append_figure(GString *out, const char *name, const char *type, const char *help,
			      gint64 value);

/* Appends NAME{LABEL="VALUE"} and the number as a line; the value may be any text. */
void exposition_append_labelled(GString *out, const char *name, const char *label,
				const char *value, gint64 number);

/* How long something took, how often. Zero is an empty one; any thread may add to it. */
enum { EXPOSITION_BOUNDS = 13 };
struct exposition_histogram {
	atomic_ullong counts[EXPOSITION_BOUNDS + 1]; /* up to each bound, and above the last */
	atomic_ullong microseconds;                  /* of all */
};

/* A negative duration counts as 0. */
void exposition_histogram_add(struct exposition_histogram *histogram, gint64 microseconds);

/* Appends it, announced. */
void exposition_histogram_append(GString *out, const char *name, const char *help,
				 const struct exposition_histogram *histogram);

#endif
