/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that gives the service manager a sign of life as long as the service does its
 * work. When it stops, the manager ends the process and starts a new one.
 */
#ifndef DAEMON_WATCHDOG_H
#define DAEMON_WATCHDOG_H

#include <stdbool.h>

struct watchdog_question {
	/* Whether the service still does its work; NULL: it always does. Called in the
	 * thread of the watchdog. */
	bool (*is_working)(void *service);
	void *service;
};

struct watchdog;

/* Three signs of life within the time that the manager grants. NULL where it expects
 * none. question is copied. */
struct watchdog *watchdog_start(const struct watchdog_question *question);
void watchdog_stop(struct watchdog *watchdog); /* NULL does nothing */

#endif
