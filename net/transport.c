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

struct wire {
	int fd;
	int stop_fd;          /* -1: none */
	gint64 stop_deadline; /* 0: nobody has said to stop */
	char *host;
	SSL *tls; /* NULL: not encrypted */
	bool is_broken;
};

gint64 wire_deadline(unsigned seconds)
{
	return g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

static void begin_to_stop(struct wire *wire)
{
	wire->stop_deadline = wire_deadline(WIRE_STOP_WAIT);
}

static gint64 limit(const struct wire *wire, gint64 deadline)
{
	return wire->stop_deadline == 0 ? deadline : MIN(deadline, wire->stop_deadline);
}

static bool await_socket(struct wire *wire, short events, gint64 deadline)
{
	for (;;) {
		struct pollfd fds[] = {
		    {.fd = wire->fd, .events = events},
		    {.fd = wire->stop_deadline == 0 ? wire->stop_fd : -1, .events = POLLIN}};
		gint64 left = limit(wire, deadline) - g_get_monotonic_time();
		/* rounded up, lest the last millisecond be spent spinning */
		int count = left <= 0 ? 0 : poll(fds, 2, (int)((left + 999) / 1000));

		if (fds[1].revents != 0)
			begin_to_stop(wire);
		if (fds[0].revents != 0 || left <= 0)
			return fds[0].revents != 0;
		if (count < 0 && errno != EINTR)
			return false;
	}
}

bool wire_is_late(struct wire *wire, gint64 deadline)
{
	struct pollfd poll_fd = {.fd = wire->stop_fd, .events = POLLIN};

	/* a server that always has something to say is never waited for */
	if (wire->stop_fd >= 0 && wire->stop_deadline == 0 && poll(&poll_fd, 1, 0) > 0)
		begin_to_stop(wire);
	return g_get_monotonic_time() > limit(wire, deadline);
}

enum wire_event wire_wait(struct wire *wire, int wake_fd, gint64 deadline)
{
	struct pollfd fds[] = {{.fd = wire->fd, .events = POLLIN},
			       {.fd = wake_fd, .events = POLLIN}};

	if (wire->tls && SSL_pending(wire->tls) > 0)
		return WIRE_READABLE;
	for (;;) {
		gint64 left = deadline - g_get_monotonic_time();
		int count = left <= 0 ? 0 : poll(fds, 2, (int)((left + 999) / 1000));

		if (fds[1].revents != 0)
			return WIRE_WOKEN;
		if (count > 0)
			return WIRE_READABLE;
		if (left <= 0)
			return WIRE_TIME_OVER;
		if (count < 0 && errno != EINTR)
			return WIRE_READABLE; /* whoever reads will see what is wrong */
	}
}

/* --- connecting ------------------------------------------------------------------- */

static int connect_error(struct wire *wire, const struct addrinfo *address, unsigned seconds)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (connect(wire->fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!await_socket(wire, POLLOUT, wire_deadline(seconds)))
		return ETIMEDOUT;
	return getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

/* False with the reason in *fault_out, and without a file descriptor. */
static bool connect_to(struct wire *wire, const struct addrinfo *address, unsigned seconds,
		       char **fault_out)
{
	int on = 1;
	wire->fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  address->ai_protocol);
	int error = wire->fd < 0 ? errno : connect_error(wire, address, seconds);

	if (error == 0) {
		(void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		return true;
	}
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	g_free(*fault_out);
	*fault_out = error == ETIMEDOUT
			 ? g_strdup_printf("no connection within %u seconds", seconds)
			 : g_strdup(g_strerror(error));
	return false;
}

struct wire *wire_connect(const char *host, const char *port, unsigned seconds, int stop_fd,
			  char **fault_out)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int error = getaddrinfo(host, port, &hints, &list);
	struct wire wire = {.fd = -1, .stop_fd = stop_fd};

	*fault_out = error == 0 ? NULL : g_strdup(gai_strerror(error));
	for (const struct addrinfo *address = list; error == 0 && address && wire.fd < 0;
	     address = address->ai_next)
		if (connect_to(&wire, address, seconds, fault_out))
			break;
	if (list)
		freeaddrinfo(list);
	if (wire.fd < 0)
		return NULL;
	g_clear_pointer(fault_out, g_free); /* of an address that did not answer */
	wire.host = g_strdup(host);
	return g_memdup2(&wire, sizeof wire);
}

struct wire *wire_adopt(int fd)
{
	struct wire *wire = g_new0(struct wire, 1);

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	wire->fd = fd;
	wire->stop_fd = -1;
	wire->host = g_strdup("");
	return wire;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	ERR_clear_error();
	if (wire->tls && !wire->is_broken)
		(void)SSL_shutdown(wire->tls); /* our half; nobody waits for the other */
	SSL_free(wire->tls);
	close(wire->fd);
	g_free(wire->host);
	g_free(wire);
}

/* --- TLS ------------------------------------------------------------------------------ */

/* The event that TLS lacks to go on; 0: it cannot. */
static short lacking_event(const struct wire *wire, int result)
{
	switch (SSL_get_error(wire->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	default:
		return 0;
	}
}

bool wire_start_tls(struct wire *wire, SSL_CTX *context, gint64 deadline, char **fault_out)
{
	int result;
	short lacking = 0;

	wire->tls = SSL_new(context);
	if (!wire->tls || SSL_set_fd(wire->tls, wire->fd) != 1)
		g_error("out of memory");
	if (!g_hostname_is_ip_address(wire->host)) /* RFC 6066 section 3 */
		(void)SSL_set_tlsext_host_name(wire->tls, wire->host);
	do {
		ERR_clear_error();
		result = SSL_connect(wire->tls);
		lacking = result == 1 ? 0 : lacking_event(wire, result);
	} while (lacking != 0 && await_socket(wire, lacking, deadline));
	wire->is_broken = result != 1;
	if (wire->is_broken)
		*fault_out = lacking != 0 ? g_strdup("the handshake was not finished in time")
					  : tls_fault(wire->tls);
	return !wire->is_broken;
}

bool wire_is_encrypted(const struct wire *wire)
{
	return wire->tls;
}

/* --- bytes ----------------------------------------------------------------------------- */

/* *lacking_out: the event to wait for where nothing was done. */
static gssize settle_plain(gssize count, short event, short *lacking_out)
{
	if (count > 0)
		return count;
	*lacking_out = event;
	return count < 0 && (errno == EAGAIN || errno == EINTR) ? WIRE_NOTHING : WIRE_BROKEN;
}

static gssize settle_tls(const struct wire *wire, int count, short *lacking_out)
{
	if (count > 0)
		return count;
	*lacking_out = lacking_event(wire, count);
	return *lacking_out == 0 ? WIRE_BROKEN : WIRE_NOTHING;
}

static gssize try_read(const struct wire *wire, char *bytes, gsize len, short *lacking_out)
{
	if (!wire->tls)
		return settle_plain(recv(wire->fd, bytes, len, 0), POLLIN, lacking_out);
	ERR_clear_error();
	return settle_tls(wire, SSL_read(wire->tls, bytes, (int)MIN(len, G_MAXINT)), lacking_out);
}

static gssize try_write(const struct wire *wire, const char *bytes, gsize len, short *lacking_out)
{
	if (!wire->tls)
		return settle_plain(send(wire->fd, bytes, len, MSG_NOSIGNAL), POLLOUT, lacking_out);
	ERR_clear_error();
	return settle_tls(wire, SSL_write(wire->tls, bytes, (int)MIN(len, G_MAXINT)), lacking_out);
}

gssize wire_read(struct wire *wire, char *bytes, gsize len, gint64 deadline)
{
	gssize count;
	short lacking = 0;

	if (wire->is_broken)
		return WIRE_BROKEN;
	do
		count = try_read(wire, bytes, len, &lacking);
	while (count == WIRE_NOTHING && deadline != 0 && await_socket(wire, lacking, deadline));
	wire->is_broken = count == WIRE_BROKEN;
	return count;
}

bool wire_write(struct wire *wire, const char *bytes, gsize len, gint64 deadline)
{
	while (len > 0 && !wire->is_broken) {
		short lacking = 0;
		gssize count = try_write(wire, bytes, len, &lacking);

		if (count > 0) {
			bytes += count;
			len -= (gsize)count;
		}
		wire->is_broken = count == WIRE_BROKEN ||
				  (count == WIRE_NOTHING && !await_socket(wire, lacking, deadline));
	}
	return len == 0;
}
