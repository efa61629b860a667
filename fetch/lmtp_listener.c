/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Accepts until it is told to stop, by an event that stays. Where all sessions are taken, the one
 * that has brought no mail for the longest time makes room: a client that says a byte a second
 * would otherwise keep a session for minutes, and a few of them all that there are.
 */
#include "fetch/lmtp_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "fetch/lmtp_session.h"
#include "net/listen.h"

enum {
	PAUSE = 100000, /* microseconds, when there are no file descriptors */
	DEBT_MAX = 10,  /* seconds without a mail, where another client waits */
};

struct lmtp_listener {
	struct lmtp_options options;
	unsigned sessions_max;
	int fd;
	char *path; /* of a unix socket; NULL else */
	GThread *thread;
	GMutex mutex;
	GPtrArray *connections; /* under the mutex; those that were told to leave as well */
	unsigned leaving;
};

struct lmtp_listener *lmtp_listener_open(const struct lmtp_place *place,
					 struct mail_intake *mail_intake, GError **error)
{
	const struct listen_place where = {"lmtp", place->socket, place->mode};
	char *path = NULL;
	int fd = listen_open(&where, &path, error);

	if (fd < 0)
		return NULL;
	struct lmtp_listener *listener = g_new0(struct lmtp_listener, 1);
	listener->options = (struct lmtp_options){.mail_intake = mail_intake,
						  .own_mta = place->own_mta,
						  .stop_fd = eventfd(0, EFD_CLOEXEC)};
	listener->sessions_max = place->sessions_max;
	listener->fd = fd;
	listener->path = path;
	listener->connections = g_ptr_array_new();
	g_mutex_init(&listener->mutex);
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
	g_ptr_array_unref(listener->connections);
	g_mutex_clear(&listener->mutex);
	g_free(listener);
}

/* --- serving ---------------------------------------------------------------------------------- */

struct lmtp_connection {
	struct lmtp_listener *listener;
	struct lmtp_options options; /* with a stop_fd of its own */
	struct stream *stream;
	lmtp_debt debt;
	bool is_leaving;
};

static void wake(int fd)
{
	ssize_t written = write(fd, &(guint64){1}, sizeof(guint64));

	(void)written;
}

static void *connection_main(void *data)
{
	struct lmtp_connection *connection = data;
	struct lmtp_listener *listener = connection->listener;

	lmtp_session_run(connection->stream, &connection->options, &connection->debt);
	g_mutex_lock(&listener->mutex);
	listener->leaving -= connection->is_leaving ? 1 : 0;
	g_ptr_array_remove_fast(listener->connections, connection);
	g_mutex_unlock(&listener->mutex);
	close(connection->options.stop_fd);
	g_free(connection);
	return NULL;
}

/* The one that has owed a mail for the longest time, too long; NULL: there is none. */
static struct lmtp_connection *find_slowest(const struct lmtp_listener *listener)
{
	gint oldest = (gint)(g_get_monotonic_time() / G_USEC_PER_SEC) - DEBT_MAX + 1;
	struct lmtp_connection *slowest = NULL;

	for (guint i = 0; i < listener->connections->len; i++) {
		struct lmtp_connection *connection = listener->connections->pdata[i];
		gint debt = g_atomic_int_get(&connection->debt);

		if (debt > 0 && debt < oldest && !connection->is_leaving) {
			slowest = connection;
			oldest = debt;
		}
	}
	return slowest;
}

/* Not while its mail is recorded, which may have begun just now. */
static bool dismiss(struct lmtp_listener *listener, struct lmtp_connection *connection)
{
	gint debt = g_atomic_int_get(&connection->debt);

	if (debt <= 0 ||
	    !g_atomic_int_compare_and_exchange(&connection->debt, debt, LMTP_DISMISSED))
		return false;
	connection->is_leaving = true;
	listener->leaving++;
	wake(connection->options.stop_fd);
	log_event(LOG_LEVEL_WARNING, "lmtp",
		  "all sessions are taken: one without a mail for %d seconds makes room",
		  (gint)(g_get_monotonic_time() / G_USEC_PER_SEC) - debt);
	return true;
}

static bool has_room(struct lmtp_listener *listener)
{
	struct lmtp_connection *slowest;

	if (listener->connections->len - listener->leaving < listener->sessions_max)
		return true;
	/* those that leave may still be told so */
	if (listener->leaving >= listener->sessions_max)
		return false;
	slowest = find_slowest(listener);
	return slowest && dismiss(listener, slowest);
}

/* NULL: there is no room. */
static struct lmtp_connection *add_connection(struct lmtp_listener *listener, struct stream *stream)
{
	int stop_fd = has_room(listener) ? eventfd(0, EFD_CLOEXEC) : -1;

	if (stop_fd < 0)
		return NULL;
	struct lmtp_connection *connection = g_new0(struct lmtp_connection, 1);
	*connection = (struct lmtp_connection){
	    .listener = listener, .options = listener->options, .stream = stream};
	connection->options.stop_fd = stop_fd;
	g_ptr_array_add(listener->connections, connection);
	return connection;
}

static void accept_connection(struct lmtp_listener *listener, int fd)
{
	struct stream *stream = stream_adopt(fd);

	g_mutex_lock(&listener->mutex);
	struct lmtp_connection *connection = add_connection(listener, stream);
	g_mutex_unlock(&listener->mutex);
	if (connection)
		g_thread_unref(g_thread_new("lmtp", connection_main, connection));
	else
		lmtp_session_refuse(stream);
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
			accept_connection(listener, fd);
		else
			g_usleep(PAUSE);
	}
}

void lmtp_listener_start(struct lmtp_listener *listener)
{
	listener->thread = g_thread_new("lmtp-listener", listener_main, listener);
}

/* Has them all end; true once they have. */
static bool have_all_left(struct lmtp_listener *listener)
{
	g_mutex_lock(&listener->mutex);
	guint count = listener->connections->len;
	for (guint i = 0; i < count; i++)
		wake(((struct lmtp_connection *)listener->connections->pdata[i])->options.stop_fd);
	g_mutex_unlock(&listener->mutex);
	return count == 0;
}

void lmtp_listener_stop(struct lmtp_listener *listener)
{
	wake(listener->options.stop_fd);
	g_thread_join(listener->thread);
	close(listener->fd);
	listener->fd = -1;
	if (listener->path)
		unlink(listener->path);
	while (!have_all_left(listener))
		g_usleep(PAUSE);
}
