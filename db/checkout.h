/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Taking a connection out of the pool and giving it back. For use inside db/ only.
 */
#ifndef DB_CHECKOUT_H
#define DB_CHECKOUT_H

#include "db/pg.h"
#include "db/pool.h"

/* A standing connection for this thread alone. NULL with BM_ERROR_RETRY when
 * none became free in time or the server cannot be reached, BM_ERROR_CONFIG
 * when it refuses us. Give it back with db_lease_end. */
PGconn *db_lease_begin(struct db_pool *pool, GError **error) __attribute__((warn_unused_result));
/* Takes the connection; one that is broken or in the middle of something is closed. */
void db_lease_end(struct db_pool *pool, PGconn *connection);

unsigned db_pool_query_wait(const struct db_pool *pool);

#endif
