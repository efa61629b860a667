/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Long work: how far it is, for somebody who watches; and stopping it between two
 * steps instead of in the middle of one.
 */
#ifndef CTL_FRAMEWORK_PROGRESS_H
#define CTL_FRAMEWORK_PROGRESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct ctl_progress {
	gint64 next; /* not before this time is the line written again */
	bool is_shown;
};

/* "mails: 12 of 40" on stderr, if that is a terminal; total 0: not known. */
void ctl_progress_step(struct ctl_progress *progress, const char *what, size_t done, size_t total);
/* Takes the line away again: before anything else is written, and at the end. */
void ctl_progress_clear(struct ctl_progress *progress);

/* From here on Ctrl-C and SIGTERM wait. */
void ctl_interrupt_block(void);
/* Whether one has come. */
bool ctl_interrupt_came(void);

#endif
