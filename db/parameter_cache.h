/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keeps a snapshot of the parameters up to date, by a thread that listens for
 * bounce_parameter. While the database is away the last values remain.
 */
#ifndef DB_PARAMETER_CACHE_H
#define DB_PARAMETER_CACHE_H

#include <stdbool.h>

#include <glib.h>

#include "db/parameters.h"

struct parameter_cache;

/* Reads the parameters once, then starts the thread. NULL with BM_ERROR_RETRY or
 * BM_ERROR_CONFIG as pg_query. */
struct parameter_cache *parameter_cache_new(const char *conninfo, GError **error)
    __attribute__((warn_unused_result));
/* Ends the thread. */
void parameter_cache_free(struct parameter_cache *cache);

/* The snapshot of now; release it with db_parameters_unref. */
struct db_parameters *parameter_cache_get(struct parameter_cache *cache);

/* Whether the parameters are up to date: false while the database is away. */
bool parameter_cache_is_current(struct parameter_cache *cache);

#endif
