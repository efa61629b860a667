/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that waits for the database while the service is served without it.
 */
#ifndef DAEMON_CONNECTOR_H
#define DAEMON_CONNECTOR_H

#include <stdbool.h>

#include <glib.h>

#include "daemon/database.h"

struct connector;

/* wait is copied, without its pause. A database that refuses us is asked again and again: the
 * service goes on with what it knows, and somebody may mend it. */
struct connector *connector_start(const struct database_wait *wait);

/* False: a try lasts, what it uses must stay, and the process must end. */
bool connector_stop(struct connector *connector);

#endif
