/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Long-running work: a counter for whoever is watching, and stopping between two steps
 * instead of in the middle of one.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct progress {
	gint64 next; /* the line is not rewritten before this time */
	bool is_shown;
};

/* "mails: 12 of 40" on stderr, if that is a terminal; total 0: unknown. */
void progress_step(struct progress *progress, const char *what, size_t done, size_t total);
/* Removes that line: before anything else is written, and at the end. */
void progress_clear(struct progress *progress);

/* From here on SIGINT (Ctrl-C) and SIGTERM stay pending. */
void progress_block_signals(void);
/* A file descriptor that is readable as long as one of them is pending; the caller's. */
int progress_signal_fd(void);
/* Whether one of them is pending. */
bool progress_is_interrupted(void);

#endif
