/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a server of this machine is running.
 */
#ifndef BASE_PID_FILE_H
#define BASE_PID_FILE_H

#include <sys/types.h>

/* The process that the first line of this file names, if it is there, whoever it belongs to; 0 if
 * not. */
pid_t pid_file_process(const char *path);

#endif
