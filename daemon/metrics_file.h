/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The file in which a running daemon keeps its figures for bouncectl metrics: written every ten
 * seconds by a thread of its own, removed when it ends. No figures are better than old ones.
 */
#ifndef DAEMON_METRICS_FILE_H
#define DAEMON_METRICS_FILE_H

#include <glib.h>

struct metrics_file;

/* append adds the figures to the text, in that thread; it and its data live longer. A fault is
 * logged when it begins. NULL for the path "", which writes nothing. */
struct metrics_file *metrics_file_start(const char *path,
					void (*append)(GString *out, const void *data),
					const void *data);
/* Ends the thread, removes and frees the file; NULL does nothing. */
void metrics_file_stop(struct metrics_file *file);

#endif
