/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a server of this machine is running.
 */
#ifndef MILTER_RUNNING_H
#define MILTER_RUNNING_H

#include <stdbool.h>

/* Whether the process that the first line of this file names is there, whoever it belongs to. */
bool running_by_pid_file(const char *path);

#endif
