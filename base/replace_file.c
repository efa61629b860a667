/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Not durable: what is written is written again soon.
 */
#include "base/replace_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"

bool replace_file(const char *path, const GString *text, int mode, GError **error)
{
	g_autofree char *fresh = g_strdup_printf("%s.XXXXXX", path);
	int fd = g_mkstemp(fresh);
	bool is_written = fd >= 0 && write(fd, text->str, text->len) == (ssize_t)text->len &&
			  fchmod(fd, (mode_t)mode) == 0;

	if (fd >= 0 && close(fd) != 0)
		is_written = false;
	if (is_written && g_rename(fresh, path) == 0)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s", path, g_strerror(errno));
	if (fd >= 0)
		g_unlink(fresh);
	return false;
}
