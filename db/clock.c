/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database is asked once; its time lies between those of ours before and after.
 */
#include "db/clock.h"

#include "db/pg.h"

enum { CONNECT_WAIT = 5, QUERY_WAIT = 5 }; /* seconds */

static const char clock_statement[] = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint";

static gint64 seconds_now(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

bool clock_lead(const char *conninfo, gint64 *seconds_out, GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);
	gint64 before = seconds_now();
	g_autoptr(PGresult) result =
	    connection ? pg_query(connection, QUERY_WAIT, clock_statement, 0, NULL, error) : NULL;
	gint64 after = seconds_now();

	if (!result)
		return false;
	gint64 there = g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	*seconds_out = there > after ? there - after : there < before ? there - before : 0;
	return true;
}
