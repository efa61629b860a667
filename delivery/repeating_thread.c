/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pause is slept in tenths of a second, so that a stop need not wait for its end.
 */
#include "delivery/repeating_thread.h"

bool rounds_are_stopping(const struct rounds *rounds)
{
	return g_atomic_int_get(&rounds->is_stopping) != 0;
}

void rounds_pause(const gint *is_stopping, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10 && g_atomic_int_get(is_stopping) == 0; i++)
		g_usleep(G_USEC_PER_SEC / 10);
}

static void *rounds_main(void *data)
{
	const struct rounds *rounds = data;
	unsigned delay = 1;

	while (!rounds_are_stopping(rounds)) {
		int done = rounds->make(rounds->context);

		if (done <= 0)
			rounds_pause(&rounds->is_stopping, done < 0 ? delay : 1);
		delay = done < 0 ? MIN(delay * 2, rounds->pause_max) : 1;
	}
	return NULL;
}

void rounds_start(struct rounds *rounds, const char *name)
{
	rounds->thread = g_thread_new(name, rounds_main, rounds);
}

void rounds_stop(struct rounds *rounds)
{
	g_atomic_int_set(&rounds->is_stopping, 1);
	g_clear_pointer(&rounds->thread, g_thread_join);
}
