/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What libpq leaves open about one connection: whether it is of use, what is prepared on it, and
 * giving up a statement in bounded time. For use inside db/ only.
 */
#ifndef DB_PG_CONNECTION_H
#define DB_PG_CONNECTION_H

#include <stdbool.h>

typedef struct pg_conn PGconn; /* of libpq; db/pg.h uses this module */

/* Called once for each new connection. */
void pg_connection_watch(PGconn *connection);

/* A write was refused here because the server is read-only (a leader that was demoted, a standby):
 * it goes on answering, and refuses all that we are here for. pg_connection_is_denied from now on.
 */
void pg_connection_deny(PGconn *connection);
bool pg_connection_is_denied(const PGconn *connection);

/* A prepared statement was of no use here: the schema has changed under its plan, or a pooler gives
 * each transaction another server. Until then a connection may prepare. */
void pg_connection_forbid_preparing(PGconn *connection);
bool pg_connection_may_prepare(const PGconn *connection);

/* What is prepared on this connection. A statement is known by the address of its text. */
bool pg_connection_has_prepared(const PGconn *connection, const char *statement);
void pg_connection_note_prepared(PGconn *connection, const char *statement);

/* Any role may NOTIFY, as often as it likes and with 8 kB each, and libpq keeps all of it: so what
 * has come is gathered wherever an answer is waited for, and only that something came is kept.
 * pg_connection_take_notices: whether it did, since it was asked last. */
void pg_connection_gather_notices(PGconn *connection);
bool pg_connection_take_notices(PGconn *connection);

/* Whether the server itself says that it is read-only: in recovery, or by
 * default_transaction_read_only (PostgreSQL 14 and later, with every answer). */
bool pg_connection_is_read_only(const PGconn *connection);

/* Asks the server to end what still runs, and waits a moment for it to have heard. libpq alone
 * waits for as long as it takes: a host that vanished would keep the caller for minutes, one that
 * is frozen for ever. */
void pg_connection_cancel(PGconn *connection);

#endif
