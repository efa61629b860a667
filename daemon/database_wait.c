/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tries again with growing delays.
 */
#include "daemon/database_wait.h"

#include "base/error.h"
#include "base/log.h"
#include "daemon/sd_notify.h"
#include "db/schema/migrate.h"

enum { DELAY_MAX = 30 }; /* seconds between two tries */

static bool try_once(const struct database_wait *wait, GError **error)
{
	return db_schema_require(wait->conninfo, error) && wait->connect(wait->context, error);
}

/* The refusal of the last tries, and how many they were. */
struct refusal {
	char *text;
	unsigned tries;
};

/* At the first try, the second, the fourth: what needs a person may last, and is not to be lost
 * among its own repetitions. */
static bool is_worth_a_line(struct refusal *last, const char *text)
{
	if (g_strcmp0(last->text, text) != 0) {
		g_free(last->text);
		*last = (struct refusal){.text = g_strdup(text)};
	}
	last->tries++;
	return (last->tries & (last->tries - 1)) == 0;
}

static void log_failure(const GError *cause, unsigned delay, struct refusal *last)
{
	if (bm_error_is_temporary(cause))
		log_event(LOG_LEVEL_WARNING, "", "waiting for the database, next try in %u s: %s",
			  delay, cause->message);
	else if (is_worth_a_line(last, cause->message))
		log_event(LOG_LEVEL_ERROR, "",
			  "the database refuses us, which somebody has to mend: %s",
			  cause->message);
}

static void tell_manager(const struct database_wait *wait, const GError *cause)
{
	g_autofree char *status = g_strdup_printf("waiting for the database: %s", cause->message);

	if (wait->is_beside)
		sd_notify_status(status);
	else
		sd_notify_ready(status);
}

enum database_state database_wait(const struct database_wait *wait, GError **error)
{
	struct refusal last = {0};
	enum database_state state = DATABASE_STOPPED;

	for (unsigned delay = 1;; delay = MIN(delay * 2, DELAY_MAX)) {
		g_autoptr(GError) cause = NULL;

		if (try_once(wait, &cause)) {
			log_event(LOG_LEVEL_INFO, "", "the database answers");
			state = DATABASE_READY;
			break;
		}
		if (!wait->is_beside && !bm_error_is_temporary(cause)) {
			g_propagate_error(error, g_steal_pointer(&cause));
			state = DATABASE_REFUSED;
			break;
		}
		log_failure(cause, delay, &last);
		tell_manager(wait, cause);
		if (wait->pause(wait->pause_context, delay))
			break;
	}
	g_free(last.text);
	return state;
}
