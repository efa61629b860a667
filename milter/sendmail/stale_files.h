/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What was written and is not in force yet: Sendmail reads files that are made of those that people
 * write, and it reads its sendmail.cf when it starts.
 */
#ifndef MILTER_SENDMAIL_STALE_FILES_H
#define MILTER_SENDMAIL_STALE_FILES_H

#include <sys/types.h>

/* Prints a line of --check for each. cf: the path of a sendmail.cf; lines: those of the file;
 * pid: its process, 0 if it does not run. */
void stale_files_check(const char *cf, char *const *lines, pid_t pid);

#endif
