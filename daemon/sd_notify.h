/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a daemon tells the service manager that started it: sd_notify(3), spoken without
 * a library. Without NOTIFY_SOCKET in the environment nothing is said. Safe in any thread.
 */
#ifndef DAEMON_SD_NOTIFY_H
#define DAEMON_SD_NOTIFY_H

#include <glib.h>

/* The start is over: the service serves, or waits for something that may take long. Whoever sent
 * us to the background hears of it as well. status is for people. May be called again when the
 * status has changed. */
void sd_notify_ready(const char *status);
/* What people should know, whether the start is over or not. */
void sd_notify_status(const char *status);
/* Followed by sd_notify_ready once the reload is over. */
void sd_notify_reloading(void);
void sd_notify_stopping(void);
/* A sign of life, for the watchdog. */
void sd_notify_alive(void);
/* Microseconds within which a sign of life is expected; 0: it is not. */
guint64 sd_notify_watchdog_interval(void);

#endif
