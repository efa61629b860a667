/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The socket never blocks; poll(2) waits, until the caller's deadline. An attempt to read
 * or write says which event it lacks: with TLS that may be the other one.
 */
#include "net/transport.h"

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

struct transport {
	int fd;
	int stop_fd;          /* -1: none */
	gint64 stop_deadline; /* 0: nobody has said to stop */
	char *host;
	SSL *tls; /* NULL: not encrypted */
	bool is_broken;
};

gint64 transport_deadline(unsigned seconds)
{
	return g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

static void begin_to_stop(struct transport *transport)
{
	transport->stop_deadline = transport_deadline(TRANSPORT_STOP_WAIT);
}

static gint64 limit(const struct transport *transport, gint64 deadline)
{
	return transport->stop_deadline == 0 ? deadline : MIN(deadline, transport->stop_deadline);
}

static bool await_socket(struct transport *transport, short events, gint64 deadline)
{
	for (;;) {
		struct pollfd fds[] = {
		    {.fd = transport->fd, .events = events},
		    {.fd = transport->stop_deadline == 0 ? transport->stop_fd : -1,
		     .events = POLLIN}};
		gint64 left = limit(transport, deadline) - g_get_monotonic_time();
		/* rounded up, lest the last millisecond be spent spinning */
		int count = left <= 0 ? 0 : poll(fds, 2, (int)((left + 999) / 1000));

		if (fds[1].revents != 0)
			begin_to_stop(transport);
		if (fds[0].revents != 0 || left <= 0)
			return fds[0].revents != 0;
		if (count < 0 && errno != EINTR)
			return false;
	}
}

bool transport_is_late(struct transport *transport, gint64 deadline)
{
	struct pollfd poll_fd = {.fd = transport->stop_fd, .events = POLLIN};

	/* a server that always has something to say is never waited for */
	if (transport->stop_fd >= 0 && transport->stop_deadline == 0 && poll(&poll_fd, 1, 0) > 0)
		begin_to_stop(transport);
	return g_get_monotonic_time() > limit(transport, deadline);
}

enum transport_event transport_wait(struct transport *transport, int wake_fd, gint64 deadline)
{
	struct pollfd fds[] = {{.fd = transport->fd, .events = POLLIN},
			       {.fd = wake_fd, .events = POLLIN}};

	if (transport->tls && SSL_pending(transport->tls) > 0)
		return TRANSPORT_READABLE;
	for (;;) {
		gint64 left = deadline - g_get_monotonic_time();
		int count = left <= 0 ? 0 : poll(fds, 2, (int)((left + 999) / 1000));

		if (fds[1].revents != 0)
			return TRANSPORT_WOKEN;
		if (count > 0)
			return TRANSPORT_READABLE;
		if (left <= 0)
			return TRANSPORT_TIME_OVER;
		if (count < 0 && errno != EINTR)
			return TRANSPORT_READABLE; /* whoever reads will see what is wrong */
	}
}

/* --- connecting ------------------------------------------------------------------- */

static int connect_error(struct transport *transport, const struct addrinfo *address,
			 unsigned seconds)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (connect(transport->fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!await_socket(transport, POLLOUT, transport_deadline(seconds)))
		return ETIMEDOUT;
	return getsockopt(transport->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

/* False with the reason in *fault_out, and without a file descriptor. */
static bool connect_to(struct transport *transport, const struct addrinfo *address,
		       unsigned seconds, char **fault_out)
{
	int on = 1;
	transport->fd =
	    socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		   address->ai_protocol);
	int error = transport->fd < 0 ? errno : connect_error(transport, address, seconds);

	if (error == 0) {
		(void)setsockopt(transport->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		return true;
	}
	if (transport->fd >= 0)
		close(transport->fd);
	transport->fd = -1;
	g_free(*fault_out);
	*fault_out = error == ETIMEDOUT
			 ? g_strdup_printf("no connection within %u seconds", seconds)
			 : g_strdup(g_strerror(error));
	return false;
}

struct transport *transport_connect(const char *host, const char *port, unsigned seconds,
				    int stop_fd, char **fault_out)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int error = getaddrinfo(host, port, &hints, &list);
	struct transport transport = {.fd = -1, .stop_fd = stop_fd};

	*fault_out = error == 0 ? NULL : g_strdup(gai_strerror(error));
	for (const struct addrinfo *address = list; error == 0 && address && transport.fd < 0;
	     address = address->ai_next)
		if (connect_to(&transport, address, seconds, fault_out))
			break;
	if (list)
		freeaddrinfo(list);
	if (transport.fd < 0)
		return NULL;
	g_clear_pointer(fault_out, g_free); /* of an address that did not answer */
	transport.host = g_strdup(host);
	return g_memdup2(&transport, sizeof transport);
}

struct transport *transport_adopt(int fd)
{
	struct transport *transport = g_new0(struct transport, 1);

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	transport->fd = fd;
	transport->stop_fd = -1;
	transport->host = g_strdup("");
	return transport;
}

void transport_close(struct transport *transport)
{
	if (!transport)
		return;
	ERR_clear_error();
	if (transport->tls && !transport->is_broken)
		(void)SSL_shutdown(transport->tls); /* our half; nobody waits for the other */
	SSL_free(transport->tls);
	close(transport->fd);
	g_free(transport->host);
	g_free(transport);
}

/* --- TLS ------------------------------------------------------------------------------ */

/* The event that TLS lacks to go on; 0: it cannot. */
static short lacking_event(const struct transport *transport, int result)
{
	switch (SSL_get_error(transport->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	default:
		return 0;
	}
}

bool transport_start_tls(struct transport *transport, SSL_CTX *context, gint64 deadline,
			 char **fault_out)
{
	int result;
	short lacking = 0;

	transport->tls = SSL_new(context);
	if (!transport->tls || SSL_set_fd(transport->tls, transport->fd) != 1)
		g_error("out of memory");
	if (!g_hostname_is_ip_address(transport->host)) /* RFC 6066 section 3 */
		(void)SSL_set_tlsext_host_name(transport->tls, transport->host);
	do {
		ERR_clear_error();
		result = SSL_connect(transport->tls);
		lacking = result == 1 ? 0 : lacking_event(transport, result);
	} while (lacking != 0 && await_socket(transport, lacking, deadline));
	transport->is_broken = result != 1;
	if (transport->is_broken)
		*fault_out = lacking != 0 ? g_strdup("the handshake was not finished in time")
					  : tls_fault(transport->tls);
	return !transport->is_broken;
}

bool transport_is_encrypted(const struct transport *transport)
{
	return transport->tls;
}

/* --- bytes ----------------------------------------------------------------------------- */

/* *lacking_out: the event to wait for where nothing was done. */
static gssize settle_plain(gssize count, short event, short *lacking_out)
{
	if (count > 0)
		return count;
	*lacking_out = event;
	return count < 0 && (errno == EAGAIN || errno == EINTR) ? TRANSPORT_NOTHING
								: TRANSPORT_BROKEN;
}

static gssize settle_tls(const struct transport *transport, int count, short *lacking_out)
{
	if (count > 0)
		return count;
	*lacking_out = lacking_event(transport, count);
	return *lacking_out == 0 ? TRANSPORT_BROKEN : TRANSPORT_NOTHING;
}

static gssize try_read(const struct transport *transport, char *bytes, gsize len,
		       short *lacking_out)
{
	if (!transport->tls)
		return settle_plain(recv(transport->fd, bytes, len, 0), POLLIN, lacking_out);
	ERR_clear_error();
	return settle_tls(transport, SSL_read(transport->tls, bytes, (int)MIN(len, G_MAXINT)),
			  lacking_out);
}

static gssize try_write(const struct transport *transport, const char *bytes, gsize len,
			short *lacking_out)
{
	if (!transport->tls)
		return settle_plain(send(transport->fd, bytes, len, MSG_NOSIGNAL), POLLOUT,
				    lacking_out);
	ERR_clear_error();
	return settle_tls(transport, SSL_write(transport->tls, bytes, (int)MIN(len, G_MAXINT)),
			  lacking_out);
}

gssize transport_read(struct transport *transport, char *bytes, gsize len, gint64 deadline)
{
	gssize count;
	short lacking = 0;

	if (transport->is_broken)
		return TRANSPORT_BROKEN;
	do
		count = try_read(transport, bytes, len, &lacking);
	while (count == TRANSPORT_NOTHING && deadline != 0 &&
	       await_socket(transport, lacking, deadline));
	transport->is_broken = count == TRANSPORT_BROKEN;
	return count;
}

bool transport_write(struct transport *transport, const char *bytes, gsize len, gint64 deadline)
{
	while (len > 0 && !transport->is_broken) {
		short lacking = 0;
		gssize count = try_write(transport, bytes, len, &lacking);

		if (count > 0) {
			bytes += count;
			len -= (gsize)count;
		}
		transport->is_broken =
		    count == TRANSPORT_BROKEN ||
		    (count == TRANSPORT_NOTHING && !await_socket(transport, lacking, deadline));
	}
	return len == 0;
}
