/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sockets that listen.
 */
#include "net/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"

enum { BACKLOG = 64 };

static const char unix_prefix[] = "unix:";
static const char inet_prefix[] = "inet:";

const char *listen_objection(const char *name)
{
	if (g_str_has_prefix(name, unix_prefix))
		return strlen(name) - strlen(unix_prefix) <
			       sizeof((struct sockaddr_un *)NULL)->sun_path
			   ? NULL
			   : "the path is too long";
	g_auto(GStrv) parts = g_strsplit(name, "@", 2);
	if (!g_str_has_prefix(name, inet_prefix) || !parts[0] || !parts[1])
		return "neither unix:PATH nor inet:PORT@HOST";
	return config_is_port(parts[0] + strlen(inet_prefix)) ? NULL : "the port is not 1 to 65535";
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

int listen_open(const struct listen_place *place, char **path_out, GError **error)
{
	const char *objection = listen_objection(place->name);
	bool is_unix = g_str_has_prefix(place->name, unix_prefix);
	const char *path = place->name + strlen(unix_prefix);
	int fd = objection ? -1 : is_unix ? open_unix(path, place->mode) : open_inet(place->name);

	*path_out = fd >= 0 && is_unix ? g_strdup(path) : NULL;
	if (fd < 0)
		/* an address may come, and whoever has it may go */
		g_set_error(error, BM_ERROR, objection ? BM_ERROR_CONFIG : BM_ERROR_RETRY,
			    "%s: cannot open \"%s\": %s", place->key, place->name,
			    objection ? objection : g_strerror(errno));
	return fd;
}
