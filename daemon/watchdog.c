/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asks, and tells.
 */
#include "daemon/watchdog.h"

#include <glib.h>

#include "base/log.h"
#include "daemon/notify.h"

struct watchdog {
	struct watchdog_question question;
	gint64 pause; /* microseconds */
	GThread *thread;
	GMutex lock;
	GCond stopped;
	bool is_stopping; /* under lock */
};

static bool is_working(const struct watchdog *watchdog)
{
	const struct watchdog_question *question = &watchdog->question;

	return !question->is_working || question->is_working(question->service);
}

/* True after the pause, false when it is to stop. */
static bool wait_for_next(struct watchdog *watchdog)
{
	gint64 until = g_get_monotonic_time() + watchdog->pause;

	g_mutex_lock(&watchdog->lock);
	while (!watchdog->is_stopping &&
	       g_cond_wait_until(&watchdog->stopped, &watchdog->lock, until))
		;
	bool is_next = !watchdog->is_stopping;
	g_mutex_unlock(&watchdog->lock);
	return is_next;
}

static void *watchdog_main(void *data)
{
	struct watchdog *watchdog = data;
	bool was_working = true;

	do {
		bool works = is_working(watchdog);

		if (works)
			notify_alive();
		else if (was_working)
			log_event(LOG_LEVEL_ERROR, "",
				  "stuck: no sign of life for the service manager any more");
		was_working = works;
	} while (wait_for_next(watchdog));
	return NULL;
}

struct watchdog *watchdog_start(const struct watchdog_question *question)
{
	guint64 interval = notify_watchdog_interval();

	if (interval == 0)
		return NULL;
	struct watchdog *watchdog = g_new0(struct watchdog, 1);
	watchdog->question = *question;
	watchdog->pause = (gint64)(interval / 3);
	g_mutex_init(&watchdog->lock);
	g_cond_init(&watchdog->stopped);
	watchdog->thread = g_thread_new("watchdog", watchdog_main, watchdog);
	return watchdog;
}

void watchdog_stop(struct watchdog *watchdog)
{
	if (!watchdog)
		return;
	g_mutex_lock(&watchdog->lock);
	watchdog->is_stopping = true;
	g_cond_signal(&watchdog->stopped);
	g_mutex_unlock(&watchdog->lock);
	g_thread_join(watchdog->thread);
	g_cond_clear(&watchdog->stopped);
	g_mutex_clear(&watchdog->lock);
	g_free(watchdog);
}
