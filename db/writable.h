/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the server of a connection takes writes: a leader that was demoted, or a standby
 * that was reached in its place, goes on answering and refuses all that we are here for.
 * For use inside db/ only.
 */
#ifndef DB_WRITABLE_H
#define DB_WRITABLE_H

#include <stdbool.h>

typedef struct pg_conn PGconn; /* of libpq; db/pg.h uses this module */

/* Called once for each new connection. */
void writable_watch(PGconn *connection);

/* A write was refused here because the server is read-only: it stays so for writable_is_denied. */
void writable_deny(PGconn *connection);
bool writable_is_denied(const PGconn *connection);

/* Whether the server itself says that it is read-only: in recovery, or by
 * default_transaction_read_only (PostgreSQL 14 and later, with every answer). */
bool writable_is_read_only(const PGconn *connection);

#endif
