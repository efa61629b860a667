/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libmilter removes the name itself just before it ends, so one look does not count.
 */
#include "milter/socket_watch.h"

#include <sys/stat.h>

#include <glib.h>
#include <libmilter/mfapi.h>

#include "daemon/stop_flag.h"

enum {
	PAUSE = 2, /* seconds between two looks */
	LOOKS = 2, /* in vain, one after the other */
};

struct socket_watch {
	const char *path;
	struct stat opened;
	bool is_lost; /* to be read once the thread has ended */
	GThread *thread;
	struct stop_flag *stop;
};

static bool is_there(const struct socket_watch *watch)
{
	struct stat named;

	return stat(watch->path, &named) == 0 && named.st_dev == watch->opened.st_dev &&
	       named.st_ino == watch->opened.st_ino;
}

static void *watch_main(void *data)
{
	struct socket_watch *watch = data;
	unsigned in_vain = 0;

	while (in_vain < LOOKS && !stop_flag_wait(watch->stop, PAUSE * G_USEC_PER_SEC))
		in_vain = is_there(watch) ? 0 : in_vain + 1;
	watch->is_lost = in_vain == LOOKS;
	if (watch->is_lost)
		smfi_stop();
	return NULL;
}

struct socket_watch *socket_watch_start(const char *path)
{
	struct stat opened;

	if (!path || stat(path, &opened) != 0)
		return NULL;
	struct socket_watch *watch = g_new0(struct socket_watch, 1);
	watch->path = path;
	watch->opened = opened;
	watch->stop = stop_flag_new();
	watch->thread = g_thread_new("socket", watch_main, watch);
	return watch;
}

bool socket_watch_stop(struct socket_watch *watch)
{
	if (!watch)
		return false;
	stop_flag_set(watch->stop);
	g_thread_join(watch->thread);
	bool is_lost = watch->is_lost;
	stop_flag_free(watch->stop);
	g_free(watch);
	return is_lost;
}
