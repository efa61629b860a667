/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a daemon tells the service manager that started it: sd_notify(3), spoken without
 * a library. Without NOTIFY_SOCKET in the environment nothing is said. Safe in any thread.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <glib.h>

/* The start is over: the service serves, or waits for something that may take long. Whoever sent
 * us to the background hears of it as well. status is for people. May be called again when the
 * status has changed. */
void notify_ready(const char *status);
/* What people should know, whether the start is over or not. */
void notify_status(const char *status);
/* Followed by notify_ready once the reload is over. */
void notify_reloading(void);
void notify_stopping(void);
/* A sign of life, for the watchdog. */
void notify_alive(void);
/* Microseconds within which a sign of life is expected; 0: it is not. */
guint64 notify_watchdog_interval(void);

#endif
