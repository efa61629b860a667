/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Connects late, forgets early.
 */
#include "db/outbox/session.h"

enum { CONNECT_WAIT = 5 }; /* seconds */

struct db_session {
	char *conninfo;
	unsigned query_wait;
	PGconn *connection; /* NULL: not connected */
};

struct db_session *db_session_new(const char *conninfo, unsigned query_wait)
{
	struct db_session *session = g_new0(struct db_session, 1);

	session->conninfo = g_strdup(conninfo);
	session->query_wait = query_wait;
	return session;
}

void db_session_free(struct db_session *session)
{
	if (!session)
		return;
	g_clear_pointer(&session->connection, pg_close);
	g_free(session->conninfo);
	g_free(session);
}

static bool connect_session(struct db_session *session, GError **error)
{
	if (session->connection && pg_is_usable(session->connection))
		return true;
	g_clear_pointer(&session->connection, pg_close);
	g_autoptr(PGconn) fresh = pg_open(session->conninfo, CONNECT_WAIT, error);
	if (!fresh || !pg_limit_statements(fresh, session->query_wait, error))
		return false;
	session->connection = g_steal_pointer(&fresh);
	return true;
}

PGresult *db_session_ask(struct db_session *session, const char *statement, size_t count,
			 const struct pg_param *params, GError **error)
{
	if (!connect_session(session, error))
		return NULL;
	PGresult *result =
	    pg_query(session->connection, session->query_wait, statement, count, params, error);
	if (!result)
		g_clear_pointer(&session->connection, pg_close);
	return result;
}
