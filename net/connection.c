/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The socket never blocks; poll(2) waits, until the caller's deadline. An attempt to read
 * or write says which event it lacks: with TLS that may be the other one.
 */
#include "net/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "net/tls.h"

struct connection {
	int fd;
	struct connection_stop stop;
	gint64 stop_deadline; /* 0: nobody has said to stop */
	char *host;
	SSL *tls;         /* NULL: not encrypted */
	size_t tls_bytes; /* received for TLS itself since it last gave one for us */
	bool is_broken;
};

gint64 connection_deadline(unsigned seconds)
{
	return g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

static void begin_to_stop(struct connection *connection)
{
	connection->stop_deadline = connection_deadline(connection->stop.wait);
}

static gint64 limit(const struct connection *connection, gint64 deadline)
{
	return connection->stop_deadline == 0 ? deadline : MIN(deadline, connection->stop_deadline);
}

static bool await_socket(struct connection *connection, short events, gint64 deadline)
{
	for (;;) {
		struct pollfd fds[] = {
		    {.fd = connection->fd, .events = events},
		    {.fd = connection->stop_deadline == 0 ? connection->stop.fd : -1,
		     .events = POLLIN}};
		gint64 left = limit(connection, deadline) - g_get_monotonic_time();
		/* rounded up, lest the last millisecond be spent spinning */
		int count = left <= 0 ? 0 : poll(fds, 2, (int)((left + 999) / 1000));

		if (fds[1].revents != 0)
			begin_to_stop(connection);
		if (fds[0].revents != 0 || left <= 0)
			return fds[0].revents != 0;
		if (count < 0 && errno != EINTR)
			return false;
	}
}

bool connection_is_late(struct connection *connection, gint64 deadline)
{
	struct pollfd poll_fd = {.fd = connection->stop.fd, .events = POLLIN};

	/* a server that always has something to say is never waited for */
	if (connection->stop.fd >= 0 && connection->stop_deadline == 0 && poll(&poll_fd, 1, 0) > 0)
		begin_to_stop(connection);
	return g_get_monotonic_time() > limit(connection, deadline);
}

bool connection_is_stopping(const struct connection *connection)
{
	return connection->stop_deadline != 0;
}

enum connection_event connection_wait(struct connection *connection, int wake_fd, gint64 deadline)
{
	struct pollfd fds[] = {{.fd = connection->fd, .events = POLLIN},
			       {.fd = wake_fd, .events = POLLIN}};

	if (connection->tls && SSL_pending(connection->tls) > 0)
		return CONNECTION_READABLE;
	for (;;) {
		gint64 left = deadline - g_get_monotonic_time();
		int count = left <= 0 ? 0 : poll(fds, 2, (int)((left + 999) / 1000));

		if (fds[1].revents != 0)
			return CONNECTION_WOKEN;
		if (count > 0)
			return CONNECTION_READABLE;
		if (left <= 0)
			return CONNECTION_TIME_OVER;
		if (count < 0 && errno != EINTR)
			return CONNECTION_READABLE; /* whoever reads will see what is wrong */
	}
}

/* --- connecting ------------------------------------------------------------------- */

static int connect_error(struct connection *connection, const struct addrinfo *address,
			 unsigned seconds)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (connect(connection->fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!await_socket(connection, POLLOUT, connection_deadline(seconds)))
		return ETIMEDOUT;
	return getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

/* False with the reason in *fault_out, and without a file descriptor. */
static bool connect_to(struct connection *connection, const struct addrinfo *address,
		       unsigned seconds, char **fault_out)
{
	int on = 1;
	connection->fd =
	    socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		   address->ai_protocol);
	int error = connection->fd < 0 ? errno : connect_error(connection, address, seconds);

	if (error == 0) {
		(void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		return true;
	}
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	g_free(*fault_out);
	*fault_out = error == ETIMEDOUT
			 ? g_strdup_printf("no connection within %u seconds", seconds)
			 : g_strdup(g_strerror(error));
	return false;
}

struct connection *connection_connect(const char *host, const char *port, unsigned seconds,
				      struct connection_stop stop, char **fault_out)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int error = getaddrinfo(host, port, &hints, &list);
	struct connection connection = {.fd = -1, .stop = stop};

	*fault_out = error == 0 ? NULL : g_strdup(gai_strerror(error));
	for (const struct addrinfo *address = list; error == 0 && address && connection.fd < 0;
	     address = address->ai_next)
		if (connect_to(&connection, address, seconds, fault_out))
			break;
	if (list)
		freeaddrinfo(list);
	if (connection.fd < 0)
		return NULL;
	g_clear_pointer(fault_out, g_free); /* of an address that did not answer */
	connection.host = g_strdup(host);
	return g_memdup2(&connection, sizeof connection);
}

struct connection *connection_adopt(int fd)
{
	struct connection *connection = g_new0(struct connection, 1);

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	connection->fd = fd;
	connection->stop.fd = -1;
	connection->host = g_strdup("");
	return connection;
}

void connection_close(struct connection *connection)
{
	if (!connection)
		return;
	ERR_clear_error();
	if (connection->tls && !connection->is_broken)
		(void)SSL_shutdown(connection->tls); /* our half; nobody waits for the other */
	SSL_free(connection->tls);
	close(connection->fd);
	g_free(connection->host);
	g_free(connection);
}

/* --- TLS ------------------------------------------------------------------------------ */

/* The event that TLS lacks to go on; 0: it cannot. */
static short lacking_event(const struct connection *connection, int result)
{
	switch (SSL_get_error(connection->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	default:
		return 0;
	}
}

static long on_tls_bytes(BIO *bio, int operation, const char *bytes, size_t len, int argument,
			 long number, int result, size_t *count)
{
	struct connection *connection = (struct connection *)(void *)BIO_get_callback_arg(bio);

	(void)bytes, (void)len, (void)argument, (void)number;
	if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0)
		connection->tls_bytes += *count;
	return operation == BIO_CB_READ && connection->tls_bytes > TLS_BYTES_MAX ? 0 : result;
}

static void prepare_tls(struct connection *connection, SSL_CTX *context)
{
	connection->tls = SSL_new(context);
	if (!connection->tls || SSL_set_fd(connection->tls, connection->fd) != 1)
		g_error("out of memory");
	BIO_set_callback_ex(SSL_get_rbio(connection->tls), on_tls_bytes);
	BIO_set_callback_arg(SSL_get_rbio(connection->tls), (char *)connection);
}

bool connection_start_tls(struct connection *connection, SSL_CTX *context, gint64 deadline,
			  char **fault_out)
{
	int result;
	short lacking = 0;

	prepare_tls(connection, context);
	if (!g_hostname_is_ip_address(connection->host)) /* RFC 6066 section 3 */
		(void)SSL_set_tlsext_host_name(connection->tls, connection->host);
	do {
		ERR_clear_error();
		result = SSL_connect(connection->tls);
		lacking = result == 1 ? 0 : lacking_event(connection, result);
	} while (lacking != 0 && await_socket(connection, lacking, deadline));
	connection->is_broken = result != 1;
	if (connection->is_broken)
		*fault_out = lacking != 0 ? g_strdup("the handshake was not finished in time")
					  : tls_fault(connection->tls);
	connection->tls_bytes = 0;
	return !connection->is_broken;
}

bool connection_is_encrypted(const struct connection *connection)
{
	return connection->tls;
}

/* --- bytes ----------------------------------------------------------------------------- */

/* *lacking_out: the event to wait for where nothing was done. */
static gssize settle_plain(gssize count, short event, short *lacking_out)
{
	if (count > 0)
		return count;
	*lacking_out = event;
	return count < 0 && (errno == EAGAIN || errno == EINTR) ? CONNECTION_NOTHING
								: CONNECTION_BROKEN;
}

static gssize settle_tls(const struct connection *connection, int count, short *lacking_out)
{
	if (count > 0)
		return count;
	*lacking_out = lacking_event(connection, count);
	return *lacking_out == 0 ? CONNECTION_BROKEN : CONNECTION_NOTHING;
}

static gssize try_read(struct connection *connection, char *bytes, gsize len, short *lacking_out)
{
	if (!connection->tls)
		return settle_plain(recv(connection->fd, bytes, len, 0), POLLIN, lacking_out);
	ERR_clear_error();
	int count = SSL_read(connection->tls, bytes, (int)MIN(len, G_MAXINT));
	if (count > 0)
		connection->tls_bytes = 0;
	return settle_tls(connection, count, lacking_out);
}

static gssize try_write(const struct connection *connection, const char *bytes, gsize len,
			short *lacking_out)
{
	if (!connection->tls)
		return settle_plain(send(connection->fd, bytes, len, MSG_NOSIGNAL), POLLOUT,
				    lacking_out);
	ERR_clear_error();
	return settle_tls(connection, SSL_write(connection->tls, bytes, (int)MIN(len, G_MAXINT)),
			  lacking_out);
}

gssize connection_read(struct connection *connection, char *bytes, gsize len, gint64 deadline)
{
	gssize count;
	short lacking = 0;

	if (connection->is_broken)
		return CONNECTION_BROKEN;
	do
		count = try_read(connection, bytes, len, &lacking);
	while (count == CONNECTION_NOTHING && deadline != 0 &&
	       await_socket(connection, lacking, deadline));
	connection->is_broken = count == CONNECTION_BROKEN;
	return count;
}

bool connection_write(struct connection *connection, const char *bytes, gsize len, gint64 deadline)
{
	while (len > 0 && !connection->is_broken) {
		short lacking = 0;
		gssize count = try_write(connection, bytes, len, &lacking);

		if (count > 0) {
			bytes += count;
			len -= (gsize)count;
		}
		connection->is_broken =
		    count == CONNECTION_BROKEN ||
		    (count == CONNECTION_NOTHING && !await_socket(connection, lacking, deadline));
	}
	return len == 0;
}
