/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Accepts until it is told to stop, by an event that stays.
 */
#include "fetch/lmtp_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/lmtp_session.h"
#include "net/listen.h"

enum { PAUSE = 100000 /* microseconds, when there are no file descriptors */ };

struct lmtp_listener {
	struct lmtp_options options;
	unsigned sessions_max;
	int fd;
	char *path; /* of a unix socket; NULL else */
	GThread *thread;
	gint sessions; /* atomic */
};

struct lmtp_listener *lmtp_listener_open(const struct lmtp_place *place, struct taking *taking,
					 GError **error)
{
	const struct listen_place where = {"lmtp", place->socket, place->mode};
	char *path = NULL;
	int fd = listen_open(&where, &path, error);

	if (fd < 0)
		return NULL;
	struct lmtp_listener *listener = g_new0(struct lmtp_listener, 1);
	listener->options = (struct lmtp_options){
	    .taking = taking, .own_mta = place->own_mta, .stop_fd = eventfd(0, EFD_CLOEXEC)};
	listener->sessions_max = place->sessions_max;
	listener->fd = fd;
	listener->path = path;
	return listener;
}

void lmtp_listener_free(struct lmtp_listener *listener)
{
	if (!listener)
		return;
	if (listener->fd >= 0)
		close(listener->fd);
	close(listener->options.stop_fd);
	g_free(listener->path);
	g_free(listener);
}

/* --- serving ---------------------------------------------------------------------------------- */

struct visit {
	struct lmtp_listener *listener;
	struct stream *stream;
};

static void *visit_main(void *data)
{
	struct visit *visit = data;

	lmtp_session_run(visit->stream, &visit->listener->options);
	g_atomic_int_add(&visit->listener->sessions, -1);
	g_free(visit);
	return NULL;
}

static void begin_visit(struct lmtp_listener *listener, int fd)
{
	struct stream *stream = stream_adopt(fd);

	if ((unsigned)g_atomic_int_get(&listener->sessions) >= listener->sessions_max) {
		lmtp_session_refuse(stream);
		return;
	}
	struct visit *visit = g_new0(struct visit, 1);
	*visit = (struct visit){listener, stream};
	g_atomic_int_inc(&listener->sessions);
	g_thread_unref(g_thread_new("lmtp", visit_main, visit));
}

static void *listener_main(void *data)
{
	struct lmtp_listener *listener = data;
	struct pollfd fds[] = {{.fd = listener->fd, .events = POLLIN},
			       {.fd = listener->options.stop_fd, .events = POLLIN}};

	for (;;) {
		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
			continue;
		if (fds[1].revents != 0)
			return NULL;
		int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			begin_visit(listener, fd);
		else
			g_usleep(PAUSE);
	}
}

void lmtp_listener_start(struct lmtp_listener *listener)
{
	listener->thread = g_thread_new("lmtp-listener", listener_main, listener);
}

void lmtp_listener_stop(struct lmtp_listener *listener)
{
	ssize_t written = write(listener->options.stop_fd, &(guint64){1}, sizeof(guint64));

	(void)written;
	g_thread_join(listener->thread);
	close(listener->fd);
	listener->fd = -1;
	if (listener->path)
		unlink(listener->path);
	while (g_atomic_int_get(&listener->sessions) > 0)
		g_usleep(PAUSE);
}
