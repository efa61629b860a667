/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of taking in reports, and what follows from them.
 */
#include "intake/intake_settings.h"

enum { USE_SLACK = 30 }; /* seconds beside the queries for which a connection may be in use */

static const struct config_key keys[] = {
    CONFIG_NUMBER_KEY(intake_settings, pool_size, CONFIG_INTEGER, "4", 1, 100,
		      "database connections"),
    CONFIG_NUMBER_KEY(intake_settings, pool_wait, CONFIG_INTEGER, "5", 0, 300,
		      "seconds to wait for a free connection"),
    CONFIG_NUMBER_KEY(intake_settings, message_bytes_max, CONFIG_INTEGER, "1048576", 65536,
		      67108864, "bytes of a message that are read"),
};

struct config_section intake_settings_section(struct intake_settings *settings)
{
	return (struct config_section){keys, G_N_ELEMENTS(keys), settings};
}

struct limits intake_settings_limits(const struct intake_settings *settings)
{
	struct limits limits = limits_default;

	limits.message_bytes = (size_t)settings->message_bytes_max;
	return limits;
}

struct db_pool *intake_settings_pool(const struct daemon_settings *common,
				     const struct intake_settings *settings)
{
	const struct db_pool_options options = {.conninfo = common->conninfo,
						.size = (unsigned)settings->pool_size,
						.pool_wait = (unsigned)settings->pool_wait,
						.query_wait = (unsigned)common->query_wait};

	return db_pool_new(&options);
}

/* No query may take as long as this, with connecting before it and a second try. */
bool intake_settings_pool_works(const struct daemon_settings *common, struct db_pool *pool)
{
	gint64 limit = 2 * common->query_wait + USE_SLACK;

	return db_pool_longest_use(pool) < limit * G_USEC_PER_SEC;
}
