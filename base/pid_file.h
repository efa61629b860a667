/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a server of this machine is running.
 */
#ifndef BASE_PID_FILE_H
#define BASE_PID_FILE_H

#include <stdbool.h>

/* Whether the process that the first line of this file names is there, whoever it belongs to. */
bool pid_file_has_process(const char *path);

#endif
