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

/* wait is copied, without its pause. When the database refuses us for good, the process is
 * sent a SIGTERM. */
struct connector *connector_start(const struct database_wait *wait);

enum connector_end {
	CONNECTOR_ENDED,
	CONNECTOR_REFUSED, /* with the error of database_wait */
	CONNECTOR_STUCK,   /* a try lasts: what it uses must stay, and the process must end */
};

enum connector_end connector_stop(struct connector *connector, GError **error);

#endif
