/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keeps a snapshot of the parameters up to date, by a thread that listens for
 * bounce_parameter. While the database is away, or read-only, the last values remain: news
 * comes from the leader alone. A file keeps them for the next start.
 */
#ifndef DB_PARAMETERS_PARAMETER_CACHE_H
#define DB_PARAMETERS_PARAMETER_CACHE_H

#include <stdbool.h>

#include <glib.h>

#include "db/parameters/parameters.h"

struct parameter_cache;

/* Asks no database: it knows what state_file says, "" for none. What is wrong with the file
 * is logged, and then nothing is known. */
struct parameter_cache *parameter_cache_new(const char *conninfo, const char *state_file);
/* Reads the parameters once, then starts the thread. Call it until it succeeds, and not
 * again. False with BM_ERROR_RETRY or BM_ERROR_CONFIG as pg_query. */
bool parameter_cache_connect(struct parameter_cache *cache, GError **error)
    __attribute__((warn_unused_result));
/* Ends the thread. */
void parameter_cache_free(struct parameter_cache *cache);

/* Whether there are values, of the database or of the file. */
bool parameter_cache_is_known(struct parameter_cache *cache);
/* Whether the database has answered since parameter_cache_new. */
bool parameter_cache_is_confirmed(struct parameter_cache *cache);

/* The snapshot of now; only once it is known. Release it with db_parameters_unref. */
struct db_parameters *parameter_cache_get(struct parameter_cache *cache);

/* Whether the parameters are up to date: false while the database is away. */
bool parameter_cache_is_current(struct parameter_cache *cache);

typedef struct parameter_cache parameter_cache_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(parameter_cache_t, parameter_cache_free)

#endif
