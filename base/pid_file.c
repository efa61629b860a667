/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A server that has ended may leave its pid file.
 */
#include "base/pid_file.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include <glib.h>

pid_t pid_file_process(const char *path)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	gint64 pid = g_ascii_strtoll(text, NULL, 10);
	bool is_there = pid > 0 && pid <= G_MAXINT && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
	return is_there ? (pid_t)pid : 0;
}
