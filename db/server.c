/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each is one question on a connection of its own. The clock's answer lies between our time before
 * it and after it.
 */
#include "db/server.h"

#include "db/pg.h"

enum { CONNECT_WAIT = 5, QUERY_WAIT = 5 }; /* seconds */

static const char clock_statement[] = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint";

/* -1 is no limit. */
static const char room_statement[] =
    "SELECT least(nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1),"
    " current_setting('max_connections')::integer"
    " - current_setting('superuser_reserved_connections')::integer) "
    "FROM pg_catalog.pg_roles AS r CROSS JOIN pg_catalog.pg_database AS d "
    "WHERE r.rolname = session_user AND d.datname = current_database()";

static gint64 seconds_now(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static bool ask_number(PGconn *connection, const char *statement, gint64 *number_out,
		       GError **error)
{
	g_autoptr(PGresult) result =
	    connection ? pg_query(connection, QUERY_WAIT, statement, 0, NULL, error) : NULL;

	if (!result)
		return false;
	*number_out = g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	return true;
}

bool server_clock_lead(const char *conninfo, gint64 *seconds_out, GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);
	gint64 before = seconds_now();
	gint64 there = 0;

	if (!ask_number(connection, clock_statement, &there, error))
		return false;
	gint64 after = seconds_now();
	*seconds_out = there > after ? there - after : there < before ? there - before : 0;
	return true;
}

bool server_room(const char *conninfo, gint64 *connections_out, GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);

	return ask_number(connection, room_statement, connections_out, error);
}
