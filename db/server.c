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

/* Their names are those that bounce_internal.make_month() gives, in UTC as there. */
static const char months_statement[] =
    "SELECT count(*) FROM pg_catalog.pg_partitioned_table AS p"
    " JOIN pg_catalog.pg_class AS c ON c.oid = p.partrelid"
    " CROSS JOIN generate_series(0, 1) AS i "
    "WHERE c.relnamespace = 'bounce'::regnamespace"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS m"
    " WHERE m.relnamespace = c.relnamespace AND m.relname = c.relname || '_'"
    " || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i),"
    " 'YYYYMM'))";

static const char frail_statement[] =
    "SELECT count(*) FROM pg_catalog.pg_settings "
    "WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";

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

static bool ask_server(const char *conninfo, const char *statement, gint64 *number_out,
		       GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);

	return ask_number(connection, statement, number_out, error);
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
	return ask_server(conninfo, room_statement, connections_out, error);
}

bool server_missing_months(const char *conninfo, gint64 *partitions_out, GError **error)
{
	return ask_server(conninfo, months_statement, partitions_out, error);
}

bool server_frail_settings(const char *conninfo, gint64 *settings_out, GError **error)
{
	return ask_server(conninfo, frail_statement, settings_out, error);
}
