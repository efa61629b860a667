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
typedef int rounds_make(void *context);

struct rounds {
	rounds_make *make;
	void *context;
	unsigned pause_max; /* seconds between two tries while something stands against it */
	/* of this module; zero at first */
	GThread *thread;
	gint is_stopping;
};

/* It must live, where it is, until it has been stopped. */
void rounds_start(struct rounds *rounds, const char *name);
/* After the round in hand. Does nothing where it has not been started. */
void rounds_stop(struct rounds *rounds);
bool rounds_are_stopping(const struct rounds *rounds);

/* Sleeps, and no longer than until that is not 0. */
void rounds_pause(const gint *is_stopping, unsigned seconds);

#endif
