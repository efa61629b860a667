/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Changing triggers and views one after another holds some of them and waits for the next, as a
 * transaction of an application does that reads a view and then writes a table: PostgreSQL ends one
 * of the two. So all is locked before anything is changed, and a wait that is not over at once
 * gives all of it back and begins anew, long before PostgreSQL looks for a deadlock.
 */
#include "db/schema/schema_lock.h"

#include "base/error.h"

enum {
	PAUSE_MAX = G_USEC_PER_SEC,
	TELL_EVERY = 60, /* tries, of half a second or so */
};

/* ALTER VIEW with the owner that it has is the one change that locks a view and not the tables
 * below it. The savepoint is released, since sql/leftovers.sql knows what is new by the number of
 * the transaction. */
static const char try_statement[] =
    "SAVEPOINT relations; SET LOCAL lock_timeout = '100ms'; "
    "DO $$ "
    "DECLARE"
    "  views CONSTANT text :="
    "    (SELECT string_agg(format('ALTER VIEW %s OWNER TO %I', c.oid::regclass,"
    "                              pg_get_userbyid(c.relowner)), ';' ORDER BY c.oid)"
    "     FROM pg_catalog.pg_class AS c"
    "     WHERE c.relkind = 'v' AND c.relnamespace = 'bounce'::regnamespace);"
    "  tables CONSTANT text :="
    "    (SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid)"
    "     FROM pg_catalog.pg_class AS c"
    "     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
    "       AND c.relnamespace = 'bounce'::regnamespace); "
    "BEGIN"
    "  EXECUTE views;"
    "  EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE'; "
    "END $$; "
    "SET LOCAL lock_timeout TO DEFAULT; RELEASE relations";

static const char give_back_statement[] = "ROLLBACK TO relations; RELEASE relations";

bool schema_lock_take(PGconn *connection, schema_lock_waiting *waiting, GError **error)
{
	for (unsigned tries = 0;; tries++) {
		g_autoptr(GError) cause = NULL;

		if (pg_script(connection, try_statement, &cause))
			return true;
		if (cause->code != BM_ERROR_RETRY ||
		    !pg_script(connection, give_back_statement, NULL)) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return false;
		}
		if (tries % TELL_EVERY == 0)
			waiting();
		g_usleep((gulong)g_random_int_range(0, PAUSE_MAX));
	}
}
