/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading and wiping.
 */
#include "base/secret.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

char *secret_read(const char *path, const char *key, GError **error)
{
	char *text = NULL;
	g_autoptr(GError) cause = NULL;

	if (!g_file_get_contents(path, &text, NULL, &cause)) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s", key, cause->message);
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

char *secret_file_objection(const char *path, const char *key)
{
	struct stat status;

	if (*path == '\0' || stat(path, &status) != 0 ||
	    (status.st_mode & (S_IRWXO | S_IWGRP)) == 0)
		return NULL;
	return g_strdup_printf("%s: others may read or change %s (mode %03o): chmod 600", key, path,
			       (unsigned)status.st_mode & 0777);
}
