/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asks, and tells.
 */
#include "daemon/watchdog.h"

#include <glib.h>

#include "base/log.h"
#include "daemon/sd_notify.h"
#include "daemon/stop_flag.h"

struct watchdog {
	struct watchdog_question question;
	gint64 pause; /* microseconds */
	GThread *thread;
	struct stop_flag *stop;
};

static bool is_working(const struct watchdog *watchdog)
{
	const struct watchdog_question *question = &watchdog->question;

	return !question->is_working || question->is_working(question->service);
}

static void *watchdog_main(void *data)
{
	struct watchdog *watchdog = data;
	bool was_working = true;

	do {
		bool works = is_working(watchdog);

		if (works)
			sd_notify_alive();
		else if (was_working)
			log_event(LOG_LEVEL_ERROR, "",
				  "stuck: no sign of life for the service manager any more");
		was_working = works;
	} while (!stop_flag_wait(watchdog->stop, watchdog->pause));
	return NULL;
}

struct watchdog *watchdog_start(const struct watchdog_question *question)
{
	guint64 interval = sd_notify_watchdog_interval();

	if (interval == 0)
		return NULL;
	struct watchdog *watchdog = g_new0(struct watchdog, 1);
	watchdog->question = *question;
	watchdog->pause = (gint64)(interval / 3);
	watchdog->stop = stop_flag_new();
	watchdog->thread = g_thread_new("watchdog", watchdog_main, watchdog);
	return watchdog;
}

void watchdog_stop(struct watchdog *watchdog)
{
	if (!watchdog)
		return;
	stop_flag_set(watchdog->stop);
	g_thread_join(watchdog->thread);
	stop_flag_free(watchdog->stop);
	g_free(watchdog);
}
