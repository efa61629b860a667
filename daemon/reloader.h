/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that waits for SIGUSR1 and calls back. A thread of its own, because the main
 * one may be inside a library that waits for its own signals.
 */
#ifndef DAEMON_RELOADER_H
#define DAEMON_RELOADER_H

typedef void reloader_function(void *context);

struct reloader;

/* unix_process_block_signals must have been called. A SIGUSR1 that came since then counts. */
struct reloader *reloader_start(reloader_function *reload, void *context);
/* Waits for a reload that is running. */
void reloader_stop(struct reloader *reloader);

#endif
