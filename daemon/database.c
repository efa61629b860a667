/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tries again with growing delays.
 */
#include "daemon/database.h"

#include "base/error.h"
#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "db/schema/migrate.h"

enum { DELAY_MAX = 30 }; /* seconds between two tries */

static bool try_once(const struct database_wait *wait, GError **error)
{
	return db_schema_require(wait->conninfo, error) && wait->connect(wait->context, error);
}

enum database_state database_wait(const struct database_wait *wait, GError **error)
{
	for (unsigned delay = 1;; delay = MIN(delay * 2, DELAY_MAX)) {
		g_autoptr(GError) cause = NULL;

		if (try_once(wait, &cause)) {
			log_event(LOG_LEVEL_INFO, "", "the database answers");
			process_background_ready(wait->ready_fd);
			return DATABASE_READY;
		}
		if (!bm_error_is_temporary(cause)) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return DATABASE_REFUSED;
		}
		log_event(LOG_LEVEL_WARNING, "", "waiting for the database, next try in %u s: %s",
			  delay, cause->message);
		process_background_ready(wait->ready_fd);
		notify_ready("waiting for the database");
		if (wait->pause(wait->pause_context, delay))
			return DATABASE_STOPPED;
	}
}
