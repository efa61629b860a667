/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Opens the socket through libmilter, and guards what libmilter does not.
 */
#include "milter/listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "base/error.h"

const char *listener_path(const char *socket_name)
{
	if (g_str_has_prefix(socket_name, "unix:") || g_str_has_prefix(socket_name, "local:"))
		return strchr(socket_name, ':') + 1;
	return NULL;
}

/* libmilter would remove the unix socket of a running filter. */
static bool is_served(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	bool fits =
	    g_strlcpy(address.sun_path, path, sizeof address.sun_path) < sizeof address.sun_path;
	bool answers = fits && connect(fd, (const struct sockaddr *)(const void *)&address,
				       sizeof address) == 0;
	close(fd);
	return answers;
}

static bool refuse_socket(const char *name, const char *why, GError **error)
{
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "socket: cannot open \"%s\": %s", name, why);
	return false;
}

bool listener_open(const struct milter_settings *settings, GError **error)
{
	g_autofree char *connection = g_strdup(settings->socket);
	const char *path = listener_path(connection);

	if (path && is_served(path))
		return refuse_socket(connection, "another filter answers there", error);
	mode_t old = umask(0177);
	errno = 0;
	bool opened = smfi_setconn(connection) == MI_SUCCESS && smfi_opensocket(true) == MI_SUCCESS;
	int cause = errno;
	umask(old);
	if (!opened)
		return refuse_socket(connection,
				     cause != 0 ? g_strerror(cause)
						: "libmilter refuses it, its reason is in syslog",
				     error);
	if (path && chmod(path, (mode_t)settings->socket_mode) != 0)
		return refuse_socket(connection, g_strerror(errno), error);
	return true;
}
