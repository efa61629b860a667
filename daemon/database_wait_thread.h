/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that waits for the database while the service is served without it.
 */
#ifndef DAEMON_DATABASE_WAIT_THREAD_H
#define DAEMON_DATABASE_WAIT_THREAD_H

#include <stdbool.h>

#include <glib.h>

#include "daemon/database_wait.h"

struct database_wait_thread;

/* wait is copied, without its pause. A database that refuses us is asked again and again: the
 * service goes on with what it knows, and somebody may mend it. */
struct database_wait_thread *database_wait_thread_start(const struct database_wait *wait);

/* False: a try lasts, what it uses must stay, and the process must end. */
bool database_wait_thread_stop(struct database_wait_thread *waiter);

#endif
