/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A socket that answers is asked for its options, which tells our filter from another. Whether
 * the MTA gets in is tried with its account and from its chroot. Rights are weighed to say why not,
 * and where nobody is root, who could try.
 */
#include "milter/socket_check.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "daemon/check.h"
#include "daemon/privileged_helper.h"
#include "milter/filter.h"
#include "milter/listener.h"

static const char what[] = "socket";

enum {
	ANSWER_WAIT = 5,         /* seconds */
	OPTIONS_LEN = 1 + 3 * 4, /* the command and three numbers */
};

/* --- the name ------------------------------------------------------------------------------- */

/* What is wrong with the name; NULL if nothing. Heap. */
static char *name_fault(const char *name)
{
	const char *path = listener_path(name);
	const char *rest = strchr(name, ':');
	char *end;

	if (path)
		return strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path
			   ? g_strdup("the path is too long")
			   : NULL;
	if (!rest || (!g_str_has_prefix(name, "inet:") && !g_str_has_prefix(name, "inet6:")))
		return g_strdup("neither unix:PATH nor inet:PORT@HOST");
	guint64 port = g_ascii_strtoull(rest + 1, &end, 10);
	if (end == rest + 1 || (*end != '@' && *end != '\0') || port < 1 || port > G_MAXUINT16)
		return g_strdup("the port is not 1 to 65535");
	return NULL;
}

/* --- who is there --------------------------------------------------------------------------- */

struct address {
	struct sockaddr_storage storage;
	socklen_t len;
};

static bool unix_address(const char *path, struct address *address_out)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	g_strlcpy(name.sun_path, path, sizeof name.sun_path);
	memcpy(&address_out->storage, &name, sizeof name);
	address_out->len = sizeof name;
	return true;
}

/* libmilter's inet:PORT@HOST; without a host, all of this machine's. */
static bool inet_address(const char *name, struct address *address_out)
{
	const struct addrinfo hints = {.ai_family =
					   g_str_has_prefix(name, "inet6:") ? AF_INET6 : AF_INET,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE};
	g_auto(GStrv) parts = g_strsplit(strchr(name, ':') + 1, "@", 2);
	g_autofree char *host = parts[1] ? g_strdelimit(g_strdup(parts[1]), "[]", ' ') : NULL;
	struct addrinfo *found;

	if (getaddrinfo(host ? g_strstrip(host) : NULL, parts[0], &hints, &found) != 0)
		return false;
	memcpy(&address_out->storage, found->ai_addr, found->ai_addrlen);
	address_out->len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static const struct sockaddr *generic(const struct address *address)
{
	return (const struct sockaddr *)(const void *)&address->storage;
}

static int open_socket(const struct address *address)
{
	const struct timeval limit = {.tv_sec = ANSWER_WAIT};
	int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return fd;
}

static void put_number(unsigned char *bytes, guint32 number)
{
	number = GUINT32_TO_BE(number);
	memcpy(bytes, &number, sizeof number);
}

/* Offers everything, as an MTA does; whoever is there says which changes it will make. */
static bool answers_as_we_do(int fd)
{
	unsigned char offer[4 + OPTIONS_LEN] = {0};
	unsigned char answer[4 + OPTIONS_LEN];
	guint32 actions;

	put_number(offer, OPTIONS_LEN);
	offer[4] = SMFIC_OPTNEG;
	put_number(offer + 5, SMFI_PROT_VERSION);
	put_number(offer + 9, SMFI_CURR_ACTS);
	put_number(offer + 13, SMFI_CURR_PROT);
	if (send(fd, offer, sizeof offer, MSG_NOSIGNAL) != (ssize_t)sizeof offer ||
	    recv(fd, answer, sizeof answer, MSG_WAITALL) != (ssize_t)sizeof answer ||
	    answer[4] != SMFIC_OPTNEG)
		return false;
	memcpy(&actions, answer + 9, sizeof actions);
	return GUINT32_FROM_BE(actions) == FILTER_ACTIONS;
}

enum listener { LISTENER_NONE, LISTENER_OURS, LISTENER_OTHER };

static enum listener who_listens(const struct address *address)
{
	int fd = open_socket(address);
	enum listener listener = LISTENER_NONE;

	if (fd >= 0 && connect(fd, generic(address), address->len) == 0)
		listener = answers_as_we_do(fd) ? LISTENER_OURS : LISTENER_OTHER;
	if (fd >= 0)
		close(fd);
	return listener;
}

/* Why the port could not be opened; NULL if it could. */
static const char *bind_fault(const struct address *address)
{
	const int on = 1;
	int fd = open_socket(address);
	const char *why = NULL;

	if (fd < 0)
		return g_strerror(errno);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, generic(address), address->len) != 0)
		why = g_strerror(errno);
	close(fd);
	return why;
}

/* --- trying it ------------------------------------------------------------------------------ */

