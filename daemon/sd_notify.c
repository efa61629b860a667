/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One datagram per message.
 */
#include "daemon/sd_notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/unix_process.h"

enum { SEND_WAIT = 5 }; /* seconds for a manager that does not read */

/* A name that begins with '@' is in the abstract name space. */
static bool find_manager(struct sockaddr_un *address_out, socklen_t *len_out)
{
	const char *name = g_getenv("NOTIFY_SOCKET");
	size_t len = name ? strlen(name) : 0;

	if (len == 0 || len >= sizeof address_out->sun_path || (*name != '/' && *name != '@'))
		return false;
	*address_out = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address_out->sun_path, name, len);
	if (*name == '@')
		address_out->sun_path[0] = '\0';
	*len_out = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

static void notify_systemd(const char *message)
{
	const struct timeval limit = {.tv_sec = SEND_WAIT};
	struct sockaddr_un address;
	socklen_t len;

	if (!find_manager(&address, &len))
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	ssize_t sent = sendto(fd, message, strlen(message), MSG_NOSIGNAL,
			      (const struct sockaddr *)(const void *)&address, len);
	(void)sent; /* a manager that is not there has nothing to do with our work */
	close(fd);
}

static void notify_people(const char *state, const char *status)
{
	g_autofree char *line = g_strdelimit(g_strdup(status), "\n", ' ');
	g_autofree char *message = g_strdup_printf("%sSTATUS=%s", state, line);

	notify_systemd(message);
}

void sd_notify_ready(const char *status)
{
	notify_people("READY=1\n", status);
	unix_process_background_ready();
}

void sd_notify_status(const char *status)
{
	notify_people("", status);
}

void sd_notify_reloading(void)
{
	g_autofree char *message = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
						   g_get_monotonic_time());

	notify_systemd(message);
}

void sd_notify_stopping(void)
{
	notify_systemd("STOPPING=1\nSTATUS=stopping");
}

void sd_notify_alive(void)
{
	notify_systemd("WATCHDOG=1");
}

guint64 sd_notify_watchdog_interval(void)
{
	const char *process = g_getenv("WATCHDOG_PID");
	const char *interval = g_getenv("WATCHDOG_USEC");

	if (!interval || (process && g_ascii_strtoull(process, NULL, 10) != (guint64)getpid()))
		return 0;
	return g_ascii_strtoull(interval, NULL, 10);
}
