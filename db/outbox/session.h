/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection for one thread, made when it is needed and again after a fault. For use inside
 * this room only.
 */
#ifndef DB_OUTBOX_SESSION_H
#define DB_OUTBOX_SESSION_H

#include "db/pg.h"

struct db_session;

/* Copies conninfo; opens nothing yet. */
struct db_session *db_session_new(const char *conninfo, unsigned query_wait);
void db_session_free(struct db_session *session);

/* As pg_query. After a failure the next one begins on a new connection: it may be another host's.
 */
PGresult *db_session_ask(struct db_session *session, const char *statement, size_t count,
			 const struct pg_param *params, GError **error)
    __attribute__((warn_unused_result));

#endif
