/* SPDX-License-Identifier: BSD-2-Clause
 *
 * CREATE DATABASE takes no parameters, so its name is quoted here.
 */
#include "db/schema/create.h"

#include <string.h>

#include "base/error.h"
#include "db/conninfo.h"
#include "db/pg.h"
#include "db/schema/rights.h"

enum { CONNECT_WAIT = 10, QUERY_WAIT = 60 }; /* seconds */

static const char maintenance_database[] = "postgres";

static const char exists_statement[] = "SELECT FROM pg_database WHERE datname = $1";

static const char login_roles_script[] =
    "DO $$ DECLARE login record; BEGIN"
    " FOR login IN SELECT * FROM (VALUES " RIGHTS_ACCOUNTS ") AS v (account, group_role) LOOP"
    "  IF to_regrole(login.account) IS NULL THEN"
    "   EXECUTE format('CREATE ROLE %I LOGIN', login.account);"
    "  END IF;"
    "  EXECUTE format('GRANT %I TO %I', login.group_role, login.account);"
    " END LOOP; END $$";

/* The same server, but its database "postgres"; *name_out is the database that was named.
 * Both on the heap. */
static char *maintenance_conninfo(const char *conninfo, char **name_out, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &message);

	if (!options) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "conninfo: %s",
			    message ? message : "cannot be read");
		PQfreemem(message);
		return NULL;
	}
	*name_out = NULL;
	for (const PQconninfoOption *option = options; option->keyword; option++) {
		if (!option->val)
			continue;
		if (strcmp(option->keyword, "dbname") == 0)
			*name_out = g_strdup(option->val);
		else
			conninfo_append(out, option->keyword, option->val);
	}
	PQconninfoFree(options);
	if (!*name_out)
		*name_out = g_strdup(g_getenv("PGDATABASE"));
	conninfo_append(out, "dbname", maintenance_database);
	return g_strdup(out->str);
}

static bool create_unless_there(PGconn *connection, const char *name, GError **error)
{
	const struct pg_param parameters[] = {PG_TEXT(name)};
	g_autoptr(PGresult) found =
	    pg_query(connection, QUERY_WAIT, exists_statement, 1, parameters, error);

	if (!found || PQntuples(found) > 0)
		return found;
	char *quoted = PQescapeIdentifier(connection, name, strlen(name));
	if (!quoted) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "the database's name: %s",
			    PQerrorMessage(connection));
		return false;
	}
	g_autofree char *statement =
	    g_strdup_printf("CREATE DATABASE %s ENCODING 'UTF8' TEMPLATE template0", quoted);
	PQfreemem(quoted);
	g_autoptr(PGresult) created = pg_query(connection, QUERY_WAIT, statement, 0, NULL, error);
	return created;
}

bool db_create_database(const char *conninfo, GError **error)
{
	g_autofree char *name = NULL;
	g_autofree char *maintenance = maintenance_conninfo(conninfo, &name, error);

	if (!maintenance)
		return false;
	if (!name) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "conninfo names no database");
		return false;
	}
	g_autoptr(PGconn) connection = pg_open(maintenance, CONNECT_WAIT, error);
	return connection && create_unless_there(connection, name, error);
}

bool db_create_login_roles(const char *conninfo, GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);

	return connection && pg_script(connection, login_roles_script, error);
}
