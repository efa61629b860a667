/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Accepts until it is told to stop, by an event that stays.
 */
#include "fetch/lmtp_listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "fetch/lmtp_session.h"

enum { BACKLOG = 64, PAUSE = 100000 /* microseconds, when there are no file descriptors */ };

struct lmtp_listener {
	struct lmtp_options options;
	unsigned sessions_max;
	int fd;
	char *path; /* of a unix socket; NULL else */
	GThread *thread;
	gint sessions; /* atomic */
};

static const char unix_prefix[] = "unix:";
static const char inet_prefix[] = "inet:";

const char *lmtp_listener_objection(const char *name)
{
	if (g_str_has_prefix(name, unix_prefix))
		return strlen(name) - strlen(unix_prefix) <
			       sizeof((struct sockaddr_un *)NULL)->sun_path
			   ? NULL
			   : "the path is too long";
	g_auto(GStrv) parts = g_strsplit(name, "@", 2);
	if (!g_str_has_prefix(name, inet_prefix) || !parts[0] || !parts[1])
		return "neither unix:PATH nor inet:PORT@HOST";
	return g_ascii_string_to_unsigned(parts[0] + strlen(inet_prefix), 10, 1, G_MAXUINT16, NULL,
					  NULL)
		   ? NULL
		   : "the port is not 1 to 65535";
}

/* --- the socket ----------------------------------------------------------------------------- */

static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers =
	    connect(fd, (const struct sockaddr *)(const void *)address, sizeof *address) == 0;

	close(fd);
	return answers;
}

/* -1 with errno. Nobody can connect before the mode is the one wanted. */
static int open_unix(const char *path, unsigned mode)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (is_served(&address)) {
		close(fd);
		errno = EADDRINUSE;
		return -1;
	}
	unlink(path);
	if (bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0 &&
	    chmod(path, mode) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int fault = errno;
	close(fd);
	errno = fault;
	return -1;
}

static int open_address(const struct addrinfo *address)
{
	int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int fault = errno;
	close(fd);
	errno = fault;
	return -1;
}

static int open_inet(const char *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	g_auto(GStrv) parts = g_strsplit(name + strlen(inet_prefix), "@", 2);
	struct addrinfo *list = NULL;

	if (getaddrinfo(parts[1], parts[0], &hints, &list) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	int fd = open_address(list);
	int fault = errno;
	freeaddrinfo(list);
	errno = fault;
	return fd;
}

struct lmtp_listener *lmtp_listener_open(const struct lmtp_place *place, struct taking *taking,
					 GError **error)
{
	const char *objection = lmtp_listener_objection(place->socket);
	bool is_unix = g_str_has_prefix(place->socket, unix_prefix);
	const char *path = place->socket + strlen(unix_prefix);
	int fd = objection ? -1 : is_unix ? open_unix(path, place->mode) : open_inet(place->socket);

	if (fd < 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "lmtp: cannot open \"%s\": %s",
			    place->socket, objection ? objection : g_strerror(errno));
		return NULL;
	}
	struct lmtp_listener *listener = g_new0(struct lmtp_listener, 1);
	listener->options = (struct lmtp_options){
	    .taking = taking, .own_mta = place->own_mta, .stop_fd = eventfd(0, EFD_CLOEXEC)};
	listener->sessions_max = place->sessions_max;
	listener->fd = fd;
	listener->path = is_unix ? g_strdup(path) : NULL;
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