/* A socket made as the daemon makes its own, to be tried where it does not run. */
static int open_probe(const struct milter_settings *settings, const char *path)
{
	struct address address = {0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !unix_address(path, &address))
		return fd;
	unlink(path);
	mode_t old = umask(0177);
	bool is_bound = bind(fd, generic(&address), address.len) == 0 && listen(fd, 2) == 0 &&
			chmod(path, (mode_t)settings->socket_mode) == 0;
	umask(old);
	if (is_bound)
		return fd;
	close(fd);
	return -1;
}

/* Outside the chroot, as cleanup does, then inside, as smtpd does. What cannot be seen from
 * there is a matter of the wiring. 0, an errno, or PRIVILEGED_HELPER_NOBODY; where tells of which.
 */
static int try_path(const struct socket_client *client, const char *path, const char **where)
{
	g_autofree char *root = g_strconcat(client->chroot, "/", NULL);
	int why = privileged_helper_connect(client->account, "/", path);

	*where = "";
	if (why != 0 || *client->chroot == '\0' || !g_str_has_prefix(path, root))
		return why;
	*where = client->chroot;
	return privileged_helper_connect(client->account, client->chroot,
					 path + strlen(client->chroot));
}

/* The daemon's socket, or where it does not run a probe beside it. */
static int try_socket(const struct milter_settings *settings, const struct socket_client *client,
		      bool is_running, const char **where)
{
	const char *path = listener_path(settings->socket);
	g_autofree char *probe = g_strconcat(path, ".check", NULL);

	*where = "";
	if (is_running)
		return try_path(client, path, where);
	if (strlen(probe) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
		return PRIVILEGED_HELPER_NOBODY;
	int fd = open_probe(settings, probe);
	if (fd < 0)
		return PRIVILEGED_HELPER_NOBODY;
	int why = try_path(client, probe, where);
	close(fd);
	unlink(probe);
	return why;
}

static bool check_rights(const struct milter_settings *settings, const struct socket_client *client,
			 bool is_running)
{
	const char *path = listener_path(settings->socket);
	const char *where;

	if (*client->account == '\0')
		return true;
	int why = try_socket(settings, client, is_running, &where);
	if (why == 0)
		return true;
	g_autofree char *fault = socket_rights_fault(settings, path, client);
	if (fault)
		return check_fault(what, fault);
	if (why == PRIVILEGED_HELPER_NOBODY) {
		g_autofree char *text = g_strdup_printf(
		    "not tried as %s's account, which only root can; its rights look well",
		    client->mta);

		check_warning(what, text);
		return true;
	}
	g_autofree char *text = g_strdup_printf(
	    "%s's account %s cannot connect to %s%s%s: %s", client->mta, client->account, path,
	    *where != '\0' ? " from its chroot " : "", where, g_strerror(why));
	return check_fault(what, text);
}

/* --- together ------------------------------------------------------------------------------- */

static bool refuse_socket(const char *socket, const char *why)
{
	g_autofree char *text = g_strdup_printf("\"%s\": %s", socket, why);

	return check_fault(what, text);
}

static bool check_unix(const struct milter_settings *settings, const char *path,
		       const struct socket_client *client)
{
	g_autofree char *dir = g_path_get_dirname(path);
	struct address address = {0};

	if (access(dir, W_OK | X_OK) != 0) {
		g_autofree char *why = g_strdup_printf("%s: %s", dir, g_strerror(errno));
		return refuse_socket(settings->socket, why);
	}
	enum listener listener =
	    unix_address(path, &address) ? who_listens(&address) : LISTENER_NONE;
	if (listener == LISTENER_OTHER)
		return refuse_socket(settings->socket,
				     "another filter answers there; choose another");
	return check_rights(settings, client, listener == LISTENER_OURS);
}

static bool check_inet(const struct milter_settings *settings)
{
	struct address address = {0};

	check_warning(what, "every account that can connect to this port can hand in mail as our "
			    "own MTA's, which may block; a unix socket has rights");
	if (!inet_address(settings->socket, &address))
		return refuse_socket(settings->socket, "the host is not known");
	switch (who_listens(&address)) {
	case LISTENER_OURS:
		return true;
	case LISTENER_OTHER:
		return refuse_socket(
		    settings->socket,
		    "another program has this port; choose another, here and in the MTA");
	case LISTENER_NONE:
		break;
	}
	const char *why = bind_fault(&address);
	return why ? refuse_socket(settings->socket, why) : true;
}

bool socket_check(const struct milter_settings *settings, const struct socket_client *client)
{
	const char *path = listener_path(settings->socket);
	g_autofree char *fault = name_fault(settings->socket);

	if (fault)
		return refuse_socket(settings->socket, fault);
	bool is_good = path ? check_unix(settings, path, client) : check_inet(settings);
	if (is_good)
		check_result(what, NULL, settings->socket);
	return is_good;
}
