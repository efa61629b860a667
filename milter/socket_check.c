/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A socket that answers is asked for its options, which tells our filter from another. Rights are
 * weighed as the kernel does it for Postfix's account: nobody but root could become that account.
 */
#include "milter/socket_check.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "daemon/check.h"
#include "milter/filter.h"

static const char what[] = "socket";

enum {
	ANSWER_WAIT = 5, /* seconds */
	GROUPS_MAX = 64,
	OPTIONS_LEN = 1 + 3 * 4, /* the command and three numbers */
};

/* --- the name ------------------------------------------------------------------------------- */

/* Behind "unix:"; NULL for others. */
static const char *unix_path(const char *name)
{
	if (g_str_has_prefix(name, "unix:") || g_str_has_prefix(name, "local:"))
		return strchr(name, ':') + 1;
	return NULL;
}

/* What is wrong with the name; NULL if nothing. Heap. */
static char *name_fault(const char *name)
{
	const char *path = unix_path(name);
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

/* --- who may come in ------------------------------------------------------------------------ */

struct account {
	uid_t uid;
	gid_t groups[GROUPS_MAX];
	int group_count;
};

static bool find_account(const char *name, struct account *account_out)
{
	const struct passwd *entry = getpwnam(name);

	if (!entry)
		return false;
	account_out->uid = entry->pw_uid;
	account_out->group_count = GROUPS_MAX;
	if (getgrouplist(name, entry->pw_gid, account_out->groups, &account_out->group_count) < 0)
		account_out->group_count = GROUPS_MAX;
	return true;
}

static bool is_in_group(const struct account *account, gid_t group)
{
	for (int i = 0; i < account->group_count; i++)
		if (account->groups[i] == group)
			return true;
	return false;
}

/* right is 1 to enter a directory, 2 to write. */
static bool may(const struct account *account, const struct stat *file, mode_t right)
{
	if (account->uid == file->st_uid)
		return (file->st_mode >> 6 & right) != 0;
	if (is_in_group(account, file->st_gid))
		return (file->st_mode >> 3 & right) != 0;
	return (file->st_mode & right) != 0;
}

/* The first directory on the way that the account cannot enter; NULL: it can enter all. Heap. */
static char *closed_directory(const struct account *account, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		g_autofree char *dir = g_strndup(path, (gsize)(slash - path));
		struct stat status;

		if (stat(dir, &status) != 0 || !may(account, &status, 1))
			return g_steal_pointer(&dir);
	}
	return NULL;
}

/* The socket as it is, or as it will be: its group is that of a directory with the setgid bit. */
static void expected_status(const struct milter_settings *settings, const char *path,
			    struct stat *status_out)
{
	g_autofree char *dir = g_path_get_dirname(path);
	struct stat dir_status = {0};

	if (stat(path, status_out) == 0 && S_ISSOCK(status_out->st_mode))
		return;
	bool is_inherited = stat(dir, &dir_status) == 0 && (dir_status.st_mode & S_ISGID) != 0;
	*status_out = (struct stat){.st_uid = geteuid(),
				    .st_gid = is_inherited ? dir_status.st_gid : getegid(),
				    .st_mode = (mode_t)settings->socket_mode};
}

static bool check_rights(const struct milter_settings *settings, const char *path, const char *user)
{
	struct account account;
	struct stat status;

	if (*user == '\0' || !find_account(user, &account))
		return true;
	g_autofree char *closed = closed_directory(&account, path);
	if (closed) {
		g_autofree char *text = g_strdup_printf(
		    "Postfix's account %s cannot enter %s; give that directory the group of "
		    "Postfix: install -d -o ACCOUNT -g %s -m 2750",
		    user, closed, user);
		return check_fault(what, text);
	}
	expected_status(settings, path, &status);
	if (may(&account, &status, 2))
		return true;
	g_autofree char *text = g_strdup_printf(
	    "Postfix's account %s cannot connect to %s, mode %03o; set socket_mode = 660, and let "
	    "its directory hand on the group of Postfix (chgrp %s, chmod g+s)",
	    user, path, (unsigned)(status.st_mode & 0777), user);
	return check_fault(what, text);
}

/* --- together ------------------------------------------------------------------------------- */

static bool refuse(const char *socket, const char *why)
{
	g_autofree char *text = g_strdup_printf("\"%s\": %s", socket, why);

	return check_fault(what, text);
}

static bool check_unix(const struct milter_settings *settings, const char *path,
		       const char *postfix_user)
{
	g_autofree char *dir = g_path_get_dirname(path);
	struct address address = {0};

	if (access(dir, W_OK | X_OK) != 0) {
		g_autofree char *why = g_strdup_printf("%s: %s", dir, g_strerror(errno));
		return refuse(settings->socket, why);
	}
	if (unix_address(path, &address) && who_listens(&address) == LISTENER_OTHER)
		return refuse(settings->socket, "another filter answers there; choose another");
	return check_rights(settings, path, postfix_user);
}

static bool check_inet(const struct milter_settings *settings)
{
	struct address address = {0};

	check_warning(what, "every account that can connect to this port can hand in mail as our "
			    "own MTA's, which may block; a unix socket has rights");
	if (!inet_address(settings->socket, &address))
		return refuse(settings->socket, "the host is not known");
	switch (who_listens(&address)) {
	case LISTENER_OURS:
		return true;
	case LISTENER_OTHER:
		return refuse(settings->socket,
			      "another program has this port; choose another, here and in Postfix");
	case LISTENER_NONE:
		break;
	}
	const char *why = bind_fault(&address);
	return why ? refuse(settings->socket, why) : true;
}

bool socket_check(const struct milter_settings *settings, const char *postfix_user)
{
	const char *path = unix_path(settings->socket);
	g_autofree char *fault = name_fault(settings->socket);

	if (fault)
		return refuse(settings->socket, fault);
	bool is_good = path ? check_unix(settings, path, postfix_user) : check_inet(settings);
	if (is_good)
		check_result(what, NULL, settings->socket);
	return is_good;
}
