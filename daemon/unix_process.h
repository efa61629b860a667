/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What makes a process a daemon: identity, pid file, background, signals.
 */
#ifndef DAEMON_UNIX_PROCESS_H
#define DAEMON_UNIX_PROCESS_H

#include <stdbool.h>

#include <glib.h>

/* As root, becomes that account for good; an empty name is then refused. Not as root,
 * another account's name is refused. BM_ERROR_CONFIG. */
bool unix_process_drop_privileges(const char *user, GError **error)
    __attribute__((warn_unused_result));

/* Creates and locks the pid file; "" is none. The lock lasts as long as the process: a
 * predecessor has ten seconds to end, then a second daemon is refused with BM_ERROR_CONFIG;
 * a stale file is taken over. *fd_out is for unix_process_pid_file_close. */
bool unix_process_pid_file_open(const char *path, int *fd_out, GError **error)
    __attribute__((warn_unused_result));
void unix_process_pid_file_close(const char *path, int fd);

/* Goes to the background. The parent waits until the child calls
 * unix_process_background_ready or ends, and exits with 0 or the child's status. */
bool unix_process_background(GError **error) __attribute__((warn_unused_result));
void unix_process_background_ready(void); /* again, or in the foreground, it does nothing */

/* libpq looks for passwords and certificates under HOME, which is root's
 * own after dropping privileges. To be called before the first thread. */
void unix_process_set_home(void);

/* As many open files as the hard limit allows: each session of the MTA is one. */
void unix_process_raise_descriptor_limit(void);

/* Blocks the signals that are waited for, SIGUSR1 and SIGHUP included; SIGPIPE is
 * ignored. To be called before the first thread. */
void unix_process_block_signals(void);
/* From now on SIGHUP is the same as SIGUSR1. For the main thread alone, when the others
 * run: the kernel prefers it, and so libmilter, which would stop, never sees a SIGHUP. */
void unix_process_take_hangups(void);
/* Waits that long for SIGTERM or SIGINT. True if one came. */
bool unix_process_wait_for_stop(unsigned seconds);
/* Waits until one of them comes. */
void unix_process_wait_until_stop(void);

#endif
