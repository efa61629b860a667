/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that makes one round after another until it is stopped: a second later where there was
 * nothing to do, and after growing pauses while something stands against it.
 */
#ifndef DELIVERY_REPEATING_THREAD_H
#define DELIVERY_REPEATING_THREAD_H

#include <stdbool.h>

#include <glib.h>

/* What was done in the round; -1 when something stands against doing anything. */
typedef int repeating_thread_make(void *context);

struct repeating_thread {
	repeating_thread_make *make;
	void *context;
	unsigned pause_max; /* seconds between two tries while something stands against it */
	/* of this module; zero at first */
	GThread *thread;
	gint is_stopping;
};

/* It must live, where it is, until it has been stopped. */
void repeating_thread_start(struct repeating_thread *repeating, const char *name);
/* After the round in hand. Does nothing where it has not been started. */
void repeating_thread_stop(struct repeating_thread *repeating);
bool repeating_thread_is_stopping(const struct repeating_thread *repeating);

/* Sleeps, and no longer than until that is not 0. */
void repeating_thread_pause(const gint *is_stopping, unsigned seconds);

#endif
