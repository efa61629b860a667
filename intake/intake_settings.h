/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The settings of every program that takes in reports: how many connections it may have
 * to the database, and how much of a message it reads.
 */
#ifndef INTAKE_INTAKE_SETTINGS_H
#define INTAKE_INTAKE_SETTINGS_H

#include <stdbool.h>

#include "base/config.h"
#include "classifier/text/limits.h"
#include "daemon/daemon_settings.h"
#include "db/pool.h"

struct intake_settings {
	long pool_size;
	long pool_wait; /* seconds */
	long message_bytes_max;
};

/* Its keys, as one section of a program's file. */
struct config_section intake_settings_section(struct intake_settings *settings);

/* The limits in force: the only way from a configuration to them. */
struct limits intake_settings_limits(const struct intake_settings *settings);

/* A pool as the settings describe it; opens nothing yet. Free with db_pool_free. */
struct db_pool *intake_settings_pool(const struct daemon_settings *common,
				     const struct intake_settings *settings);

/* Whether that pool still works: no connection is in use for longer than a query may take. */
bool intake_settings_pool_works(const struct daemon_settings *common, struct db_pool *pool);

#endif
