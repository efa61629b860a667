/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rights weighed as the kernel does it, with the groups of the account.
 */
#include "milter/socket_rights.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GROUPS_MAX = 64 };

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

char *socket_rights_fault(const struct milter_settings *settings, const char *path,
			  const struct socket_client *client)
{
	const char *user = client->account;
	struct account account;
	struct stat status;

	if (!find_account(user, &account))
		return NULL;
	g_autofree char *closed = closed_directory(&account, path);
	if (closed)
		return g_strdup_printf(
		    "%s's account %s cannot enter %s; give that directory the group of "
		    "%s: install -d -o ACCOUNT -g %s -m 2750",
		    client->mta, user, closed, client->mta, user);
	expected_status(settings, path, &status);
	if (may(&account, &status, 2))
		return NULL;
	return g_strdup_printf(
	    "%s's account %s cannot connect to %s, mode %03o; set socket_mode = 660, and let "
	    "its directory hand on the group of %s (chgrp %s, chmod g+s)",
	    client->mta, user, path, (unsigned)(status.st_mode & 0777), client->mta, user);
}
