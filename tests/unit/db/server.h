/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The PostgreSQL of the unit tests; tests/check.pl has set PGHOST and the rest.
 */
#ifndef TESTS_UNIT_DB_SERVER_H
#define TESTS_UNIT_DB_SERVER_H

#include <stdbool.h>

#include "db/pg.h"

/* The test fails if there is no connection. */
static inline PGconn *server_connect(const char *conninfo)
{
	g_autoptr(GError) error = NULL;
	PGconn *connection = pg_open(conninfo, 5, &error);

	g_assert_no_error(error);
	return connection;
}

/* The test fails if one of the statements does. */
static inline void server_run(PGconn *connection, const char *script)
{
	g_autoptr(GError) error = NULL;
	bool ran = pg_script(connection, script, &error);

	g_assert_no_error(error);
	g_assert_true(ran);
}

#endif
