/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The thread ends by a signal to itself, once a flag is set.
 */
#include "daemon/reloader.h"

#include <signal.h>
#include <unistd.h>

#include <glib.h>

struct reloader {
	reloader_function *reload;
	void *context;
	GThread *thread;
	gint is_stopping; /* atomic */
};

static void *reloader_main(void *data)
{
	struct reloader *reloader = data;
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (sigwait(&set, &number) == 0 && !g_atomic_int_get(&reloader->is_stopping))
		reloader->reload(reloader->context);
	return NULL;
}

struct reloader *reloader_start(reloader_function *reload, void *context)
{
	struct reloader *reloader = g_new0(struct reloader, 1);

	reloader->reload = reload;
	reloader->context = context;
	reloader->thread = g_thread_new("reload", reloader_main, reloader);
	return reloader;
}

void reloader_stop(struct reloader *reloader)
{
	g_atomic_int_set(&reloader->is_stopping, 1);
	kill(getpid(), SIGUSR1);
	g_thread_join(reloader->thread);
	g_free(reloader);
}
