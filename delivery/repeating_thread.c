/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pause is slept in tenths of a second, so that a stop need not wait for its end.
 */
#include "delivery/repeating_thread.h"

bool repeating_thread_is_stopping(const struct repeating_thread *repeating)
{
	return g_atomic_int_get(&repeating->is_stopping) != 0;
}

void repeating_thread_pause(const gint *is_stopping, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10 && g_atomic_int_get(is_stopping) == 0; i++)
		g_usleep(G_USEC_PER_SEC / 10);
}

static void *repeat_main(void *data)
{
	const struct repeating_thread *repeating = data;
	unsigned delay = 1;

	while (!repeating_thread_is_stopping(repeating)) {
		int done = repeating->make(repeating->context);

		if (done <= 0)
			repeating_thread_pause(&repeating->is_stopping, done < 0 ? delay : 1);
		delay = done < 0 ? MIN(delay * 2, repeating->pause_max) : 1;
	}
	return NULL;
}

void repeating_thread_start(struct repeating_thread *repeating, const char *name)
{
	repeating->thread = g_thread_new(name, repeat_main, repeating);
}

void repeating_thread_stop(struct repeating_thread *repeating)
{
	g_atomic_int_set(&repeating->is_stopping, 1);
	g_clear_pointer(&repeating->thread, g_thread_join);
}
