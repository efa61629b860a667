/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection to PostgreSQL. The only header that includes libpq, and
 * pg.c is the only file that knows SQLSTATE. For use inside db/ only.
 */
#ifndef DB_PG_H
#define DB_PG_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>
#include <libpq-fe.h>

struct pg_param {
	const char *value; /* NULL is SQL NULL */
	size_t length;     /* of a binary value */
	bool is_binary;    /* bytea as it is; text otherwise */
};

#define PG_TEXT(v)     ((struct pg_param){.value = (v)})
#define PG_BYTES(v, n) ((struct pg_param){.value = (v), .length = (n), .is_binary = true})

/* Connects, waiting at most wait_seconds for each host, and as long again to learn why it was
 * refused. NULL with BM_ERROR_RETRY when the server cannot be reached or will take us later
 * (starting up, too many connections), BM_ERROR_CONFIG when it refuses us. */
PGconn *pg_open(const char *conninfo, unsigned wait_seconds, GError **error)
    __attribute__((warn_unused_result));

/* Lets the server end a statement of this connection (BM_ERROR_RETRY) a little before we would
 * stop waiting for it, and a wait for a lock before that. Whatever the role or the database has for
 * a default: each statement sees what others have committed, since who locks a row reads it
 * afterwards; a connection that has nothing to do is kept; and what was committed survives a crash,
 * since mail is answered for. Errors as pg_query. */
bool pg_limit_statements(PGconn *connection, unsigned wait_seconds, GError **error)
    __attribute__((warn_unused_result));

/* The same for the time of a statement alone, from now on. */
bool pg_limit_time(PGconn *connection, unsigned wait_seconds, GError **error);

/* Lets the server notice within a second, in the middle of a statement, that its client is gone,
 * and undo it; otherwise it goes on to its COMMIT. Some systems have no way to notice: there
 * nothing changes. */
void pg_watch_client(PGconn *connection, unsigned wait_seconds);

/* Closes, and cancels what still runs. */
void pg_close(PGconn *connection);

/* Whether another statement may be run here: the connection stands, no transaction is open, and
 * no write was refused because the server is read-only. One that is not usable is to be closed:
 * another host may be the leader by now. */
bool pg_is_usable(const PGconn *connection);

/* Whether an idle connection is usable and still stands, as far as its socket tells. */
bool pg_is_alive(PGconn *connection);

/* Runs one statement in its own transaction and waits at most wait_seconds for
 * the server to say that it is ready again, that is: for the end of the COMMIT,
 * which in the extended protocol comes after the result. NULL with
 *   BM_ERROR_RETRY      rolled back: lock, shutdown, resources, a server that is read-only
 *   BM_ERROR_UNCERTAIN  connection lost or time over: it may have been committed
 *   BM_ERROR_INPUT      the values cannot be stored (class 22, 23)
 *   BM_ERROR_CONFIG     anything else: schema, rights
 * After BM_ERROR_UNCERTAIN the connection must be closed. */
PGresult *pg_query(PGconn *connection, unsigned wait_seconds, const char *statement,
		   size_t param_count, const struct pg_param *params, GError **error)
    __attribute__((warn_unused_result));

/* The same for a statement that is run often: prepared on this connection when it is run there for
 * the first time, and not any more once that was of no use (a pooler, a change of the schema).
 * statement is a constant, and so is its name. */
PGresult *pg_query_prepared(PGconn *connection, unsigned wait_seconds, const char *name,
			    const char *statement, size_t param_count,
			    const struct pg_param *params, GError **error)
    __attribute__((warn_unused_result));

/* The same for a statement that is run often, in steps: prepared once for this
 * connection, sent without waiting, and its result received. Errors as pg_query; close
 * the connection after BM_ERROR_CONFIG as well: the schema may have changed under the
 * plan. */
bool pg_prepare(PGconn *connection, unsigned wait_seconds, const char *name, const char *statement,
		GError **error) __attribute__((warn_unused_result));
bool pg_send_prepared(PGconn *connection, const char *name, size_t param_count,
		      const struct pg_param *params, GError **error)
    __attribute__((warn_unused_result));
PGresult *pg_receive(PGconn *connection, unsigned wait_seconds, GError **error)
    __attribute__((warn_unused_result));

/* Runs a script of several statements, for migrations. Errors as pg_query. */
bool pg_script(PGconn *connection, const char *script, GError **error)
    __attribute__((warn_unused_result));

/* A message of such an error for a person who called us: what the database said,
 * without its code, and in a second line what to do, where that is known. Heap. */
char *pg_error_for_people(const char *text);
/* Whether such a message says that the account has no right to it. */
bool pg_error_is_denied(const char *text);
/* Whether the statement took longer than pg_limit_time() allows. */
bool pg_error_is_late(const char *text);

/* The value of a column by name; "" for NULL or an unknown column. */
const char *pg_value(const PGresult *result, int row, const char *column);
bool pg_value_is_true(const PGresult *result, int row, const char *column);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGconn, PQfinish)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGresult, PQclear)

#endif
