/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading and wiping.
 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* The name of the account that we are, for chown; heap. */
static char *account(void)
{
	char bytes[4096];
	struct passwd entry;
	struct passwd *found = NULL;

	if (getpwuid_r(geteuid(), &entry, bytes, sizeof bytes, &found) == 0 && found)
		return g_strdup(found->pw_name);
	return g_strdup_printf("%u", (unsigned)geteuid());
}

/* What to do about a file that cannot be opened; "": the cause says it. Heap. */
static char *advice(const char *path, const GError *cause)
{
	struct stat status;
	g_autofree char *who = account();

	if (!g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_ACCES))
		return g_strdup("");
	if (stat(path, &status) == 0)
		return g_strdup_printf("; chown %s %s", who, path);
	return g_strdup_printf("; %s must be able to look into its folder", who);
}

char *secret_read(const char *path, const char *key, GError **error)
{
	char *text = NULL;
	g_autoptr(GError) cause = NULL;

	if (!g_file_get_contents(path, &text, NULL, &cause)) {
		g_autofree char *remedy = advice(path, cause);

		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s%s", key, cause->message,
			    remedy);
		return NULL;
	}
	char *end = text + strcspn(text, "\r\n");
	explicit_bzero(end, strlen(end));
	return text;
}

void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

/* The owner stays the same, also where root checks a configuration. */
static bool write_secret(int fd, const char *path, const char *secret)
{
	struct stat status;
	size_t len = strlen(secret);

	if (stat(path, &status) == 0 && geteuid() == 0 &&
	    fchown(fd, status.st_uid, status.st_gid) != 0)
		return false;
	return write(fd, secret, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
}

bool secret_replace(const char *path, const char *secret, const char *key, GError **error)
{
	g_autofree char *fresh = g_strconcat(path, ".XXXXXX", NULL);
	int fd = g_mkstemp_full(fresh, O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);
	bool is_written = fd >= 0 && write_secret(fd, path, secret) && rename(fresh, path) == 0;
	int cause = errno;

	if (fd >= 0)
		close(fd);
	if (is_written)
		return true;
	if (fd >= 0)
		unlink(fresh);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: cannot replace %s: %s", key, path,
		    g_strerror(cause));
	return false;
}

/* With mode 600 only its owner reads it, so we have to be that one. */
char *secret_file_objection(const char *path, const char *key)
{
	struct stat status;

	if (*path == '\0' || stat(path, &status) != 0 ||
	    (status.st_mode & (S_IRWXO | S_IWGRP)) == 0)
		return NULL;
	g_autofree char *who = account();
	g_autofree char *remedy =
	    status.st_uid == geteuid()
		? g_strdup_printf("chmod 600 %s", path)
		: g_strdup_printf("chown %s %s and chmod 600 %s", who, path, path);
	return g_strdup_printf("%s: others may read or change %s (mode %03o): %s", key, path,
			       (unsigned)status.st_mode & 0777, remedy);
}
