/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Takes a connection out of the pool and gives it back. For use inside db/ only.
 */
#ifndef DB_CHECKOUT_H
#define DB_CHECKOUT_H

#include "db/pg.h"

struct db_pool;

/* A connection for this thread alone. NULL with BM_ERROR_RETRY when none became free in
 * time or the server cannot be reached, BM_ERROR_CONFIG when it refuses us. Give it back
 * with checkout_end. */
PGconn *checkout_begin(struct db_pool *pool, GError **error) __attribute__((warn_unused_result));
/* Takes the connection. One that is not usable any more (pg.h) is closed, and so are those that
 * are idle: the next is a new one, to the host that takes writes by then. */
void checkout_end(struct db_pool *pool, PGconn *connection);

/* A pool of that one connection, which it takes and never makes anew: once it is lost,
 * checkout_begin fails with BM_ERROR_CONFIG. */
struct db_pool *checkout_adopt(PGconn *connection, unsigned query_wait);

/* Seconds to wait for an answer, as the pool was told. */
unsigned checkout_query_wait(const struct db_pool *pool);

#endif
