/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Two flags: one says that it is to end, the other that it has.
 */
#include "daemon/database_wait_thread.h"

#include "daemon/sd_notify.h"
#include "daemon/stop_flag.h"

enum { END_WAIT = 3 }; /* seconds for a try in progress, which may last longer */

struct database_wait_thread {
	struct database_wait wait;
	struct stop_flag *stop;
	struct stop_flag *ended;
	GThread *thread;
};

static bool pause_for(void *data, unsigned seconds)
{
	return stop_flag_wait(data, seconds * G_USEC_PER_SEC);
}

static void *database_wait_thread_main(void *data)
{
	struct database_wait_thread *connector = data;

	if (database_wait(&connector->wait, NULL) == DATABASE_READY)
		sd_notify_status("serving");
	stop_flag_set(connector->ended);
	return NULL;
}

struct database_wait_thread *database_wait_thread_start(const struct database_wait *wait)
{
	struct database_wait_thread *connector = g_new0(struct database_wait_thread, 1);

	connector->stop = stop_flag_new();
	connector->ended = stop_flag_new();
	connector->wait = *wait;
	connector->wait.is_beside = true;
	connector->wait.pause = pause_for;
	connector->wait.pause_context = connector->stop;
	connector->thread = g_thread_new("connector", database_wait_thread_main, connector);
	return connector;
}

bool database_wait_thread_stop(struct database_wait_thread *connector)
{
	stop_flag_set(connector->stop);
	if (!stop_flag_wait(connector->ended, END_WAIT * G_USEC_PER_SEC))
		return false;
	g_thread_join(connector->thread);
	stop_flag_free(connector->stop);
	stop_flag_free(connector->ended);
	g_free(connector);
	return true;
}
