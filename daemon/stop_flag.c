/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A condition that is met once.
 */
#include "daemon/stop_flag.h"

struct stop_flag {
	GMutex lock;
	GCond changed;
	bool is_set; /* under lock */
};

struct stop_flag *stop_flag_new(void)
{
	struct stop_flag *flag = g_new0(struct stop_flag, 1);

	g_mutex_init(&flag->lock);
	g_cond_init(&flag->changed);
	return flag;
}

void stop_flag_free(struct stop_flag *flag)
{
	g_cond_clear(&flag->changed);
	g_mutex_clear(&flag->lock);
	g_free(flag);
}

void stop_flag_set(struct stop_flag *flag)
{
	g_mutex_lock(&flag->lock);
	flag->is_set = true;
	g_cond_broadcast(&flag->changed);
	g_mutex_unlock(&flag->lock);
}

bool stop_flag_wait(struct stop_flag *flag, gint64 microseconds)
{
	gint64 until = g_get_monotonic_time() + microseconds;

	g_mutex_lock(&flag->lock);
	while (!flag->is_set && g_cond_wait_until(&flag->changed, &flag->lock, until))
		;
	bool is_set = flag->is_set;
	g_mutex_unlock(&flag->lock);
	return is_set;
}
