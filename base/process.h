/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What makes a process a daemon: identity, pid file, background, signals.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>

#include <glib.h>

/* As root, becomes that account for good; an empty name is then refused. Not as
 * root, does nothing unless the name is another account's. BM_ERROR_CONFIG. */
bool process_drop_privileges(const char *user, GError **error) __attribute__((warn_unused_result));

/* Creates and locks the pid file; "" is none. The file is locked as long as
 * the process lives: a second daemon is refused with BM_ERROR_CONFIG, a stale
 * file is taken over. *fd_out is for process_pid_file_close. */
bool process_pid_file_open(const char *path, int *fd_out, GError **error)
    __attribute__((warn_unused_result));
void process_pid_file_close(const char *path, int fd);

/* Goes to the background. The parent waits until the child calls
 * process_background_ready or ends, and exits with 0 or the child's status. */
bool process_background(int *ready_fd_out, GError **error) __attribute__((warn_unused_result));
void process_background_ready(int *ready_fd); /* sets it to -1; -1 does nothing */

/* Blocks the signals that are waited for, before any thread exists; SIGPIPE is ignored. */
void process_block_signals(void);
/* Waits that long for SIGTERM, SIGINT or SIGHUP. True if one came: stop. */
bool process_wait_for_stop(unsigned seconds);

enum process_wish {
	PROCESS_STOP,
	PROCESS_RELOAD, /* SIGUSR1 */
};

/* Waits for one of these signals or for SIGUSR1. */
enum process_wish process_wait_for_wish(void);

#endif
