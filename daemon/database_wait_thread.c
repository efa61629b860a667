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
	struct database_wait_thread *waiter = data;

	if (database_wait(&waiter->wait, NULL) == DATABASE_READY)
		sd_notify_status("serving");
	stop_flag_set(waiter->ended);
	return NULL;
}

struct database_wait_thread *database_wait_thread_start(const struct database_wait *wait)
{
	struct database_wait_thread *waiter = g_new0(struct database_wait_thread, 1);

	waiter->stop = stop_flag_new();
	waiter->ended = stop_flag_new();
	waiter->wait = *wait;
	waiter->wait.is_beside = true;
	waiter->wait.pause = pause_for;
	waiter->wait.pause_context = waiter->stop;
	waiter->thread = g_thread_new("database wait", database_wait_thread_main, waiter);
	return waiter;
}

bool database_wait_thread_stop(struct database_wait_thread *waiter)
{
	stop_flag_set(waiter->stop);
	if (!stop_flag_wait(waiter->ended, END_WAIT * G_USEC_PER_SEC))
		return false;
	g_thread_join(waiter->thread);
	stop_flag_free(waiter->stop);
	stop_flag_free(waiter->ended);
	g_free(waiter);
	return true;
}
